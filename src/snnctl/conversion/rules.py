"""How each Keras layer converts: one rule a layer class, looked up by the exact class.

A subclass does not inherit its parent's rule: it may compute something else, and conversion never guesses.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from snnctl.conversion.folding import Form, Signal, SizeNotFixedError
from snnctl.conversion.rule import Context, Rule
from snnctl.ttfs.keras_graph import nn_operations, numpy_operations
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D

L = keras.layers


def array(variable: Any) -> np.ndarray:
    """A variable in float64."""
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def require_supported(context: Context, layer: Any) -> None:
    """Refuses what layers of Keras can be asked for and no rule reads, and what TensorFlow does not compute."""
    training = getattr(context.arguments, "kwargs", {}).get("training")
    if training and isinstance(layer, (*NOISES, L.GaussianNoise, L.BatchNormalization)):
        raise context.refuse("the network calls it with training=True", "Call it without, as for inference.")
    if getattr(layer, "data_format", "channels_last") != "channels_last" and not isinstance(layer, VANISHING):
        todo = "Rebuild the network with data_format='channels_last'; convolution kernels stay as they are."
        raise context.refuse("the layer has its channels first", todo)
    if (mode := getattr(layer, "quantization_mode", None)) is not None:
        raise context.refuse(f"the layer is quantised ({mode})", "Convert the network as it was before quantisation.")
    if isinstance(layer, L.AveragePooling3D) and context.network.settings.dtype == "float64":
        raise context.refuse("TensorFlow averages no volumes in double precision", "Convert with --dtype float32.")


# Activations: ReLUs make neurons fire; softmax and sigmoid may only end the network; the rest does nothing in use.

ACCEPTED = (
    "ReLU (also clipped, as ReLU6, or leaky) and linear activations convert, and softmax or sigmoid at the end of the "
    "network."
)
PROBABILITIES = (keras.activations.softmax, keras.activations.sigmoid)
LEAKY_SLOPE = 0.2  # of keras.activations.leaky_relu when none is given


def activate(context: Context, function: Any, signal: Signal) -> Signal:
    """The signal behind an activation function, which may be a layer or a function with some arguments given."""
    if isinstance(function, L.Layer) and type(function) in ACTIVATION_RULES:
        return ACTIVATION_RULES[type(function)](context, function, signal)
    keywords: dict[str, Any] = {}
    if isinstance(function, partial) and not function.args:
        function, keywords = function.func, function.keywords
    if function is keras.activations.linear:
        return signal
    if function is keras.activations.relu:
        return rectify(context, signal, **keywords)
    if function is keras.activations.relu6:
        return context.rectify(signal, 6.0)
    if function is keras.activations.leaky_relu:
        return context.leaky(signal, single(keywords.get("negative_slope", LEAKY_SLOPE)))
    if makes_probabilities(function) and keywords.get("axis", -1) == -1:
        return context.end(signal)
    name = getattr(function, "__name__", type(function).__name__)
    raise context.refuse(f"the activation '{name}' has no spiking form", ACCEPTED)


def makes_probabilities(function: Any) -> bool:
    """Whether an activation function is a softmax or sigmoid, perhaps with some arguments given."""
    return (function.func if isinstance(function, partial) else function) in PROBABILITIES


def rectify(
    context: Context,
    signal: Signal,
    negative_slope: float | None = 0.0,
    max_value: float | None = None,
    threshold: float | None = 0.0,
) -> Signal:
    """The ReLU with Keras's options; one that jumps at a threshold, or whose limit is not positive, is refused."""
    if threshold:
        raise context.refuse(f"the ReLU has threshold={threshold}, where it jumps", "A threshold of 0 is accepted.")
    if max_value is not None and not max_value > 0:
        raise context.refuse(f"the ReLU has max_value={max_value}", "A positive max_value is accepted.")
    limit = None if max_value is None else float(single(max_value))
    if negative_slope:
        slope = single(negative_slope) if limit is None else np.float64(negative_slope)
        return context.leaky(signal, slope, limit)
    return context.rectify(signal, limit)


def single(number: float) -> np.float64:
    """The number as Keras computes with it, in double precision too: it keeps slopes and limits in single."""
    return np.float64(np.float32(number))


def convert_prelu(context: Context, layer: keras.layers.PReLU, signal: Signal) -> Signal:
    """A slope per channel or per neuron."""
    if not hasattr(layer, "alpha"):
        raise context.refuse("the PReLU has no slopes of its own", "Use PReLU as a layer, not as an activation.")
    return context.leaky(signal, array(layer.alpha))


def convert_softmax(context: Context, layer: Any, signal: Signal) -> Signal:
    """A softmax over the last axis, as a layer or operation, or a sigmoid: at the end."""
    axis = getattr(layer, "axis", -1)
    if axis not in (-1, len(context.shape(signal))):
        raise context.refuse(f"the softmax runs along axis {axis}", "Use a softmax along the last axis.")
    return context.end(signal)


def vanish(context: Context, layer: keras.layers.Layer, signal: Signal) -> Signal:
    """The signal as it is, behind a layer that does nothing outside training."""
    return signal


# Linear layers: with ``a = scale x + shift``, ``W a + b = (W scale) x + (b + W shift)``.

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


def without_weights(form: Form) -> Rule:
    """The rule of a linear layer without weights, which moves, leaves out, repeats, pads or averages elements."""
    return lambda context, layer, signal: context.linear(signal, type(layer), config_of(layer), form)


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


