"""Dense and all convolutions: with ``a = scale x + shift``, ``W a + b = (W scale) x + (b + W shift)``."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.linear import Form
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.activations import activate
from snnctl.conversion.values import Signal

# Low-rank adapters are part of `layer.kernel` already; the rest is given anew.
NOT_KEPT = ("dtype", "name", "trainable", "build_config", "lora_rank", "lora_alpha", "quantization_config")
SEPARABLE = {
    keras.layers.SeparableConv1D: (keras.layers.DepthwiseConv1D, keras.layers.Conv1D),
    keras.layers.SeparableConv2D: (keras.layers.DepthwiseConv2D, keras.layers.Conv2D),
}


def convert_linear(form: Form) -> Rule:
    """The rule of a layer with a kernel, a bias and an activation."""

    def convert(context: Context, layer: Any, signal: Signal) -> Signal:
        require_convertible(context, layer)
        kernel, bias = array(layer.kernel), array(layer.bias) if layer.use_bias else None
        value = context.linear(signal, type(layer), without_bias(layer), form, kernel, bias)
        return activate(context, layer.activation, value)

    return convert


def convert_separable(context: Context, layer: Any, signal: Signal) -> Signal:
    """A depthwise convolution, then a 1 x 1 convolution; no neurons between them."""
    require_convertible(context, layer)
    depthwise, pointwise = SEPARABLE[type(layer)]
    config = without_bias(layer)
    shared = {key: config[key] for key in ("padding", "data_format", "strides", "dilation_rate", "kernel_size")}
    first = {**shared, "depth_multiplier": layer.depth_multiplier, "use_bias": False, "depthwise_initializer": "zeros"}
    second = {
        "filters": layer.filters,
        "kernel_size": 1,
        "data_format": layer.data_format,
        "use_bias": False,
        "kernel_initializer": "zeros",
    }
    middle = context.linear(signal, depthwise, first, "depthwise", array(layer.depthwise_kernel))
    bias = array(layer.bias) if layer.use_bias else None
    value = context.linear(middle, pointwise, second, "conv", array(layer.pointwise_kernel), bias)
    return activate(context, layer.activation, value)


def require_convertible(context: Context, layer: Any) -> None:
    """Refuses what has no counterpart in a spiking layer.

    Raises:
        ConversionError: channels first, or quantised weights.
    """
    require_channels_last(context, layer)
    if getattr(layer, "quantization_mode", None) is not None:
        raise context.refuse(
            f"the layer is quantised ({layer.quantization_mode})", "Convert the network as it was before quantisation."
        )


def require_channels_last(context: Context, layer: Any) -> None:
    """Refuses channels-first layers.

    Raises:
        ConversionError: the layer's channels come first.
    """
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise context.refuse(
            "the layer has its channels first",
            "Rebuild the network with data_format='channels_last'; convolution kernels stay as they are.",
        )


def array(variable: Any) -> np.ndarray:
    """A variable in float64."""
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def without_bias(layer: keras.layers.Layer) -> dict[str, Any]:
    """Config of the layer's linear part, in any precision; its first weights, replaced at once, are zeros."""
    config = layer.get_config()
    initializers = {key: "zeros" for key in config if key.endswith("_initializer")}
    config.update(initializers, use_bias=False, activation="linear", activity_regularizer=None, bias_regularizer=None)
    for key in config:
        # Those of others cannot be made anew from their description.
        if key.endswith(("_regularizer", "_constraint")) and not _is_of_keras(config[key]):
            config[key] = None
    return {key: value for key, value in config.items() if key not in NOT_KEPT}


def _is_of_keras(described: Any) -> bool:
    return isinstance(described, dict) and str(described.get("module")).startswith("keras")


def plain_config(layer: keras.layers.Layer) -> dict[str, Any]:
    """Config of a layer without weights, in any precision."""
    return {key: value for key, value in layer.get_config().items() if key not in NOT_KEPT}


CONV = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)

LINEAR_RULES: dict[type, Rule] = {
    keras.layers.Dense: convert_linear("dense"),
    **dict.fromkeys(CONV, convert_linear("conv")),
    **dict.fromkeys(DEPTHWISE, convert_linear("depthwise")),
    **dict.fromkeys(TRANSPOSED, convert_linear("transposed")),
    **dict.fromkeys(SEPARABLE, convert_separable),
}
