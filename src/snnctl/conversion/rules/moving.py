"""Layers and operations without weights: pooling, moving, joining, arithmetic with constants."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.linear import Form, SizeNotFixedError
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.linear import array, config_of
from snnctl.conversion.values import Signal
from snnctl.ttfs.keras_graph import numpy_operations
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D

L = keras.layers
EARLIEST = {1: EarliestSpikePooling1D, 2: EarliestSpikePooling2D, 3: EarliestSpikePooling3D}

# Pooling. Max: the earliest spike passes, or where a channel's sign is turned, the latest. Average: linear.


def convert_max_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Of spikes at once; of a potential after it has fired, since pooling and ReLU commute."""
    config = {"pool_size": layer.pool_size, "strides": layer.strides, "padding": layer.padding}
    return context.pool(signal, EARLIEST[len(layer.pool_size)], config)


def convert_global_max_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """One pool as large as the image."""
    *sides, channels = context.shape(signal)
    if None in sides:
        raise SizeNotFixedError
    pooled = context.pool(signal, EARLIEST[len(sides)], {"pool_size": tuple(sides), "strides": 1, "padding": "valid"})
    if layer.keepdims:
        return pooled
    return context.linear(pooled, L.Reshape, {"target_shape": (channels,)}, "rearrange")


def convert_average_pooling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Weights of 1/k; padded places do not count."""
    if isinstance(layer, L.AveragePooling3D) and context.network.settings.dtype == "float64":
        raise context.refuse("TensorFlow averages no volumes in double precision", "Convert with --dtype float32.")
    return without_weights("average")(context, layer, signal)


# Layers that move, leave out, repeat or pad elements: spikes keep their times.


def without_weights(form: Form) -> Rule:
    """The rule of a linear layer without weights."""
    return lambda context, layer, signal: context.linear(signal, type(layer), config_of(layer), form)


def convert_up_sampling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Nearest: one spike for several places; bilinear: a weighted mean."""
    interpolation = getattr(layer, "interpolation", "nearest")
    if interpolation not in ("nearest", "bilinear"):
        raise context.refuse(f"the upsampling interpolates '{interpolation}'", "'nearest' and 'bilinear' are accepted.")
    return without_weights("select" if interpolation == "nearest" else "average")(context, layer, signal)


# Operations on tensors: ``x + y``, ``keras.ops.negative(x)``. Sums become several synapse groups of a layer.


def convert_sum(sign: float) -> Rule:
    """The rule of ``a + sign b``; one of them may be a constant."""

    def convert(context: Context, operation: Any, *signals: Signal) -> Signal:
        if len(signals) == 2:
            return context.add(signals, (1.0, sign))
        value, first = constant(context)
        return context.affine(signals[0], sign, value) if first else context.affine(signals[0], 1.0, sign * value)

    return convert


def convert_product(context: Context, operation: Any, signal: Signal, *others: Signal) -> Signal:
    """A tensor times a constant."""
    if others:
        raise context.refuse("it multiplies two tensors", "A tensor times a constant is accepted.")
    return context.affine(signal, constant(context)[0])


def convert_quotient(context: Context, operation: Any, signal: Signal, *others: Signal) -> Signal:
    """A tensor divided by a constant."""
    if others or constant(context)[1]:
        raise context.refuse("it divides by a tensor", "A tensor divided by a constant is accepted.")
    return context.affine(signal, 1.0 / constant(context)[0])


def constant(context: Context) -> tuple[np.ndarray, bool]:
    """The operand that is not a tensor of the network, without an axis for the batch, and whether it comes first.

    Raises:
        ConversionError: it differs from sample to sample.
    """
    operands = [*context.arguments.args, *context.arguments.kwargs.values()]
    first = not keras.backend.is_keras_tensor(operands[0])
    value = array(operands[0 if first else 1])
    if value.ndim == len(context.arguments.keras_tensors[0].shape):
        if value.shape[0] != 1:
            raise context.refuse("its constant has a value for each sample", "Use one constant for all samples.")
        value = value[0]
    return value, first


GLOBAL_AVERAGES = (L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D)
MOVING_RULES: dict[type, Rule] = {
    **dict.fromkeys((L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D), convert_max_pooling),
    **dict.fromkeys((L.GlobalMaxPooling1D, L.GlobalMaxPooling2D, L.GlobalMaxPooling3D), convert_global_max_pooling),
    **dict.fromkeys((L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D), convert_average_pooling),
    **dict.fromkeys(GLOBAL_AVERAGES, without_weights("average")),
    **dict.fromkeys((L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D), without_weights("pad")),
    **dict.fromkeys((L.Cropping1D, L.Cropping2D, L.Cropping3D), without_weights("select")),
    **dict.fromkeys((L.UpSampling1D, L.UpSampling2D, L.UpSampling3D), convert_up_sampling),
    **dict.fromkeys((L.Flatten, L.Reshape, L.Permute, L.RepeatVector), without_weights("rearrange")),
    L.Add: lambda context, layer, *signals: context.add(signals),
    L.Subtract: lambda context, layer, first, second: context.add((first, second), (1.0, -1.0)),
    L.Average: lambda context, layer, *signals: context.add(signals, [1.0 / len(signals)] * len(signals)),
    L.Concatenate: lambda context, layer, *signals: context.concatenate(signals, layer.axis),
    numpy_operations.Add: convert_sum(1.0),
    numpy_operations.Subtract: convert_sum(-1.0),
    numpy_operations.Multiply: convert_product,
    **dict.fromkeys((numpy_operations.Divide, numpy_operations.TrueDivide), convert_quotient),
    numpy_operations.Negative: lambda context, operation, signal: context.affine(signal, -1.0),
}