def convert_time_distributed(context: Context, layer: keras.layers.TimeDistributed, signal: Signal) -> Signal:
    """A layer applied to every step alike: Dense, convolutions, and what acts on each element."""
    inner = layer.layer
    require_supported(context, inner)
    if type(inner) in WIDER:
        if inner.padding == "causal":
            raise context.refuse("its convolution has causal padding", "'valid' and 'same' are accepted.")
        config = config_of(inner)
        config |= {key: (1, *config[key]) for key in ("kernel_size", "strides", "dilation_rate")}
        value = context.linear(signal, WIDER[type(inner)], config, "conv", array(inner.kernel)[None], bias_of(inner))
        return activate(context, inner.activation, value)
    if type(inner) is L.BatchNormalization:
        return normalize(context, inner, signal, inner.axis + 1 if inner.axis > 0 else inner.axis)
    rules = {**ACTIVATION_RULES, **NORMALIZATION_RULES, **VANISHING_RULES, L.Dense: LINEAR_RULES[L.Dense]}
    rule = rules.get(type(inner))
    if rule is None or isinstance(inner, L.PReLU):
        todo = "Dense, Conv1D, Conv2D, BatchNormalization and ReLU are accepted in TimeDistributed."
        raise context.refuse(f"it applies '{inner.name}' ({type(inner).__name__}) to every step", todo)
    return rule(context, inner, signal)


# Normalisations, ``k a + c``, fold into the linear layer before them, or change how the next layer reads the spikes.


def normalize(context: Context, layer: keras.layers.BatchNormalization, signal: Signal, axis: int) -> Signal:
    """``k = gamma / sqrt(var + eps)`` and ``c = beta - k mean`` along ``axis``, with the moving statistics."""
    gamma = 1.0 if layer.gamma is None else array(layer.gamma)
    beta = 0.0 if layer.beta is None else array(layer.beta)
    k = gamma / np.sqrt(array(layer.moving_variance) + layer.epsilon)
    c = beta - k * array(layer.moving_mean)
    sides = [1] * len(context.shape(signal))
    sides[axis - 1 if axis > 0 else axis] = len(k)
    return context.affine(signal, k.reshape(sides), c.reshape(sides))


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


# Pooling. Max: the earliest spike passes, or where a channel's sign is turned, the latest. Average: weights of 1/k.

EARLIEST = {1: EarliestSpikePooling1D, 2: EarliestSpikePooling2D, 3: EarliestSpikePooling3D}


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
    """The operand that is not a tensor of the network, without an axis for the batch, and whether it comes first."""
    operands = [*context.arguments.args, *context.arguments.kwargs.values()]
    first = not keras.backend.is_keras_tensor(operands[0])
    value = array(operands[0 if first else 1])
    if value.ndim == len(context.arguments.keras_tensors[0].shape):
        if value.shape[0] != 1:
            raise context.refuse("its constant has a value for each sample", "Use one constant for all samples.")
        value = value[0]
    return value, first


# The tables.

ACTIVATION_RULES: dict[type, Rule] = {
    L.Activation: lambda context, layer, signal: activate(context, layer.activation, signal),
    L.ReLU: lambda context, relu, signal: rectify(context, signal, relu.negative_slope, relu.max_value, relu.threshold),
    L.LeakyReLU: lambda context, layer, signal: context.leaky(signal, single(layer.negative_slope)),
    L.PReLU: convert_prelu,
    nn_operations.Relu: lambda context, operation, signal: context.rectify(signal),
    nn_operations.Relu6: lambda context, operation, signal: context.rectify(signal, 6.0),
    nn_operations.LeakyRelu: lambda context, operation, signal: context.leaky(signal, single(operation.negative_slope)),
    **dict.fromkeys((L.Softmax, nn_operations.Softmax, nn_operations.Sigmoid), convert_softmax),
}
NOISES = (L.Dropout, L.SpatialDropout1D, L.SpatialDropout2D, L.SpatialDropout3D, L.AlphaDropout, L.GaussianDropout)
AUGMENTATIONS = (L.RandomFlip, L.RandomRotation, L.RandomTranslation, L.RandomZoom, L.RandomContrast)
VANISHING = (*NOISES, *AUGMENTATIONS, L.GaussianNoise, L.ActivityRegularization, L.Identity)
VANISHING_RULES: dict[type, Rule] = dict.fromkeys(VANISHING, vanish)
LINEAR_RULES: dict[type, Rule] = {
    L.Dense: convert_linear("dense"),
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), convert_linear("conv")),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), convert_linear("depthwise")),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), convert_linear("transposed")),
    **dict.fromkeys(SEPARABLE, convert_separable),
    L.TimeDistributed: convert_time_distributed,
}
NORMALIZATION_RULES: dict[type, Rule] = {
    L.BatchNormalization: lambda context, layer, signal: normalize(context, layer, signal, layer.axis),
    L.Rescaling: convert_rescaling,
    L.Normalization: convert_normalization,
}
AVERAGES = (L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D)
GLOBAL_AVERAGES = (L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D)
MOVING_RULES: dict[type, Rule] = {
    **dict.fromkeys((L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D), convert_max_pooling),
    **dict.fromkeys((L.GlobalMaxPooling1D, L.GlobalMaxPooling2D, L.GlobalMaxPooling3D), convert_global_max_pooling),
    **dict.fromkeys((*AVERAGES, *GLOBAL_AVERAGES), without_weights("average")),
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


def default_rules() -> dict[type, Rule]:
    """All rules snnctl knows, by class of the layer or operation."""
    return {**LINEAR_RULES, **NORMALIZATION_RULES, **ACTIVATION_RULES, **MOVING_RULES, **VANISHING_RULES}
