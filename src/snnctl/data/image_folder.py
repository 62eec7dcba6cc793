"""The images in a folder: which files, in which order, and which class each belongs to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnctl.data.stream import Pair, Stream
from snnctl.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
Decode = Callable[[Path], np.ndarray]


@dataclass(frozen=True)
class ImageFiles:
    """Image files, sorted.

    Args:
        folder: where they lie.
        names: paths relative to it, sorted.
        classes: the subfolders, sorted, if every image lies in one; else ().
        others: how many files of other kinds lie among them.
    """

    folder: Path
    names: tuple[str, ...]
    classes: tuple[str, ...]
    others: int

    @property
    def labels(self) -> np.ndarray:
        """The number of each file's class, int64 (files,)."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return np.array([numbers[name.partition("/")[0]] for name in self.names], np.int64)


def find_images(folder: Path) -> ImageFiles:
    """The images in a folder and its subfolders; hidden files and folders are passed over.

    Raises:
        DataError: there are none, or the folder cannot be read.
    """
    names, others = [], 0
    for name in _files(folder):
        if name.lower().endswith(SUFFIXES):
            names.append(name)
        else:
            others += 1
    if not names:
        raise DataError(
            "There are no images in this folder.",
            where=str(folder),
            todo=f"Accepted: {', '.join(SUFFIXES)}, in the folder or in one subfolder per class.",
        )
    inside = all("/" in name for name in names)
    classes = sorted({name.partition("/")[0] for name in names}) if inside else []
    return ImageFiles(folder, tuple(sorted(names)), tuple(classes), others)


class ImageStream(Stream):
    """Images that are decoded batch by batch.

    Args:
        folder: where they lie.
        names: their paths in it, with "/".
        labels: the class of each, or None.
        shape: of one image, (height, width, channels).
        decode: gives an image of that shape, float32, 0 to 255.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], labels: np.ndarray | None, shape: tuple[int, ...], decode: Decode
    ) -> None:
        super().__init__((len(names), *shape), np.dtype(np.float32), labels is not None)
        self._folder, self._names, self._labels, self._decode = folder, names, labels, decode

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`.

        Raises:
            DataError: names the file that cannot be decoded.
        """
        with ThreadPoolExecutor() as pool:
            for start in range(0, len(self), size):
                files = [self._folder / name for name in self._names[start : start + size]]
                labels = None if self._labels is None else self._labels[start : start + size]
                yield np.stack(list(pool.map(self._decode, files))), labels

    def select(self, rows: np.ndarray) -> Stream:
        """The images at ``rows``; no others are decoded."""
        names = [self._names[row] for row in rows]
        labels = None if self._labels is None else self._labels[rows]
        return ImageStream(self._folder, names, labels, self.sample_shape, self._decode)

    def some(self, count: int) -> Stream:
        """Evenly spread, as the first files are often those of one class."""
        if len(self) <= count:
            return self
        return self.select(np.arange(count) * len(self) // count)

    def place(self, row: int) -> str:
        """The file."""
        return self._names[row]


def _files(folder: Path) -> Iterator[str]:
    """Relative paths, with "/"."""

    def refuse(error: OSError) -> None:
        raise DataError(f"The folder cannot be read: {error.strerror}.", where=str(error.filename)) from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.startswith("."):
                yield (Path(parent) / name).relative_to(folder).as_posix()
