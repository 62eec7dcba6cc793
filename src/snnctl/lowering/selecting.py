"""Keras's layers that move, leave out, repeat or pad elements, on arrays of any content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from snnctl.ttfs.relay import Silence

L = keras.layers
Selection = Callable[[Any, np.ndarray], np.ndarray]
NOTHING = -1  # stands where padding is


def _flatten(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.reshape(-1)


def _reshape(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.reshape(layer.target_shape)


def _permute(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.transpose([axis - 1 for axis in layer.dims])


def _repeat(layer: Any, array: np.ndarray) -> np.ndarray:
    return np.repeat(array[None], layer.n, axis=0)


def _pad(layer: Any, array: np.ndarray) -> np.ndarray:
    return np.pad(array, [*_of_axes(layer.padding), (0, 0)], constant_values=NOTHING)


def _crop(layer: Any, array: np.ndarray) -> np.ndarray:
    margins = zip(_of_axes(layer.cropping), array.shape, strict=False)
    return array[tuple(slice(before, side - behind) for (before, behind), side in margins)]


def _enlarge(layer: Any, array: np.ndarray) -> np.ndarray:
    factors = (layer.size,) if isinstance(layer.size, int) else layer.size
    for axis, factor in enumerate(factors):
        array = np.repeat(array, factor, axis)
    return array


def _silence(layer: Any, array: np.ndarray) -> np.ndarray:
    return np.full_like(array, NOTHING)


SELECTIONS: dict[type, Selection] = {
    L.Flatten: _flatten,
    L.Reshape: _reshape,
    L.Permute: _permute,
    L.RepeatVector: _repeat,
    **dict.fromkeys((L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D), _pad),
    **dict.fromkeys((L.Cropping1D, L.Cropping2D, L.Cropping3D), _crop),
    **dict.fromkeys((L.UpSampling1D, L.UpSampling2D, L.UpSampling3D), _enlarge),
    Silence: _silence,
}


def selection(layer: Any) -> Selection | None:
    """How a layer rearranges elements; None for one that adds several up."""
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return None
    return SELECTIONS.get(type(layer))


def _of_axes(margins: Any) -> list[tuple[int, int]]:
    """(before, behind) of each axis; a sequence's layers keep one pair only."""
    pairs = tuple(margins)
    return [pairs] if isinstance(pairs[0], int) else [tuple(pair) for pair in pairs]
