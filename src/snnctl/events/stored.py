"""Arrays in NumPy's .npz format, read with care: neither code nor more memory than the file warrants."""

from __future__ import annotations

import io
import warnings
import zipfile
from math import inf

import numpy as np

from snnctl.events.errors import NetworkError

# What a file may hold unpacked; indices pack well, weights do not. More is made to fill the memory of who reads it.
LARGEST, LARGEST_RATIO = 2**28, 100
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Stored:
    """The arrays of a file that somebody may have damaged, or made to do damage.

    Args:
        archive: the file, opened.
        size: how many bytes it has.

    Raises:
        NetworkError: it would unpack to too much, its members are packed otherwise, or two have one name.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive = archive
        self.used: set[str] = set()
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > LARGEST + LARGEST_RATIO * size:
            raise NetworkError(f"the file has {size} bytes and would unpack to {unpacked}")
        if packed := [member for member in archive.infolist() if member.compress_type not in COMPRESSIONS]:
            raise NetworkError(f"the member {packed[0].filename!r} is neither stored nor deflated")
        if (twice := repeated(archive.namelist())) is not None:
            raise NetworkError(f"there are two members {twice!r}")

    def refuse_unused(self) -> None:
        """Refuses members that belong to nothing: somebody meant something by them."""
        if unused := sorted(set(self.archive.namelist()) - self.used):
            raise NetworkError(f"the member {unused[0]!r} belongs to no part of the network")

    def array(self, name: str, largest: float = inf) -> np.ndarray:
        """An array of plain numbers; ``largest`` bytes of its file are read at most.

        Raises:
            NetworkError: it is missing, too large or cut off, or not of plain numbers.
        """
        try:
            member = self.archive.getinfo(f"{name}.npy")
        except KeyError:
            raise NetworkError(f"the array {name!r} is missing") from None
        self.used.add(member.filename)
        if member.file_size > largest:
            raise NetworkError(f"the array {name!r} has {member.file_size} bytes; at most {largest} are allowed")
        data = self.archive.read(member)
        # Of a size that the header promises: NumPy would reserve what it promises before it reads.
        with io.BytesIO(data) as file:
            shape, dtype = _header(file, name)
            expected = dtype.itemsize
            for side in shape:
                expected *= side
            if len(data) - file.tell() != expected:
                raise NetworkError(f"the array {name!r} is cut off or has data left over")
            values = np.frombuffer(data, dtype, offset=file.tell())
        return values.reshape(shape)


def _header(file: io.BytesIO, name: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise NetworkError(f"the array {name!r} is of an unknown version of NumPy's format, {version}")
    with warnings.catch_warnings(action="ignore"):  # of a header as Python 2 wrote it
        shape, columns_first, dtype = readers[version](file)
    if dtype.kind not in "biuf" or not dtype.isnative or (columns_first and len(shape) > 1):
        raise NetworkError(f"the array {name!r} is not an array of little-endian numbers in C order")
    if any(side < 0 for side in shape):
        raise NetworkError(f"the array {name!r} has the shape {shape}")
    return shape, dtype


def repeated(names: list[str]) -> str | None:
    """The first name that comes a second time; None if each is there once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
