"""What each linear layer connects: a relation for each axis of its input, found with the layer itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from snnctl.conversion.box import Box, NotCountableError
from snnctl.ttfs.hardware import unwrapped
from snnctl.ttfs.integration import Diagonal
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D

L = keras.layers
TOUCHED = 1e-6  # an interpolation weight below this is a rounded 0
Boxes = list[Box]


def behind(layer: keras.layers.Layer, inputs: Sequence[Boxes], shapes: Sequence[tuple[int, ...]]) -> Boxes:
    """What is connected behind a layer.

    Args:
        layer: a linear layer, a pooling, or a layer that joins several tensors.
        inputs: for each tensor it reads, the connections that lead to it; their union is meant.
        shapes: of these tensors, without the batch.

    Raises:
        NotCountableError: a layer that is not known, or connections that are no product of relations.
    """
    if isinstance(layer, L.Add):
        return [box for boxes in inputs for box in boxes]
    if isinstance(layer, L.Concatenate):
        return _side_by_side(layer, inputs, shapes)
    layer = unwrapped(layer)
    follow = FOLLOWING.get(type(layer))
    if follow is None:
        raise NotCountableError
    (boxes,) = inputs
    return [follow(layer, box) for box in boxes]


def _side_by_side(layer: Any, inputs: Sequence[Boxes], shapes: Sequence[tuple[int, ...]]) -> Boxes:
    axis = layer.axis - 1 if layer.axis > 0 else layer.axis + len(shapes[0])
    sizes = [shape[axis] for shape in shapes]
    placed = np.split(np.eye(sum(sizes), dtype=bool), np.cumsum(sizes)[:-1])
    return [box.then(axis, rows) for boxes, rows in zip(inputs, placed, strict=True) for box in boxes]


def _dense(layer: Any, box: Box) -> Box:
    return box.then_all(len(box.shape) - 1, layer.units)


def _conv(layer: Any, box: Box) -> Box:
    inputs, groups, filters = box.shape[-1], layer.groups, layer.filters
    behind = _slid(layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding, box)
    if groups == 1:
        return behind.then_all(len(box.shape) - 1, filters)
    channels = np.kron(np.eye(groups), np.ones((inputs // groups, filters // groups))) > 0
    return behind.then(len(box.shape) - 1, channels)


def _depthwise(layer: Any, box: Box) -> Box:
    channels = np.kron(np.eye(box.shape[-1]), np.ones((1, layer.depth_multiplier))) > 0
    behind = _slid(layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding, box)
    return behind.then(len(box.shape) - 1, channels)


def _transposed(layer: Any, box: Box) -> Box:
    config = {**layer.get_config(), "filters": 1, "use_bias": False, "activation": None, "kernel_initializer": "ones"}
    return _seen(type(layer).from_config({**config, "dtype": "float32"}), box).then_all(
        len(box.shape) - 1, layer.filters
    )


def _pooled(layer: Any, box: Box) -> Box:
    pool = getattr(layer, "pool", layer)
    return _slid(pool.pool_size, pool.strides, (1,) * len(pool.pool_size), pool.padding, box)


def _within_channels(layer: Any, box: Box) -> Box:
    return _seen(type(layer).from_config({**layer.get_config(), "dtype": "float32"}), box)


def _global(layer: Any, box: Box) -> Box:
    for axis in reversed(range(len(box.shape) - 1)):
        box = box.then_all(axis, 1) if layer.keepdims else box.without(axis)
    return box


def _reshape(layer: Any, box: Box) -> Box:
    return box.reshaped(layer.compute_output_shape((None, *box.shape))[1:])


def _permute(layer: Any, box: Box) -> Box:
    return box.permuted([axis - 1 for axis in layer.dims])


def _repeat(layer: Any, box: Box) -> Box:
    return box.repeated(layer.n)


def _diagonal(layer: Any, box: Box) -> Box:
    return box


def _slid(kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], padding: str, box: Box) -> Box:
    """Followed by a kernel that slides over all axes but the channels."""
    for axis, (size, stride, dilation) in enumerate(zip(kernel, strides, dilations, strict=True)):
        box = box.then(axis, slid(box.shape[axis], size, stride, dilation, padding))
    return box


def slid(side: int, kernel: int, stride: int, dilation: int, padding: str) -> np.ndarray:
    """Which elements of an axis each place of a sliding kernel reads, (side, places)."""
    reach = (kernel - 1) * dilation + 1
    places = (side - reach) // stride + 1 if padding == "valid" else -(-side // stride)
    missing = {"valid": 0, "causal": reach - 1, "same": max((places - 1) * stride + reach - side, 0) // 2}[padding]
    read = np.arange(places)[:, None] * stride + np.arange(kernel) * dilation - missing  # (places, taps)
    return (read[None] == np.arange(side)[:, None, None]).any(axis=-1)


def _seen(layer: keras.layers.Layer, box: Box) -> Box:
    """Followed by a layer that treats all channels alike; it is looked at slice by slice."""
    sides = box.shape[:-1]
    for axis, side in enumerate(sides):
        slices = np.zeros((side, *sides, 1), np.float32)  # slice i of image i holds ones
        np.moveaxis(slices, axis + 1, 1)[np.arange(side), np.arange(side)] = 1.0
        touched = np.abs(keras.ops.convert_to_numpy(layer(slices))) > TOUCHED
        others = tuple(other + 1 for other in range(len(sides) + 1) if other != axis)
        box = box.then(axis, touched.any(axis=others))
    return box


FOLLOWING: dict[type, Callable[[Any, Box], Box]] = {
    L.Dense: _dense,
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), _conv),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), _transposed),
    **dict.fromkeys((L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D), _pooled),
    **dict.fromkeys((EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D), _pooled),
    **dict.fromkeys((L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D), _global),
    **dict.fromkeys((L.UpSampling1D, L.UpSampling2D, L.UpSampling3D), _within_channels),
    **dict.fromkeys((L.Cropping1D, L.Cropping2D, L.Cropping3D), _within_channels),
    **dict.fromkeys((L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D), _within_channels),
    **dict.fromkeys((L.Flatten, L.Reshape), _reshape),
    L.Permute: _permute,
    L.RepeatVector: _repeat,
    Diagonal: _diagonal,
}
