"""From an image's own size to the size the network takes: what it is scaled to, and which part of that is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from snnctl.errors import UsageError

Size = tuple[int, int]  # height, width
Resize = Literal["none", "stretch", "shorter", "longer"]
SIZE = re.compile(r"(\d+)(?:\s*[x×]\s*(\d+))?", re.IGNORECASE)
LARGEST = 16_384  # pixels along a side


class MisfitError(Exception):
    """An image whose size does not fit; the text says why, one clause."""


@dataclass(frozen=True)
class Placement:
    """What becomes of one image.

    Args:
        scaled: the size it is scaled to.
        top: first row of the scaled image that is kept; negative where rows are added above it.
        left: first column, likewise.
    """

    scaled: Size
    top: int
    left: int


@dataclass(frozen=True)
class Geometry:
    """How images of any size become images of one.

    Args:
        resize: "none" leaves them as they are; "stretch" scales both sides to ``size``; "shorter" scales them, in
            proportion, until they cover ``size``; "longer" until they fit into it.
        size: what ``resize`` aims at; with "none" the size all images must have, or None if ``crop`` alone decides.
        crop: part in the middle that is kept; None keeps ``size``.
    """

    resize: Resize
    size: Size | None
    crop: Size | None = None

    @property
    def output(self) -> Size:
        """The size of every image in the end."""
        kept = self.crop or self.size
        assert kept is not None
        return kept

    def place(self, given: Size) -> Placement:
        """What becomes of an image of the size ``given``.

        Lengths and the place of the middle are rounded as torchvision's ``Resize`` and ``CenterCrop`` do.

        Raises:
            MisfitError: it is too small, or not of the size that is asked for.
        """
        scaled = self._scaled(given)
        rows, columns = (length - kept for length, kept in zip(scaled, self.output, strict=True))
        if self.resize == "none" and min(rows, columns) < 0:
            raise MisfitError(f"{spelled(given)}, smaller than the crop of {spelled(self.output)}")
        return Placement(scaled, round(rows / 2), round(columns / 2))

    def _scaled(self, given: Size) -> Size:
        if self.resize == "none":
            if self.size not in (None, given):
                raise MisfitError(spelled(given))
            return given
        assert self.size is not None
        (h, w), (height, width) = given, self.size
        if self.resize == "stretch":
            return height, width
        tall = height * w >= width * h  # seen from the image, the height is the side with the farther way to go
        if tall is (self.resize == "shorter"):
            return height, max(1, height * w // h)
        return max(1, width * h // w), width


def make_geometry(resize: str, size: Size | None, crop: Size | None) -> Geometry:
    """The geometry that the options ask for.

    Args:
        resize: one of the ways of :class:`Geometry`.
        size: see there.
        crop: see there.

    Raises:
        UsageError: a crop that is larger than the size.
    """
    if size and crop and (crop[0] > size[0] or crop[1] > size[1]):
        raise UsageError(
            f"The crop of {spelled(crop)} is larger than the size of {spelled(size)}.",
            where="data set imagefolder, option crop",
            todo="Give a larger size, or a smaller crop.",
        )
    return Geometry(resize, size, crop)  # type: ignore[arg-type]


def parse_size(value: int | str | None, option: str) -> Size | None:
    """Height and width: 64 and "64" are a square, "48x64" is height x width.

    Raises:
        UsageError: anything else, no pixels, or more than can be meant; names ``option``.
    """
    if value is None:
        return None
    found = SIZE.fullmatch(str(value).strip())
    size = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not all(1 <= length <= LARGEST for length in size):
        raise UsageError(
            f'"{value}" is no size.',
            where=f"data set imagefolder, option {option}",
            todo=f"Give pixels, 1 to {LARGEST}, such as 64 for a square or 48x64 for height x width.",
        )
    return size


def spelled(size: Size) -> str:
    """A size in messages: height x width."""
    return f"{size[0]}x{size[1]}"
