"""The data set ``imagefolder`` and its options; what reads images is imported when a folder is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from snnctl.errors import UsageError
from snnctl.plugins import DataContext, Dataset, Samples

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
        root: Path,
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
        from snnctl_imagefolder.decoding import MODES, Decoder
        from snnctl_imagefolder.folder import Folder, first_size
        from snnctl_imagefolder.geometry import make_geometry, parse_size
        from snnctl_imagefolder.tree import read_tree

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


def _refused(option: str, what: str, todo: str) -> UsageError:
    return UsageError(what, where=f"data set {NAME}, option {option}", todo=todo)
