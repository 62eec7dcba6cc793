"""Any convolution of Keras as one that NIR can state, with zeros added to the kernel where that takes it.

NIR pads both ends of an axis alike, and nir 1.0.8 finds the sizes of square kernels and of ungrouped convolutions only.
Keras pads with "same" by one place more behind than before. A kernel with zeros in front reads one place more in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """How a kernel moves along one axis.

    Args:
        taps: of the kernel.
        stride: from place to place.
        dilation: distance of two taps.
        before: zeros in front of the axis; below 0, that many elements are left out.
        behind: likewise behind it.
    """

    taps: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    behind: int = 0

    @classmethod
    def of(cls, side: int, taps: int, stride: int, dilation: int, padding: str) -> Axis:
        """An axis of Keras: padding "valid", "same" or "causal"."""
        reach = (taps - 1) * dilation + 1
        if padding == "causal":
            return cls(taps, stride, dilation, reach - 1, 0)
        if padding == "valid":
            return cls(taps, stride, dilation)
        total = max((-(-side // stride) - 1) * stride + reach - side, 0)
        return cls(taps, stride, dilation, total // 2, total - total // 2)

    def results(self, side: int) -> int:
        """Places of the kernel on an axis of ``side`` elements."""
        return (side + self.before + self.behind - self.reach) // self.stride + 1

    @property
    def reach(self) -> int:
        """From the first to the last tap, both included."""
        return (self.taps - 1) * self.dilation + 1

    @property
    def fits(self) -> bool:
        """Whether NIR can state it as it is."""
        return self.before == self.behind >= 0


@dataclass(frozen=True)
class Placed:
    """The kernel of an axis, as NIR states it.

    Args:
        taps: with the zeros.
        first: where the first tap of Keras stands.
        spread: how far its taps are apart.
        stride: from place to place.
        dilation: distance of two taps.
        padding: at both ends.
    """

    taps: int
    first: int
    spread: int
    stride: int
    dilation: int
    padding: int

    def where(self, taps: int) -> slice:
        """Where the taps of Keras stand."""
        return slice(self.first, self.first + (taps - 1) * self.spread + 1, self.spread)


def placed(axes: Sequence[Axis], sides: Sequence[int]) -> list[Placed] | None:
    """The kernel on each axis of an image, equally many taps on all; None where zeros cannot make it so."""
    if all(axis.fits for axis in axes) and len({axis.taps for axis in axes}) == 1:
        return [Placed(axis.taps, 0, 1, axis.stride, axis.dilation, axis.before) for axis in axes]
    most = max([axis.reach for axis in axes]) + max(
        abs(margin) for axis in axes for margin in (axis.before, axis.behind)
    )
    found = [_paddings(axis, side, most) for axis, side in zip(axes, sides, strict=True)]
    common = set.intersection(*(set(paddings) for paddings in found))
    if not common:
        return None
    taps = min(common)
    return [
        Placed(taps, paddings[taps] - axis.before, axis.dilation, axis.stride, 1, paddings[taps])
        for axis, paddings in zip(axes, found, strict=True)
    ]


def _paddings(axis: Axis, side: int, most: int) -> dict[int, int]:
    """With how many taps a kernel without dilation does the same, and which padding that takes: the least.

    A padding p has p - before zeros more in front than Keras has; as many in front of the kernel make up for them.
    Zeros behind it matter only to how many places it has. With strides, several numbers of taps have equally many.
    """
    found: dict[int, int] = {}
    least = max(axis.before, axis.behind, 0)
    for padding in range(least, least + most + 2):
        room = side + 2 * padding - (axis.results(side) - 1) * axis.stride
        needed = axis.reach + padding - axis.before
        for taps in range(max(needed, room - axis.stride + 1), room + 1):
            found.setdefault(taps, padding)
    return found


def enlarged(kernel: np.ndarray, places: Sequence[Placed]) -> np.ndarray:
    """The weights as NIR has them, (outputs, inputs, \\*taps), of a Keras kernel, (\\*taps, inputs, outputs)."""
    *taps, inputs, outputs = kernel.shape
    weight = np.zeros((outputs, inputs, *(place.taps for place in places)), kernel.dtype)
    where = tuple(place.where(count) for place, count in zip(places, taps, strict=True))
    weight[(slice(None), slice(None), *where)] = np.moveaxis(kernel, (-1, -2), (0, 1))
    return weight


def ungrouped(kernel: np.ndarray, groups: int) -> np.ndarray:
    """A grouped kernel, (\\*taps, inputs of a group, outputs), with weights of 0 between the groups."""
    if groups == 1:
        return kernel
    *taps, inputs, outputs = kernel.shape
    each = outputs // groups
    full = np.zeros((*taps, inputs * groups, outputs), kernel.dtype)
    for group in range(groups):
        read, made = slice(group * inputs, (group + 1) * inputs), slice(group * each, (group + 1) * each)
        full[..., read, made] = kernel[..., made]
    return full


def channel_by_channel(kernel: np.ndarray) -> np.ndarray:
    """A depthwise kernel, (\\*taps, channels, multiplier), as one of a convolution, (\\*taps, channels, outputs)."""
    *taps, channels, multiplier = kernel.shape
    return ungrouped(kernel.reshape(*taps, 1, channels * multiplier), channels)
