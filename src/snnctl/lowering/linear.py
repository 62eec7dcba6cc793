"""What Keras's linear layers do: move elements, or add them up, as maps by blocks.

Of the layers only configuration and weights are read.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.lowering.blocks import BlockMap, diagonal, without_weights
from snnctl.lowering.sliding import Slide, Taps, slid, spread
from snnctl.ttfs.integration import Diagonal
from snnctl.ttfs.relay import Silence

L = keras.layers
Shape = tuple[int, ...]
Kernel = Callable[[Any], np.ndarray]
Linear = Callable[[Any, Shape, Kernel], tuple[BlockMap, Shape]]
"""Of a layer, the shape it reads and what gives its kernel: the map, and the shape it makes."""
Selection = Callable[[Any, np.ndarray], np.ndarray]
"""Of a layer and an array of any content: the array with its elements moved, left out, repeated or padded."""
NOTHING = -1  # stands where padding is


def float64(layer: Any) -> np.ndarray:
    """The layer's kernel as it is."""
    return np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float64)


def structure(layer: Any) -> np.ndarray:
    """In place of the kernel, where only the structure of the map is of interest."""
    return without_weights(tuple(layer.kernel.shape))


def _dense(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (inputs, outputs)."""
    J, places = kernel(layer), prod(shape[:-1])
    outputs, everywhere = J.shape[1], np.arange(places)
    matrix, offset = np.zeros(places, np.int64), np.zeros(len(J), np.int64)
    block_map = BlockMap(places, places * outputs, everywhere, everywhere * outputs, matrix, J[None], offset)
    return block_map, (*shape[:-1], outputs)


def _diagonal(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (channels,), or of the tensor's shape."""
    return diagonal(kernel(layer).reshape(-1, shape[-1]), prod(shape[:-1])), shape


def _conv(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, inputs of a group, outputs); the outputs of the first group first."""
    J = kernel(layer)
    *_, of_group, outputs = J.shape
    run = outputs // layer.groups
    J = J.reshape(-1, of_group, layer.groups, run).swapaxes(1, 2).reshape(-1, shape[-1], run)
    return _slid(slid(shape[:-1], slides(layer)), outputs, J, np.arange(shape[-1]) // of_group * run)


def _depthwise(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, channels, multiplier); the outputs of the first channel first."""
    J = kernel(layer)
    *_, channels, run = J.shape
    taps = slid(shape[:-1], slides(layer))
    return _slid(taps, channels * run, J.reshape(-1, channels, run), np.arange(channels) * run)


def _transposed(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, outputs, inputs)."""
    J = kernel(layer)
    *_, outputs, inputs = J.shape
    more = layer.output_padding
    of_axes = (more,) * (len(shape) - 1) if more is None or isinstance(more, int) else tuple(more)
    taps = spread(shape[:-1], slides(layer), of_axes)
    return _slid(taps, outputs, J.reshape(-1, outputs, inputs).swapaxes(1, 2), np.zeros(inputs, np.int64))


def average(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """The mean of what lies inside the image, of any pooling."""
    sizes, strides = _of_axes(layer.pool_size, len(shape) - 1), _of_axes(layer.strides, len(shape) - 1)
    moves = [Slide(size, stride, 1, layer.padding) for size, stride in zip(sizes, strides, strict=True)]
    taps = slid(shape[:-1], moves)
    counts = np.bincount(taps.result, minlength=taps.results)
    return _weighted(taps.inputs, taps.outputs, taps.place, taps.result, 1.0 / counts[taps.result], shape[-1])


def _global_average(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """The mean over all places."""
    *sides, channels = shape
    place = np.arange(prod(sides))
    one = (1,) * len(sides) if layer.keepdims else ()
    return _weighted(tuple(sides), one, place, np.zeros_like(place), np.full(len(place), 1.0 / len(place)), channels)


def _bilinear(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """Places between the old ones; outside the outermost, their value."""
    place = result = np.zeros(1, np.int64)
    weight = np.ones(1)
    outputs = tuple(side * factor for side, factor in zip(shape[:-1], layer.size, strict=True))
    for side, factor in zip(shape[:-1], layer.size, strict=True):
        places, results, weights = _between(side, factor)
        place = (place[:, None] * side + places).reshape(-1)
        result = (result[:, None] * side * factor + results).reshape(-1)
        weight = (weight[:, None] * weights).reshape(-1)
    return _weighted(shape[:-1], outputs, place, result, weight, shape[-1])


def _between(side: int, factor: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along one axis: the old places of each new one that weigh more than 0, and their weights."""
    twice = np.clip(2 * np.arange(side * factor) + 1 - factor, 0, 2 * factor * (side - 1))  # exact: in 1 / (2 factor)
    before, part = np.divmod(twice, 2 * factor)
    place = np.stack([before, np.minimum(before + 1, side - 1)], axis=1)
    weight = np.stack([2 * factor - part, part], axis=1) / (2 * factor)
    result, which = np.nonzero(weight)
    return place[result, which], result, weight[result, which]


LINEAR: dict[type, Linear] = {
    L.Dense: _dense,
    Diagonal: _diagonal,
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), _conv),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), _transposed),
    **dict.fromkeys((L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D), average),
    **dict.fromkeys((L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D), _global_average),
    L.UpSampling2D: _bilinear,
}


