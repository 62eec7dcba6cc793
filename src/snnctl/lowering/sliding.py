"""Kernels and pools that slide over images: which place is under which tap for which output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Taps:
    """Places under the taps of a kernel, along one axis or all axes of an image; what lies outside it is left out.

    Args:
        inputs: sides of the image.
        outputs: sides of the result.
        sizes: of the kernel, in taps.
        place: (pairs,), of the image, in C order.
        result: (pairs,), of the result.
        tap: (pairs,), of the kernel, in C order.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sizes: tuple[int, ...]
    place: np.ndarray
    result: np.ndarray
    tap: np.ndarray


@dataclass(frozen=True)
class Slide:
    """How a kernel moves over one axis.

    Args:
        size: taps.
        stride: from one place of the kernel to the next.
        dilation: distance of two taps.
        padding: "valid", "same" or "causal".
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"

    @property
    def reach(self) -> int:
        """From the first to the last tap, both included."""
        return (self.size - 1) * self.dilation + 1


def slid(sides: Sequence[int], slides: Sequence[Slide]) -> Taps:
    """A convolution or pooling: each result adds up what lies under the kernel's taps."""
    return crossed([_forward(side, slide) for side, slide in zip(sides, slides, strict=True)])


def spread(sides: Sequence[int], slides: Sequence[Slide], more: Sequence[int | None]) -> Taps:
    """A transposed convolution: each place adds the kernel to the results around it.

    Args:
        sides: of the image.
        slides: of the kernel over the result.
        more: what the layer calls output_padding; None: as Keras infers it.
    """
    return crossed([_backward(*axis) for axis in zip(sides, slides, more, strict=True)])


def _forward(side: int, slide: Slide) -> Taps:
    if slide.padding == "valid":
        results, before = (side - slide.reach) // slide.stride + 1, 0
    else:
        results = -(-side // slide.stride)
        missing = max((results - 1) * slide.stride + slide.reach - side, 0)
        before = slide.reach - 1 if slide.padding == "causal" else missing // 2
    result, tap = np.divmod(np.arange(results * slide.size), slide.size)
    place = result * slide.stride + tap * slide.dilation - before
    inside = (place >= 0) & (place < side)
    return Taps((side,), (results,), (slide.size,), place[inside], result[inside], tap[inside])


def _backward(side: int, slide: Slide, more: int | None) -> Taps:
    whole = (side - 1) * slide.stride + slide.reach
    if more is not None:
        results = whole - (2 * (slide.reach // 2) if slide.padding == "same" else 0) + more
    else:
        results = side * slide.stride + (max(slide.reach - slide.stride, 0) if slide.padding == "valid" else 0)
    before = max(whole - results, 0) // 2 if slide.padding == "same" else 0
    place, tap = np.divmod(np.arange(side * slide.size), slide.size)
    result = place * slide.stride + tap * slide.dilation - before
    inside = (result >= 0) & (result < results)
    return Taps((side,), (results,), (slide.size,), place[inside], result[inside], tap[inside])


def crossed(axes: Sequence[Taps]) -> Taps:
    """The taps over several axes at once."""
    place = result = tap = np.zeros(1, np.int64)
    inputs, outputs, sizes = zip(*((*axis.inputs, *axis.outputs, *axis.sizes) for axis in axes), strict=True)
    for axis, side, results, size in zip(axes, inputs, outputs, sizes, strict=True):
        place = (place[:, None] * side + axis.place).reshape(-1)
        result = (result[:, None] * results + axis.result).reshape(-1)
        tap = (tap[:, None] * size + axis.tap).reshape(-1)
    return Taps(inputs, outputs, sizes, place, result, tap)
