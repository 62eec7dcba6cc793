"""Images decoded batch by batch, and what is said of those that cannot be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnctl.data.stream import Pair, Stream
from snnctl.errors import DataError
from snnctl_imagefolder.decoding import Decoder, UnreadableError
from snnctl_imagefolder.geometry import MisfitError
from snnctl_imagefolder.scan import order, shown

CHUNK = 64  # files at a time, where nothing else says
NAMED = 5  # images in a message


@dataclass(frozen=True)
class Fault:
    """An image that cannot be used.

    Args:
        name: of the file, relative to the root.
        reason: one clause.
        misfit: whether it is sound, but of another size than it must be.
    """

    name: str
    reason: str
    misfit: bool


@dataclass(frozen=True)
class Files:
    """Image files, and how they are decoded.

    Args:
        root: the folder.
        names: paths in it, with "/".
        decoder: makes an array of a file.
    """

    root: Path
    names: Sequence[str]
    decoder: Decoder

    def decoded(self, size: int) -> Iterator[list[np.ndarray | Fault]]:
        """What became of each file, ``size`` at a time, in their order."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(self.names), size):
                yield list(pool.map(self.decode, self.names[start : start + size]))

    def decode(self, name: str) -> np.ndarray | Fault:
        """The image as ``uint8``, or why it cannot be used."""
        try:
            return self.decoder(self.root / name)
        except (UnreadableError, MisfitError) as error:
            return Fault(name, str(error), isinstance(error, MisfitError))

    def check(self, advance: Callable[[int], object]) -> list[Fault]:
        """What is wrong with the files; every one is decoded and let go again.

        Args:
            advance: told how many more are done.
        """
        faults: list[Fault] = []
        for results in self.decoded(CHUNK):
            faults += (each for each in results if isinstance(each, Fault))
            advance(len(results))
        return faults


class DecodedStream(Stream):
    """Images that are decoded when they are asked for.

    Args:
        files: the images.
        labels: number of each image's class; None without labels.
    """

    def __init__(self, files: Files, labels: np.ndarray | None) -> None:
        super().__init__((len(files.names), *files.decoder.shape), np.dtype(np.uint8), labels is not None)
        self._files, self._labels = files, labels

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`.

        Raises:
            DataError: images that cannot be used. The rest is decoded first, so that all of them are named.
        """
        faults: list[Fault] = []
        start = 0
        for results in self._files.decoded(size):
            faults += (each for each in results if isinstance(each, Fault))
            if not faults:
                labels = None if self._labels is None else self._labels[start : start + len(results)]
                yield np.stack(results), labels  # type: ignore[arg-type]
            start += len(results)
        if faults:
            raise unusable(faults, len(self), self._files)

    def select(self, rows: np.ndarray) -> Stream:
        """The images at ``rows``; no others are decoded."""
        names = [self._files.names[row] for row in rows]
        files = Files(self._files.root, names, self._files.decoder)
        return DecodedStream(files, None if self._labels is None else self._labels[rows])

    def place(self, row: int) -> str:
        """The file."""
        return shown(self._files.names[row])


def unusable(faults: Sequence[Fault], images: int, files: Files) -> DataError:
    """The error that images cannot be used.

    Args:
        faults: what is wrong, image by image.
        images: how many were looked at.
        files: where they lie, and what they should have become.
    """
    damaged = [fault for fault in faults if not fault.misfit]
    misfits = [fault for fault in faults if fault.misfit]
    height, width = files.decoder.geometry.output
    texts, ways = [], []
    if damaged:
        texts.append(f"{len(damaged):,} of {images:,} images cannot be read: {listed(damaged)}.")
        ways.append("Replace or remove what cannot be read, or leave it out with --data-opt skip_corrupt=true.")
    if misfits:
        texts.append(f"{len(misfits):,} of {images:,} images are not {height}x{width}: {listed(misfits)}.")
        ways.append(
            f"--data-opt size={height}x{width} --data-opt resize=shorter brings all images to one size; "
            "stretch and longer do, too."
        )
    return DataError(" ".join(texts), where=shown(str(files.root)), todo=" ".join(ways))


def listed(faults: Sequence[Fault]) -> str:
    """The first names, sorted, each with what is wrong, and how many more there are."""
    faults = sorted(faults, key=lambda fault: order(fault.name))
    more = f" and {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
    return ", ".join(f"{shown(fault.name)} ({fault.reason})" for fault in faults[:NAMED]) + more
