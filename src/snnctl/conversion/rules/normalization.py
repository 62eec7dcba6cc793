"""Normalisations and rescalings: ``k a + c``.

After a linear layer they fold into that layer; after a ReLU they change how the next layer reads the spikes.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.linear import array
from snnctl.conversion.rules.vanishing import require_inference
from snnctl.conversion.values import Signal


def convert_batch_normalization(context: Context, layer: keras.layers.BatchNormalization, signal: Signal) -> Signal:
    """``k = gamma / sqrt(var + eps)`` and ``c = beta - k mean``, with the moving statistics."""
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
    return normalize(context, layer, signal, axis)


def normalize(context: Context, layer: keras.layers.BatchNormalization, signal: Signal, axis: int) -> Signal:
    """The batch normalisation along ``axis``, counted with the batch."""
    require_inference(context)
    k, c = affine_of(layer)
    rank = len(context.shape(signal))
    sides = [1] * rank
    sides[axis - 1 if axis > 0 else axis + rank] = len(k)
    return context.affine(signal, k.reshape(sides), c.reshape(sides))


def affine_of(layer: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """(k, c) in float64, each of shape (channels,)."""

    def value(weight: Any, default: float) -> np.ndarray:
        return np.full(layer.moving_mean.shape, default) if weight is None else array(weight)

    variance = value(layer.moving_variance, 1.0)
    k = value(layer.gamma, 1.0) / np.sqrt(variance + layer.epsilon)
    return k, value(layer.beta, 0.0) - k * value(layer.moving_mean, 0.0)


def convert_rescaling(context: Context, layer: keras.layers.Rescaling, signal: Signal) -> Signal:
    """``scale a + offset``; Keras rounds both to single precision first, whatever the layer's own."""
    scale, offset = (array(keras.ops.cast(number, layer.compute_dtype)) for number in (layer.scale, layer.offset))
    return context.affine(signal, scale, offset)


def convert_normalization(context: Context, layer: keras.layers.Normalization, signal: Signal) -> Signal:
    """``(a - mean) / sqrt(var)``, or its inverse."""
    if layer.mean is None:
        raise context.refuse("the normalisation has no statistics", "Call its adapt() before the network is saved.")
    mean = array(layer.mean)[0]
    deviation = np.maximum(np.sqrt(array(layer.variance)[0]), keras.config.epsilon())
    if layer.invert:
        return context.affine(signal, deviation, mean)
    return context.affine(signal, 1.0 / deviation, -mean / deviation)


NORMALIZATION_RULES: dict[type, Rule] = {
    keras.layers.BatchNormalization: convert_batch_normalization,
    keras.layers.Rescaling: convert_rescaling,
    keras.layers.Normalization: convert_normalization,
}
