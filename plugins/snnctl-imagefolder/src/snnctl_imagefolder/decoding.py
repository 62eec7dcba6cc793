"""One image file becomes an array: decoded by Pillow, turned upright, of 8 bits, in the channels and size asked for."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnctl_imagefolder.geometry import Geometry, MisfitError, Size, spelled

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
MODES = {1: "L", 3: "RGB"}
MOST_PIXELS = 178_956_970  # Pillow refuses to open larger images; no image is enlarged beyond that either
BACKGROUNDS = {"black": 0, "white": 255}


class UnreadableError(Exception):
    """A file that holds no image, or a damaged one; the text says why, one clause."""


@dataclass(frozen=True)
class Decoder:
    """What an image file is made into.

    Args:
        geometry: its size.
        channels: 1 (grey) or 3 (red, green, blue).
        interpolation: what Pillow calls it in lower case, such as "bilinear". Pillow's filters antialias.
        background: "black" or "white": what shows through where an image is transparent or too small.
    """

    geometry: Geometry
    channels: int
    interpolation: str
    background: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of every image, (height, width, channels)."""
        return (*self.geometry.output, self.channels)

    def __call__(self, path: Path) -> np.ndarray:
        """The image, ``uint8`` of :attr:`shape`.

        Raises:
            UnreadableError: damaged, no image, or not to be read.
            MisfitError: of another size than it must be.
        """
        return self._fitted(upright(path, self.channels, BACKGROUNDS[self.background]))

    def _fitted(self, image: Image) -> np.ndarray:
        import PIL.Image

        placed = self.geometry.place((image.height, image.width))
        if placed.scaled[0] * placed.scaled[1] > MOST_PIXELS:
            raise MisfitError(f"{spelled((image.height, image.width))}, which would become {spelled(placed.scaled)}")
        if placed.scaled != (image.height, image.width):
            image = image.resize(placed.scaled[::-1], PIL.Image.Resampling[self.interpolation.upper()])
        pixels = np.asarray(image).reshape(*placed.scaled, self.channels)
        return windowed(pixels, placed.top, placed.left, self.geometry.output, BACKGROUNDS[self.background])


def upright(path: Path, channels: int, background: int) -> Image:
    """The first image of a file as it is meant to be seen, in mode "L" or "RGB".

    Raises:
        UnreadableError: damaged, no image, or not to be read.
    """
    import PIL.Image
    import PIL.ImageOps
    import PIL.WebPImagePlugin  # the other formats Pillow loads by itself

    check_file(path)
    try:
        with path.open("rb") as file, PIL.Image.open(file, formats=FORMATS) as opened:
            return flattened(PIL.ImageOps.exif_transpose(opened), channels, background)
    except MemoryError:
        raise
    except PIL.Image.UnidentifiedImageError:
        raise UnreadableError("no image of a known format") from None
    except PIL.Image.DecompressionBombError:
        raise UnreadableError(f"more than {MOST_PIXELS:,} pixels") from None
    except Exception as error:  # Pillow's decoders raise many kinds at what they do not expect
        raise UnreadableError(reason(error)) from error


def check_file(path: Path) -> None:
    """Refuse what is not worth opening, or would block as a pipe does.

    Raises:
        UnreadableError: says why.
    """
    try:
        state = os.stat(path)
    except OSError as error:
        raise UnreadableError(reason(error)) from error
    if not stat.S_ISREG(state.st_mode):
        raise UnreadableError("no regular file")
    if not state.st_size:
        raise UnreadableError("empty file")


def flattened(image: Image, channels: int, background: int) -> Image:
    """The image in mode "L" or "RGB": nothing shines through any more, 16 bits become 8, a palette its colours."""
    import PIL.Image

    if image.mode.startswith("I"):
        image = PIL.Image.fromarray(eight_bits(np.asarray(image)))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        ground = PIL.Image.new("RGBA", image.size, (background, background, background, 255))
        image = PIL.Image.alpha_composite(ground, image)
    return image.convert(MODES[channels])


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey values of 16 bits, 0 to 65535, as ``uint8``: 65535 becomes 255, rounded to the nearest."""
    return ((values.astype(np.int64).clip(0, 65535) * 255 + 32767) // 65535).astype(np.uint8)


def windowed(pixels: np.ndarray, top: int, left: int, size: Size, background: int) -> np.ndarray:
    """A part of an image, or more than it: what lies outside is ``background``.

    Args:
        pixels: (height, width, channels).
        top: first row that is kept; negative to add rows above.
        left: first column, likewise.
        size: height and width of what is returned.
        background: value of the pixels that are added.
    """
    result = np.full((*size, pixels.shape[2]), background, pixels.dtype)
    part = pixels[max(top, 0) : max(top + size[0], 0), max(left, 0) : max(left + size[1], 0)]
    row, column = max(-top, 0), max(-left, 0)
    result[row : row + part.shape[0], column : column + part.shape[1]] = part
    return result


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its path."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:100].rstrip(".").lower()
