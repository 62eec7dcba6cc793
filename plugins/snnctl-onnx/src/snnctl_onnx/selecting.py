"""Selecting along each axis of a Keras tensor by itself: crop, stride, repeat, pad with zeros, join pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.models.safety import LARGEST_TENSOR
from snnctl_onnx.context import Context

Lists = list[np.ndarray]
"""For each axis without the batch the places to take, in order; -1 stands for zero."""

MOST_PIECES = 512
CROPPING = {1: keras.layers.Cropping1D, 2: keras.layers.Cropping2D, 3: keras.layers.Cropping3D}
PADDING = {1: keras.layers.ZeroPadding1D, 2: keras.layers.ZeroPadding2D, 3: keras.layers.ZeroPadding3D}
STRIDING = {1: keras.layers.AveragePooling1D, 2: keras.layers.AveragePooling2D, 3: keras.layers.AveragePooling3D}
REPEATING = {1: keras.layers.UpSampling1D, 2: keras.layers.UpSampling2D, 3: keras.layers.UpSampling3D}


@dataclass(frozen=True)
class Range:
    """Evenly spaced places of an axis, each taken ``repeat`` times, between zeros.

    Args:
        crop: elements left out at both ends.
        stride: between places.
        repeat: how often each is taken.
        zeros: put at both ends.
    """

    crop: tuple[int, int]
    stride: int
    repeat: int
    zeros: tuple[int, int]


WHOLE = Range((0, 0), 1, 1, (0, 0))


def identity(side: int) -> np.ndarray:
    """All places of an axis."""
    return np.arange(side)


def require_bounded(context: Context, sides: Sequence[int]) -> None:
    """Refuse a tensor that would fill the memory, before it is made.

    Raises:
        NotReadableError: it would.
    """
    if prod(max(side, 1) for side in sides) > LARGEST_TENSOR:
        raise context.refuse(f"it makes a tensor of {'x'.join(map(str, sides))}, which does not fit into memory")


def padded_with_zeros(context: Context, tensor: Any, zeros: Sequence[tuple[int, int]]) -> Any:
    """Zeros around the positions of a channels-last tensor, one pair an axis."""
    if not any(map(any, zeros)):
        return tensor
    sides = [side + sum(pair) for side, pair in zip(tensor.shape[1:], zeros, strict=False)]
    require_bounded(context, (*sides, tensor.shape[-1]))
    return context.layer(PADDING[len(zeros)], tensor, _per_axis(list(zeros)), part="pad")


def selected(context: Context, tensor: Any, lists: Lists) -> Any:
    """The elements that the lists name, axis by axis.

    Raises:
        NotReadableError: no Keras layers select so.
    """
    sides = tuple(tensor.shape[1:])
    if all(np.array_equal(taken, identity(side)) for taken, side in zip(lists, sides, strict=True)):
        return tensor
    if len(sides) == 1:
        column = context.layer(keras.layers.Reshape, tensor, (sides[0], 1), part="column")
        return context.layer(keras.layers.Flatten, _along_positions(context, column, lists), part="flatten")
    if len(sides) - 1 not in CROPPING:
        raise context.refuse(f"it selects from a tensor of {len(sides) + 1} axes")
    tensor = _along_positions(context, tensor, lists[:-1])
    if np.array_equal(lists[-1], identity(sides[-1])):
        return tensor
    swapped = (len(sides), *range(2, len(sides)), 1)
    tensor = context.layer(keras.layers.Permute, tensor, swapped, part="channels_first")
    rest = [identity(side) for side in tensor.shape[2:-1]]
    tensor = _along_positions(context, tensor, [lists[-1], *rest])
    return context.layer(keras.layers.Permute, tensor, swapped, part="channels_last")


def _along_positions(context: Context, tensor: Any, lists: Lists) -> Any:
    """Selects along all axes but the last."""
    ranges = []
    for axis, taken in enumerate(lists):
        found = _range(taken, tensor.shape[axis + 1])
        if found is None:
            tensor = _joined(context, tensor, axis, taken)
        ranges.append(found or WHOLE)
    return _ranged(context, tensor, ranges)


def _ranged(context: Context, tensor: Any, ranges: Sequence[Range]) -> Any:
    rank = len(ranges)
    if any(any(one.crop) for one in ranges):
        tensor = context.layer(CROPPING[rank], tensor, _per_axis([one.crop for one in ranges]), part="crop")
    if any(one.stride > 1 for one in ranges):
        # Means of single elements: a selection that stays linear in the spiking network.
        strides = tuple(one.stride for one in ranges)
        tensor = context.layer(STRIDING[rank], tensor, (1,) * rank, strides, part="stride")
    if any(one.repeat > 1 for one in ranges):
        tensor = context.layer(REPEATING[rank], tensor, _per_axis([one.repeat for one in ranges]), part="repeat")
    return padded_with_zeros(context, tensor, [one.zeros for one in ranges])


def _per_axis(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _range(taken: np.ndarray, side: int) -> Range | None:
    """The list as a range; None if it is none."""
    inside = np.flatnonzero(taken >= 0)
    if not len(inside):
        return None
    zeros = (int(inside[0]), int(len(taken) - 1 - inside[-1]))
    kept = taken[inside[0] : inside[-1] + 1]
    if np.any(kept < 0):
        return None
    repeat = int(np.argmax(kept != kept[0])) or len(kept)
    if len(kept) % repeat or np.any(kept.reshape(-1, repeat) != kept[::repeat, None]):
        return None
    places = kept[::repeat]
    stride = int(places[1] - places[0]) if len(places) > 1 else 1
    if stride < 1 or np.any(np.diff(places) != stride):
        return None
    return Range((int(places[0]), int(side - 1 - places[-1])), stride, repeat, zeros)


def _joined(context: Context, tensor: Any, axis: int, taken: np.ndarray) -> Any:
    """Pieces of consecutive places, cut out one by one and joined."""
    if np.any(taken < 0):
        raise context.refuse("it puts zeros between elements")
    pieces = np.split(taken, np.flatnonzero(np.diff(taken) != 1) + 1)
    if len(pieces) > MOST_PIECES:
        raise context.refuse(f"it moves {len(pieces)} pieces of an axis one by one")
    others = len(tensor.shape) - 3 - axis
    cut = {}
    for first, last in dict.fromkeys((int(piece[0]), int(piece[-1])) for piece in pieces):
        crop = Range((first, tensor.shape[axis + 1] - 1 - last), 1, 1, (0, 0))
        cut[first, last] = _ranged(context, tensor, [*[WHOLE] * axis, crop, *[WHOLE] * others])
    parts = [cut[int(piece[0]), int(piece[-1])] for piece in pieces]
    return context.layer(keras.layers.Concatenate, parts, axis=axis + 1, part="join")