def slides(layer: Any) -> list[Slide]:
    """How a convolution's kernel moves over each axis."""
    moves = layer.kernel_size, layer.strides, layer.dilation_rate
    axes = zip(*(_of_axes(numbers, len(layer.kernel_size)) for numbers in moves), strict=True)
    return [Slide(size, stride, dilation, layer.padding) for size, stride, dilation in axes]


def _of_axes(numbers: Any, axes: int) -> tuple[int, ...]:
    """A number for each axis."""
    numbers = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    return numbers * axes if len(numbers) < axes else numbers


def _slid(taps: Taps, outputs: int, J: np.ndarray, offset: np.ndarray) -> tuple[BlockMap, Shape]:
    """A kernel with a matrix for each tap."""
    size, target = taps.results * outputs, taps.result * outputs
    return BlockMap(taps.places, size, taps.place, target, taps.tap, J, offset), (*taps.outputs, outputs)


def _weighted(
    inputs: Shape, outputs: Shape, place: np.ndarray, result: np.ndarray, weight: np.ndarray, channels: int
) -> tuple[BlockMap, Shape]:
    """A weight for each pair of places, the same for all channels."""
    weights, matrix = np.unique(weight, return_inverse=True)
    J = np.broadcast_to(weights[:, None, None], (len(weights), channels, 1))
    size = prod(outputs) * channels
    block_map = BlockMap(prod(inputs), size, place, result * channels, matrix, J, np.arange(channels))
    return block_map, (*outputs, channels)


def _flatten(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.reshape(-1)


def _reshape(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.reshape(layer.target_shape)


def _permute(layer: Any, array: np.ndarray) -> np.ndarray:
    return array.transpose([axis - 1 for axis in layer.dims])


def _repeat(layer: Any, array: np.ndarray) -> np.ndarray:
    return np.repeat(array[None], layer.n, axis=0)


def _pad(layer: Any, array: np.ndarray) -> np.ndarray:
    return np.pad(array, [*_margins(layer.padding), (0, 0)], constant_values=NOTHING)


def _crop(layer: Any, array: np.ndarray) -> np.ndarray:
    margins = zip(_margins(layer.cropping), array.shape, strict=False)
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


def _margins(margins: Any) -> list[tuple[int, int]]:
    """(before, behind) of each axis; a sequence's layers keep one pair only."""
    pairs = tuple(margins)
    return [pairs] if isinstance(pairs[0], int) else [tuple(pair) for pair in pairs]
