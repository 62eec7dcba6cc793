"""Read IDX files, the format MNIST is distributed in."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from snnctl.data.damage import damaged

GZIP_MAGIC = b"\x1f\x8b"
ELEMENT_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 32
CHUNK = 1 << 20


def read_idx(path: Path, dimensions: int | None = None) -> np.ndarray:
    """The array stored in an IDX file, plain or gzip-compressed (told apart by content, not by name).

    Args:
        path: the file.
        dimensions: how many dimensions the array must have; None for any number.

    Returns:
        An array of the stored shape, in native byte order.

    Raises:
        DataError: the file is missing, not IDX, cut short, too long, or has other dimensions.
    """
    try:
        with open(path, "rb") as file:
            compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if compressed else file
            return _read_array(stream, path, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, f"The file cannot be read: {error}.") from error


def _read_array(stream: BinaryIO, path: Path, dimensions: int | None) -> np.ndarray:
    dtype, shape = _read_header(stream, path)
    if dimensions is not None and len(shape) != dimensions:
        raise damaged(path, f"The IDX array has {len(shape)} dimensions instead of {dimensions}.")
    size = math.prod(shape) * dtype.itemsize
    body = _read_up_to(stream, size + 1)
    if len(body) < size:
        raise damaged(path, f"The IDX file is cut short: {size} bytes announced, {len(body)} found.")
    if len(body) > size:
        raise damaged(path, f"The IDX file goes on after the {size} bytes it announces.")
    return np.frombuffer(body, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _read_header(stream: BinaryIO, path: Path) -> tuple[np.dtype, tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise damaged(path, f"Not an IDX file: it starts with {magic.hex(' ') or 'nothing'} instead of 00 00.")
    code, dimensions = magic[2], magic[3]
    if code not in ELEMENT_TYPES:
        raise damaged(path, f"Not an IDX file: its element type 0x{code:02x} does not exist.")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise damaged(path, f"Not an IDX file: it announces {dimensions} dimensions.")
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise damaged(path, "The IDX file is cut short inside its header.")
    return np.dtype(ELEMENT_TYPES[code]), struct.unpack(f">{dimensions}I", sizes)


def _read_up_to(stream: BinaryIO, size: int) -> bytearray:
    # In pieces: a garbage header can announce more bytes than there is memory.
    body = bytearray()
    while len(body) < size and (piece := stream.read(min(CHUNK, size - len(body)))):
        body += piece
    return body
