"""A PNG file from pixels."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(pixels: bytes, width: int, height: int, channels: int) -> bytes:
    """A PNG file.

    Args:
        pixels: row by row, one byte a channel.
        width: in pixels.
        height: in pixels.
        channels: 1 (grey) or 3 (red, green, blue).

    Raises:
        ValueError: not as many bytes as pixels, or other channels.
    """
    if channels not in (1, 3) or len(pixels) != width * height * channels:
        raise ValueError(f"{len(pixels)} bytes are no {width} x {height} picture with {channels} channels")
    row = width * channels
    lines = b"".join(b"\0" + pixels[start : start + row] for start in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
