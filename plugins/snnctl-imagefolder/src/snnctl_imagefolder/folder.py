"""The images of one folder as a data set."""

from __future__ import annotations

import numpy as np

from snnctl.data.stream import Stream
from snnctl.errors import DataError
from snnctl.plugins import DataContext, Dataset, Samples
from snnctl_imagefolder.dataset import NAME, ImageFolder
from snnctl_imagefolder.decoding import BACKGROUNDS, Decoder, UnreadableError, upright
from snnctl_imagefolder.geometry import Size
from snnctl_imagefolder.reading import CHUNK, DecodedStream, Fault, Files, listed, unusable
from snnctl_imagefolder.scan import order, shown
from snnctl_imagefolder.tree import Part, Tree


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
        self.sizes = {split: len(part.names) for split, part in tree.parts.items()}
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
