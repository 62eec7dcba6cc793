"""The data set ``imagefolder``, without its options and with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np

from snnctl.data.stream import Stream
from snnctl.errors import DataError, UsageError
from snnctl.plugins import DataContext, Dataset, Samples
from snnctl_imagefolder.decoding import BACKGROUNDS, MODES, Decoder, UnreadableError, upright
from snnctl_imagefolder.geometry import Size, make_geometry, parse_size
from snnctl_imagefolder.reading import CHUNK, DecodedStream, Fault, Files, listed, unusable
from snnctl_imagefolder.scan import order, shown
from snnctl_imagefolder.tree import Part, Tree, read_tree

NAME = "imagefolder"


class ImageFolder(Dataset):
    """Images in folders named by their classes, such as ``train/<class>/*.jpg`` and ``test/<class>/*.jpg``.

    Shape and classes are those of the folder that the option ``root`` names; see :meth:`configured`.
    """

    name = NAME
    summary = "Your own images, in folders of classes: train/<class>/*.jpg|png"
    raw_range = (0.0, 255.0)
    licence = "that of your images"

    def configured(
        self,
        *,
        root: str,
        size: int | str | None = None,
        resize: Literal["auto", "none", "stretch", "shorter", "longer"] = "auto",
        crop: int | str | None = None,
        channels: int = 3,
        interpolation: Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] = "bilinear",
        background: Literal["black", "white"] = "black",
        holdout: float | None = None,
        classes: int | None = None,
        skip_corrupt: bool = False,
    ) -> Dataset:
        """The images below ``root``. Only names are looked at, and if no size is given, the first image.

        Args:
            root: the folder; has folders for the splits, or for the classes, or the images themselves.
            size: of the images, 64 or 48x64 (height x width); None: that of the first image.
            resize: how images get that size; "auto" is "shorter" if a size is given, else "none".
            crop: part in the middle that is kept after that, 56 or 48x56; None keeps all of ``size``.
            channels: 3, or 1 for grey.
            interpolation: how images are resized.
            background: what shows through where an image is transparent, or too small with "longer".
            holdout: part of the images that is for testing if there is no folder of test images; None: 0.2.
            classes: for images without labels: how many classes the network has. Subfolders are no classes then.
            skip_corrupt: whether images that cannot be read are left out, with a warning; else they are an error.

        Raises:
            UsageError: options that do not fit.
            DataError: no such folder, no images, or classes that are not clear.
        """
        if channels not in MODES:
            raise _refused("channels", f"{channels} channels are not possible.", "Give 3, or 1 for grey.")
        if classes is not None and classes < 1:
            raise _refused("classes", f"{classes} classes are not possible.", "Give the number the network has.")
        tree = read_tree(Path(os.path.expanduser(root)).absolute(), holdout, labelled=classes is None)
        target, kept = parse_size(size, "size"), parse_size(crop, "crop")
        way = ("none" if target is None else "shorter") if resize == "auto" else resize
        if target is None and (way != "none" or kept is None):
            target = first_size(tree)
        geometry = make_geometry(way, target, kept)
        return Folder(tree, Decoder(geometry, channels, interpolation, background), classes, skip_corrupt)

    def load(self, split: str, context: DataContext) -> Samples:
        """Not possible without a folder.

        Raises:
            UsageError: always.
        """
        raise _refused("root", "It is not said where the images are.", "Add --data-opt root=FOLDER.")

    def where(self, context: DataContext) -> str:
        """Wherever the option says."""
        return "--data-opt root=FOLDER"


class Folder(Dataset):
    """The images of one folder.

    Args:
        tree: the files and their classes.
        decoder: makes an array of a file.
        classes: number of classes of images without labels; None: those of ``tree``.
        skip_corrupt: whether images that cannot be read are left out.
    """

    name = NAME
    summary = ImageFolder.summary
    raw_range = ImageFolder.raw_range
    licence = ImageFolder.licence

    def __init__(self, tree: Tree, decoder: Decoder, classes: int | None, skip_corrupt: bool) -> None:
        self.input_shape = decoder.shape
        self.class_names = tuple(shown(name) for name in tree.classes)
        self.classes = classes or len(tree.classes) or 1
        self._tree, self._decoder, self._skip = tree, decoder, skip_corrupt
        self._told = False  # the notes are given once, not for each split

    def load(self, split: str, context: DataContext) -> Samples:
        """All images of a split, decoded once, straight into the array that is returned.

        Raises:
            DataError: there are none, or none have labels, or images cannot be used; names them.
        """
        part = self._part(split)
        if part.labels is None:
            raise DataError(
                "The images have no labels, as there are no folders of classes.",
                where=shown(str(self._tree.root)),
                todo="Without labels a network can be converted (`snnctl convert`), but neither trained nor measured.",
            )
        self._tell(context)
        files = self._files(part)
        inputs = np.empty((len(part.names), *self.input_shape), np.uint8)
        good = np.ones(len(part.names), bool)
        faults: list[Fault] = []
        row = 0
        with context.reporter.task(f"reading the {split} images", len(part.names)) as task:
            for results in files.decoded(CHUNK):
                for image in results:
                    if isinstance(image, Fault):
                        faults.append(image)
                        good[row] = False
                    else:
                        inputs[row - len(faults)] = image
                    row += 1
                task.advance(len(results))
        self._judge(faults, files, context)
        return Samples(inputs[: int(good.sum())], part.labels[good])

    def stream(self, split: str, context: DataContext) -> Stream:
        """The images of a split, decoded when they are asked for. Without labels if there are none.

        With ``skip_corrupt`` each is decoded once more beforehand, as only then it is known how many there are.

        Raises:
            DataError: there are none, or with ``skip_corrupt`` images of another size; names them.
        """
        part = self._part(split)
        self._tell(context)
        stream = DecodedStream(self._files(part), part.labels)
        if not self._skip:
            return stream
        with context.reporter.task(f"checking the {split} images", len(part.names)) as task:
            faults = self._files(part).check(task.advance)
        self._judge(faults, self._files(part), context)
        bad = {fault.name for fault in faults}
        return stream.select(np.array([row for row, name in enumerate(part.names) if name not in bad]))

    def where(self, context: DataContext) -> str:
        """The folder."""
        return shown(str(self._tree.root))

    def _part(self, split: str) -> Part:
        part = self._tree.parts.get(split)
        if part is None or not part.names:
            why = f"There is no folder {split} here" if part is None else f"No image is held out for {split}ing"
            raise DataError(
                f"{why}, so there are no images in the {split} split.",
                where=shown(str(self._tree.root)),
                todo="Put images there; if there is one folder for both splits, choose another --data-opt holdout.",
            )
        return part

    def _files(self, part: Part) -> Files:
        return Files(self._tree.root, part.names, self._decoder)

    def _tell(self, context: DataContext) -> None:
        if self._told:
            return
        for note in self._tree.notes:
            context.reporter.note(note)
        for warning in self._tree.warnings:
            context.reporter.warn(warning)
        self._told = True

    def _judge(self, faults: list[Fault], files: Files, context: DataContext) -> None:
        """Warn of images that are left out.

        Raises:
            DataError: they may not be.
        """
        if not faults:
            return
        images = len(files.names)
        if not self._skip or any(fault.misfit for fault in faults) or len(faults) == images:
            raise unusable(faults, images, files)
        where = shown(str(files.root))
        context.reporter.warn(
            f"{where}: {len(faults):,} of {images:,} images left out, as they cannot be read: {listed(faults)}"
        )


def first_size(tree: Tree) -> Size:
    """Height and width of the first image by name that can be read, training images first.

    Raises:
        DataError: there is none.
    """
    parts = [tree.parts[split].names for split in ("train", "test") if split in tree.parts]
    names = [name for part in parts for name in sorted(part, key=order)]
    for name in names:
        try:
            image = upright(tree.root / name, 3, BACKGROUNDS["black"])
        except UnreadableError:
            continue  # told with all others, when the images are read
        return image.height, image.width
    none = [Fault(name, "cannot be read", False) for name in names]
    raise DataError(
        f"None of the {len(names):,} images can be read: {listed(none)}.",
        where=shown(str(tree.root)),
        todo="Are they images? JPEG, PNG, BMP, GIF and WebP are read.",
    )


def _refused(option: str, what: str, todo: str) -> UsageError:
    return UsageError(what, where=f"data set {NAME}, option {option}", todo=todo)
