"""Arrays in ``.npy`` and ``.npz`` files, read in parts: the first mapped, the second from the archive's stream."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from snnctl.data.fitting import channel_may_be_missing
from snnctl.data.stream import ArrayStream, Pair, Stream
from snnctl.errors import DataError

INPUTS = ("x", "x_train", "images", "inputs")
LABELS = ("y", "y_train", "labels")
LABEL_LIKE = re.compile(r"label|target|class|^[yt]([_\d]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """What the head of a stored array says."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool

    @property
    def bytes(self) -> int:
        """Size of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def row_bytes(self) -> int:
        """Size of one sample."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def open_arrays(path: Path, sample_shape: tuple[int | None, ...]) -> Stream:
    """The samples in an ``.npy`` or ``.npz`` file; what the file is, its first bytes tell.

    Args:
        path: the file.
        sample_shape: what the network takes; it decides between arrays of an ``.npz`` file that have other names.

    Raises:
        DataError: damaged, pickled, or without an array of inputs.
    """
    with _readable(path), path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x93NUMPY"):
        return _open_npy(path)
    if head.startswith(b"PK"):
        return _open_npz(path, sample_shape)
    raise DataError(
        "The file is neither an .npy nor an .npz file, whatever its name says.",
        where=str(path),
        todo="Write it with numpy.save or numpy.savez.",
    )


def unused_labels(path: Path) -> list[str]:
    """The arrays of an ``.npz`` file that are called like labels, but not by a name that is read."""
    if not zipfile.is_zipfile(path):
        return []
    names = [_name(member) for member in _headers(path)]
    return [] if set(names) & set(LABELS) else [name for name in names if LABEL_LIKE.search(name)]


class ZippedStream(Stream):
    """An array in an ``.npz`` file, read from its beginning, compressed or not.

    Args:
        path: the file.
        member: name in the archive.
        header: what its head says.
        labels: (samples, ...), or None.
    """

    def __init__(self, path: Path, member: str, header: Header, labels: np.ndarray | None) -> None:
        super().__init__(header.shape, header.dtype, labels is not None)
        self._path, self._member, self._header, self._labels = path, member, header, labels

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`."""
        with _readable(self._path), zipfile.ZipFile(self._path) as archive, archive.open(self._member) as file:
            _read_header(file)
            for start in range(0, len(self), size):
                count = min(size, len(self) - start)
                labels = None if self._labels is None else self._labels[start : start + count]
                yield self._read(file, count), labels

    def _read(self, file: IO[bytes], count: int) -> np.ndarray:
        content = file.read(count * self._header.row_bytes)
        if len(content) < count * self._header.row_bytes:
            raise unreadable(self._path, f"the array {_name(self._member)} ends too early")
        return np.frombuffer(content, self.dtype).reshape(count, *self.sample_shape)


def unreadable(path: Path, why: str) -> DataError:
    """The error that a file cannot be read; ``why`` is one clause."""
    return DataError(f"The file cannot be read: {why}.", where=str(path), todo="Write or copy it again.")


def _open_npy(path: Path) -> Stream:
    def mapped() -> np.ndarray:
        with _readable(path):
            return np.load(path, mmap_mode="r", allow_pickle=False)

    with _readable(path), path.open("rb") as file:
        _require_numbers(path, path.name, _read_header(file))
    return ArrayStream(mapped)


def _open_npz(path: Path, sample_shape: tuple[int | None, ...]) -> Stream:
    headers = _headers(path)
    member = _inputs(path, headers, sample_shape)
    header = headers[member]
    _require_numbers(path, member, header)
    labels = _labels(path, headers, len_of=header.shape[0])
    if header.fortran_order:  # its samples do not lie one behind the other
        array = _whole(path, member)
        return ArrayStream(lambda: array, labels)
    return ZippedStream(path, member, header, labels)


def _headers(path: Path) -> dict[str, Header]:
    """The arrays of an archive by name of their member.

    Raises:
        DataError: damaged; a head that announces more than the member holds is damaged.
    """
    found = {}
    with _readable(path), zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir() or not info.filename.endswith(".npy"):
                continue
            with archive.open(info) as file:
                header = _read_header(file)
                if file.tell() + header.bytes > info.file_size and not header.dtype.hasobject:
                    raise unreadable(
                        path, f"the array {_name(info.filename)} announces more values than the file holds"
                    )
            found[info.filename] = header
    return found


def _read_header(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read(file)
    return Header(shape, dtype, fortran_order)


def _inputs(path: Path, headers: Mapping[str, Header], sample_shape: tuple[int | None, ...]) -> str:
    """The member that holds the inputs: by its name, else the only one with the inputs' number of axes."""
    names = {_name(member): member for member in headers}
    for name in INPUTS:
        if name in names:
            return names[name]
    ranks = {len(sample_shape) + 1} | ({len(sample_shape)} if channel_may_be_missing(sample_shape) else set())
    fitting = [
        member
        for member, header in headers.items()
        if len(header.shape) in ranks and len(header.shape) > 1 and _name(member) not in LABELS
    ]
    if len(fitting) == 1:
        return fitting[0]
    held = ", ".join(f"{_name(member)} {header.shape}" for member, header in headers.items()) or "nothing"
    raise DataError(
        f"It is not clear which array holds the inputs; the file holds {held}.",
        where=str(path),
        todo=f"Call the inputs x and, if there are any, the labels y. Known names: {', '.join(INPUTS + LABELS)}.",
    )


def _labels(path: Path, headers: Mapping[str, Header], len_of: int) -> np.ndarray | None:
    names = {_name(member): member for member in headers}
    member = next((names[name] for name in LABELS if name in names), None)
    if member is None:
        return None
    header = headers[member]
    _require_numbers(path, member, header, kinds="iufb")
    if header.shape[0] != len_of:
        raise DataError(
            f"{len_of} samples come with {header.shape[0]} labels (array {_name(member)}).",
            where=str(path),
            todo="Write one label a sample, or none.",
        )
    return _whole(path, member)


def _whole(path: Path, member: str) -> np.ndarray:
    with _readable(path), np.load(path, allow_pickle=False) as file:
        return file[_name(member)]


def _require_numbers(path: Path, member: str, header: Header, kinds: str = "iuf") -> None:
    if header.dtype.kind not in kinds:
        kind = "Python objects, which are not read" if header.dtype.hasobject else header.dtype
        raise DataError(
            f"The array {_name(member)} holds {kind}; numbers are expected.",
            where=str(path),
            todo="Write it as integers or floats (array.astype('float32')).",
        )
    if not header.shape or not header.shape[0]:
        raise DataError(f"The array {_name(member)} has shape {header.shape}: there are no samples.", where=str(path))


def _name(member: str) -> str:
    return member.removesuffix(".npy")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What numpy and zipfile raise at a file that is not what it should be, told as that.

    Raises:
        DataError: instead.
    """
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        raise unreadable(path, reason) from error
