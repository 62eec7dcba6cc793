"""How a tensor of Keras, channels last, is arranged in NIR, channels first.

An *order* is an array of the shape that the tensor has in NIR. At each place it holds the number of the Keras tensor's
element that stands there, counted in C order and without the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

Shape = tuple[int, ...]
LARGEST = 1 << 26  # elements of a tensor; beyond, a file is damaged or made to do harm


def channels_first(shape: Shape) -> np.ndarray:
    """The order of an image, (channels, \\*sides), or of a row, (elements,)."""
    return np.moveaxis(in_a_row(shape).reshape(shape), -1, 0)


def in_a_row(shape: Shape) -> np.ndarray:
    """The order of a tensor whose elements stand in a row as Keras counts them.

    Raises:
        ValueError: there are so many that the shape cannot be meant.
    """
    if prod(shape) > LARGEST:
        raise ValueError(f"a tensor of shape {shape} does not fit into memory")
    return np.arange(prod(shape))


def is_channels_first(order: np.ndarray, shape: Shape) -> bool:
    """Whether a tensor of ``shape`` is arranged as :func:`channels_first` does."""
    return order.shape == (shape[-1], *shape[:-1]) and np.array_equal(order, channels_first(shape))


def to_nir(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The elements of a Keras tensor as they stand in NIR."""
    return values.reshape(-1)[order]


def to_keras(values: np.ndarray, order: np.ndarray, shape: Shape) -> np.ndarray:
    """The elements of a tensor in NIR as they stand in Keras."""
    found = np.empty(prod(shape), values.dtype)
    found[order.reshape(-1)] = values.reshape(-1)
    return found.reshape(shape)


def relabelled(order: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The order after Keras has moved elements, and NIR has not.

    Args:
        order: before.
        moved: the number, before, of each element after; a permutation.
    """
    numbers = np.empty(moved.size, np.int64)
    numbers[moved.reshape(-1)] = np.arange(moved.size)
    return numbers[order]


def side_by_side(shapes: Sequence[Shape], axis: int) -> list[np.ndarray]:
    """Of each tensor that Keras joins along an axis, counted without the batch: its elements' numbers afterwards."""
    owners = np.concatenate([np.full(shape, number) for number, shape in enumerate(shapes)], axis)
    return [np.flatnonzero(owners.reshape(-1) == number) for number in range(len(shapes))]
