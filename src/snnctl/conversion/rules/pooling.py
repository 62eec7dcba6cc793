"""Pooling. Max: the earliest spike passes, or where a channel's sign is turned, the latest. Average: linear."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.linear import plain_config, require_channels_last
from snnctl.conversion.values import Signal
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D

EARLIEST = {1: EarliestSpikePooling1D, 2: EarliestSpikePooling2D, 3: EarliestSpikePooling3D}


def convert_max_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Of spikes at once; of a potential after it has fired, since pooling and ReLU commute."""
    require_channels_last(context, layer)
    config = {"pool_size": layer.pool_size, "strides": layer.strides, "padding": layer.padding}
    return context.pool(signal, EARLIEST[len(layer.pool_size)], config)


def convert_global_max_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """One pool as large as the image."""
    require_channels_last(context, layer)
    *sides, channels = context.shape(signal)
    if any(side is None for side in sides):
        raise context.refuse("the input's size is not fixed", "Give the network a fixed input size.")
    pooled = context.pool(signal, EARLIEST[len(sides)], {"pool_size": tuple(sides), "strides": 1, "padding": "valid"})
    if layer.keepdims:
        return pooled
    return context.linear(pooled, keras.layers.Reshape, {"target_shape": (channels,)}, "rearrange")


def convert_average_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Weights of 1/k; padded places do not count."""
    require_channels_last(context, layer)
    if isinstance(layer, keras.layers.AveragePooling3D) and context.network.settings.dtype == "float64":
        raise context.refuse("TensorFlow averages no volumes in double precision", "Convert with --dtype float32.")
    return context.linear(signal, type(layer), plain_config(layer), "average")


MAX = (keras.layers.MaxPooling1D, keras.layers.MaxPooling2D, keras.layers.MaxPooling3D)
GLOBAL_MAX = (keras.layers.GlobalMaxPooling1D, keras.layers.GlobalMaxPooling2D, keras.layers.GlobalMaxPooling3D)
AVERAGE = (
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
)

POOLING_RULES: dict[type, Rule] = {
    **dict.fromkeys(MAX, convert_max_pooling),
    **dict.fromkeys(GLOBAL_MAX, convert_global_max_pooling),
    **dict.fromkeys(AVERAGE, convert_average_pooling),
}
