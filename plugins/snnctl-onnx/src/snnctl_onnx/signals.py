"""Tensors of the network while it is read: a Keras tensor, and where the file's tensor finds its numbers in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Signal:
    """A tensor that depends on the network's input.

    Args:
        tensor: the Keras tensor, (batch, \\*sides).
        shape: of the file's tensor, such as (batch, channels, height, width); the batch is the file's, 1 when open.
        index: for each number of the file's tensor its place in a batch of ``tensor``, counted from 1; 0 stands for a
            zero. None for the standard layout: the axis behind the batch comes last, all others stay in order.
        nonneg: whether it is never negative.
    """

    tensor: Any
    shape: tuple[int, ...]
    index: np.ndarray | None = None
    nonneg: bool = False

    @property
    def sides(self) -> tuple[int, ...]:
        """Shape of the Keras tensor, without the batch."""
        return tuple(self.tensor.shape[1:])

    @property
    def has_zeros(self) -> bool:
        """Whether some numbers of the file's tensor are zeros from outside the Keras tensor."""
        return self.index is not None and not self.index.all()

    def places(self, batch: int) -> np.ndarray:
        """The index, also of the standard layout."""
        if self.index is not None:
            return self.index
        places = np.arange(1, batch * prod(self.sides) + 1).reshape(batch, *self.sides)
        return np.moveaxis(places, -1, 1) if places.ndim > 2 else places

    def holding(self, tensor: Any, nonneg: bool) -> Signal:
        """Another Keras tensor of the same sides, read alike."""
        return replace(self, tensor=tensor, nonneg=nonneg)


def standard(tensor: Any, batch: int, nonneg: bool = False) -> Signal:
    """The signal of a Keras tensor whose last axis holds the channels."""
    sides = tuple(tensor.shape[1:])
    return Signal(tensor, (batch, sides[-1], *sides[:-1]), None, nonneg)


def channels_last(array: np.ndarray) -> np.ndarray:
    """(channels, \\*positions) to (\\*positions, channels)."""
    return np.moveaxis(array, 0, -1) if array.ndim > 1 else array
