"""Linear layers: with ``a = scale x + shift``, ``W a + b = (W scale) x + (b + W shift)``.

Normalisations and rescalings are ``k a + c``: behind a linear layer they fold into it, behind a ReLU they change how
the next layer reads the spikes.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.linear import Form
from snnctl.conversion.refusal import require_supported
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.activations import ACTIVATION_RULES, VANISHING_RULES, activate, require_inference
from snnctl.conversion.values import Signal

L = keras.layers
# Low-rank adapters are part of `layer.kernel` already; the rest is given anew.
NOT_KEPT = ("dtype", "name", "trainable", "build_config", "lora_rank", "lora_alpha", "quantization_config")
SEPARABLE = {L.SeparableConv1D: (L.DepthwiseConv1D, L.Conv1D), L.SeparableConv2D: (L.DepthwiseConv2D, L.Conv2D)}
# In TimeDistributed: one more axis, along which the kernel has size 1.
WIDER = {L.Conv1D: L.Conv2D, L.Conv2D: L.Conv3D}


def convert_linear(form: Form) -> Rule:
    """The rule of a layer with a kernel, a bias and an activation."""

    def convert(context: Context, layer: Any, signal: Signal) -> Signal:
        value = context.linear(signal, type(layer), config_of(layer), form, array(layer.kernel), bias_of(layer))
        return activate(context, layer.activation, value)

    return convert


def convert_separable(context: Context, layer: Any, signal: Signal) -> Signal:
    """A depthwise convolution, then a 1 x 1 convolution; no neurons between them."""
    depthwise, pointwise = SEPARABLE[type(layer)]
    config = config_of(layer)
    first = {key: config[key] for key in ("padding", "data_format", "strides", "dilation_rate", "kernel_size")}
    first |= {"depth_multiplier": layer.depth_multiplier, "use_bias": False, "depthwise_initializer": "zeros"}
    second = {"filters": layer.filters, "kernel_size": 1, "data_format": layer.data_format}
    second |= {"use_bias": False, "kernel_initializer": "zeros"}
    middle = context.linear(signal, depthwise, first, "depthwise", array(layer.depthwise_kernel))
    value = context.linear(middle, pointwise, second, "conv", array(layer.pointwise_kernel), bias_of(layer))
    return activate(context, layer.activation, value)


def array(variable: Any) -> np.ndarray:
    """A variable in float64."""
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def bias_of(layer: Any) -> np.ndarray | None:
    """The layer's bias in float64, None where it has none."""
    return array(layer.bias) if layer.use_bias else None


def config_of(layer: keras.layers.Layer) -> dict[str, Any]:
    """Config of the layer's linear part, in any precision; its first weights, replaced at once, are zeros."""
    config = {key: value for key, value in layer.get_config().items() if key not in NOT_KEPT}
    if not layer.weights:
        return config
    config.update({key: "zeros" for key in config if key.endswith("_initializer")})
    config.update(use_bias=False, activation="linear", activity_regularizer=None, bias_regularizer=None)
    for key, described in config.items():
        own = isinstance(described, dict) and str(described.get("module")).startswith("keras")
        if key.endswith(("_regularizer", "_constraint")) and not own:
            config[key] = None  # those of others cannot be made anew from their description
    return config


# Normalisations


def convert_batch_normalization(context: Context, layer: keras.layers.BatchNormalization, signal: Signal) -> Signal:
    """``k = gamma / sqrt(var + eps)`` and ``c = beta - k mean``, with the moving statistics."""
    return normalize(context, layer, signal, axis_of(layer))


def normalize(context: Context, layer: keras.layers.BatchNormalization, signal: Signal, axis: int) -> Signal:
    """The batch normalisation along ``axis``, counted with the batch."""
    require_inference(context)

    def value(weight: Any, default: float) -> np.ndarray:
        return np.full(layer.moving_mean.shape, default) if weight is None else array(weight)

    variance = value(layer.moving_variance, 1.0)
    k = value(layer.gamma, 1.0) / np.sqrt(variance + layer.epsilon)
    c = value(layer.beta, 0.0) - k * value(layer.moving_mean, 0.0)
    sides = [1] * len(context.shape(signal))
    sides[axis - 1 if axis > 0 else axis] = len(k)
    return context.affine(signal, k.reshape(sides), c.reshape(sides))


def axis_of(layer: keras.layers.BatchNormalization) -> int:
    """The axis that is normalised, counted with the batch."""
    return layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis


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


def convert_time_distributed(context: Context, layer: keras.layers.TimeDistributed, signal: Signal) -> Signal:
    """A layer applied to every step alike: Dense, convolutions, and what acts on each element."""
    inner = layer.layer
    if type(inner) in WIDER:
        require_supported(context, inner)
        if inner.padding == "causal":
            raise context.refuse("its convolution has causal padding", "'valid' and 'same' are accepted.")
        config = config_of(inner)
        config |= {key: (1, *config[key]) for key in ("kernel_size", "strides", "dilation_rate")}
        kernel = array(inner.kernel)[None]
        value = context.linear(signal, WIDER[type(inner)], config, "conv", kernel, bias_of(inner))
        return activate(context, inner.activation, value)
    if type(inner) is L.BatchNormalization:
        axis = axis_of(inner)
        return normalize(context, inner, signal, axis + 1 if axis > 0 else axis)
    rules = {**ACTIVATION_RULES, **NORMALIZATION_RULES, **VANISHING_RULES, L.Dense: LINEAR_RULES[L.Dense]}
    rule = rules.get(type(inner))
    if rule is None or isinstance(inner, L.PReLU):
        raise context.refuse(
            f"it applies '{inner.name}' ({type(inner).__name__}) to every step",
            "Dense, Conv1D, Conv2D, BatchNormalization and ReLU are accepted in TimeDistributed.",
        )
    return rule(context, inner, signal)


NORMALIZATION_RULES: dict[type, Rule] = {
    L.BatchNormalization: convert_batch_normalization,
    L.Rescaling: convert_rescaling,
    L.Normalization: convert_normalization,
}
LINEAR_RULES: dict[type, Rule] = {
    L.Dense: convert_linear("dense"),
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), convert_linear("conv")),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), convert_linear("depthwise")),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), convert_linear("transposed")),
    **dict.fromkeys(SEPARABLE, convert_separable),
    L.TimeDistributed: convert_time_distributed,
}
