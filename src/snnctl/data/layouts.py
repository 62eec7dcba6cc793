"""The ways in which the files of a data set can lie in a folder: which files, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from snnctl.data.damage import damaged
from snnctl.data.dataset import Samples

if TYPE_CHECKING:
    import numpy as np

IDX_PREFIX = {"train": "train", "test": "t10k"}
IDX_SUFFIXES = ("-idx{n}-ubyte", "-idx{n}-ubyte.gz", ".idx{n}-ubyte", ".idx{n}-ubyte.gz")
Decoder = Callable[[bytes, Path], Samples]


class Layout(Protocol):
    """One way in which the files can lie in a folder."""

    @property
    def expects(self) -> str:
        """The file names looked for, for messages."""

    def find(self, folder: Path) -> Path | None:
        """What :meth:`read` needs, a folder or file, if all files are there; looks at names only."""

    def read(self, found: Path, split: str) -> Samples:
        """The samples of ``split``, in the data set's own shape.

        Raises:
            DataError: a file is damaged.
        """


@dataclass(frozen=True)
class IdxFiles:
    """MNIST's four files, each plain or gzip-compressed, in either spelling.

    Args:
        input_shape: shape of one sample, channels last.
    """

    input_shape: tuple[int, ...]

    @property
    def expects(self) -> str:
        """The file names looked for."""
        files = [f"{prefix}-{kind}" for prefix in IDX_PREFIX.values() for kind in ("images-idx3", "labels-idx1")]
        return ", ".join(f"{file}-ubyte" for file in files) + " (each also with .gz)"

    def find(self, folder: Path) -> Path | None:
        """``folder``, if it holds all four files."""
        needed = [(split, kind) for split in IDX_PREFIX for kind in ("images", "labels")]
        return folder if all(_idx_file(folder, *need) for need in needed) else None

    def read(self, found: Path, split: str) -> Samples:
        """The samples of ``split``."""
        images, labels = _idx_file(found, split, "images"), _idx_file(found, split, "labels")
        if images is None or labels is None:
            raise damaged(found, f"The {split} files have disappeared.")
        from snnctl.data.idx import read_idx  # NumPy takes a while

        return _paired(read_idx(images, 3), read_idx(labels, 1), self.input_shape, images)


@dataclass(frozen=True)
class NpzFile:
    """One file with the arrays of Keras' ``mnist.npz``.

    Args:
        name: its name.
        input_shape: shape of one sample, channels last.
    """

    name: str
    input_shape: tuple[int, ...]

    @property
    def expects(self) -> str:
        """The file name looked for."""
        return self.name

    def find(self, folder: Path) -> Path | None:
        """The file, if ``folder`` holds it."""
        return _file(folder / self.name)

    def read(self, found: Path, split: str) -> Samples:
        """The samples of ``split``."""
        from snnctl.data.npz import read_npz

        samples = read_npz(found, split)
        return _paired(samples.inputs, samples.labels, self.input_shape, found)


@dataclass(frozen=True)
class CifarBatches:
    """CIFAR's batches in their folder, or in the archive as downloaded.

    Args:
        folder: name of the folder.
        archive: name of the archive.
        batches: the batch files of each split.
        decode: turns one batch into samples.
    """

    folder: str
    archive: str
    batches: Mapping[str, tuple[str, ...]]
    decode: Decoder

    @property
    def expects(self) -> str:
        """The names looked for."""
        return f"{self.folder}/ or {self.archive}"

    def find(self, folder: Path) -> Path | None:
        """The folder of the batches (``folder`` itself, one in it, or where Keras unpacks it), else the archive."""
        for candidate in (folder / self.folder, folder / f"{self.folder}-target" / self.folder, folder):
            if all(_file(candidate / name) for names in self.batches.values() for name in names):
                return candidate
        return _file(folder / self.archive)

    def read(self, found: Path, split: str) -> Samples:
        """The samples of ``split``."""
        import numpy as np

        from snnctl.data.cifar import read_batches

        batches = read_batches(found, self.batches[split])
        parts = [self.decode(blob, found / name) for name, blob in batches.items()]
        return Samples(np.concatenate([part.inputs for part in parts]), np.concatenate([part.labels for part in parts]))


def decode_pickled(blob: bytes, source: Path, *, label_key: str) -> Samples:
    """See :func:`snnctl.data.cifar.decode_pickled`, which is imported when it is called."""
    from snnctl.data import cifar

    return cifar.decode_pickled(blob, source, label_key=label_key)


def decode_binary(blob: bytes, source: Path, *, label_bytes: int) -> Samples:
    """See :func:`snnctl.data.cifar.decode_binary`, which is imported when it is called."""
    from snnctl.data import cifar

    return cifar.decode_binary(blob, source, label_bytes=label_bytes)


def _file(path: Path) -> Path | None:
    # Not Path.is_file, which raises in folders that may not be entered.
    return path if os.path.isfile(path) else None


def _idx_file(folder: Path, split: str, kind: str) -> Path | None:
    dimensions = 3 if kind == "images" else 1
    names = (f"{IDX_PREFIX[split]}-{kind}{suffix.format(n=dimensions)}" for suffix in IDX_SUFFIXES)
    return next((path for name in names if (path := _file(folder / name))), None)


def _paired(images: np.ndarray, labels: np.ndarray, shape: tuple[int, ...], source: Path) -> Samples:
    if images.dtype.kind not in "iu":  # perhaps scaled already, and then it would be scaled again
        raise damaged(
            source,
            f"Its images are of type {images.dtype}; whole numbers are expected, as published (0 to 255, uint8).",
        )
    if images.shape[1:] not in (shape, shape[:-1]):
        raise damaged(source, f"Its images have shape {images.shape[1:]} instead of {shape[:-1]}.")
    if labels.shape != (len(images),):
        raise damaged(source, f"{len(images)} images come with labels of shape {labels.shape}.")
    return Samples(images.reshape(len(images), *shape), labels)
