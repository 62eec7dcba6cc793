"""Activations: ReLUs make neurons fire; softmax and sigmoid may only end the network; the rest does nothing in use."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.values import Signal
from snnctl.ttfs.keras_graph import nn_operations

L = keras.layers
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
    if max_value is not None:
        max_value = float(single(max_value))
    if negative_slope:
        slope = single(negative_slope) if max_value is None else np.float64(negative_slope)
        return context.leaky(signal, slope, max_value)
    return context.rectify(signal, max_value)


def single(number: float) -> np.float64:
    """The number as Keras computes with it, in double precision too: it keeps slopes and limits in single."""
    return np.float64(np.float32(number))


def convert_prelu(context: Context, layer: keras.layers.PReLU, signal: Signal) -> Signal:
    """A slope per channel or per neuron."""
    if not hasattr(layer, "alpha"):
        raise context.refuse("the PReLU has no slopes of its own", "Use PReLU as a layer, not as an activation.")
    return context.leaky(signal, keras.ops.convert_to_numpy(layer.alpha))


def convert_softmax(context: Context, layer: Any, signal: Signal) -> Signal:
    """A softmax over the last axis, as a layer or operation, or a sigmoid: at the end."""
    axis = getattr(layer, "axis", -1)
    if axis not in (-1, len(context.shape(signal))):
        raise context.refuse(f"the softmax runs along axis {axis}", "Use a softmax along the last axis.")
    return context.end(signal)


def vanish(context: Context, layer: keras.layers.Layer, signal: Signal) -> Signal:
    """The signal as it is, behind a layer that does nothing outside training."""
    require_inference(context)
    return signal


def require_inference(context: Context) -> None:
    """Refuses a layer that the network calls as in training."""
    if getattr(context.arguments, "kwargs", {}).get("training"):
        raise context.refuse("the network calls it with training=True", "Call it without, as for inference.")


ACTIVATION_RULES: dict[type, Rule] = {
    L.Activation: lambda context, layer, signal: activate(context, layer.activation, signal),
    L.ReLU: lambda context, layer, signal: rectify(
        context, signal, layer.negative_slope, layer.max_value, layer.threshold
    ),
    L.LeakyReLU: lambda context, layer, signal: context.leaky(signal, single(layer.negative_slope)),
    L.PReLU: convert_prelu,
    L.Softmax: convert_softmax,
    nn_operations.Relu: lambda context, operation, signal: context.rectify(signal),
    nn_operations.Relu6: lambda context, operation, signal: context.rectify(signal, 6.0),
    nn_operations.LeakyRelu: lambda context, operation, signal: context.leaky(signal, single(operation.negative_slope)),
    **dict.fromkeys((nn_operations.Softmax, nn_operations.Sigmoid), convert_softmax),
}
NOISES = (L.Dropout, L.SpatialDropout1D, L.SpatialDropout2D, L.SpatialDropout3D, L.AlphaDropout, L.GaussianDropout)
AUGMENTATIONS = (L.RandomFlip, L.RandomRotation, L.RandomTranslation, L.RandomZoom, L.RandomContrast)
VANISHING_RULES: dict[type, Rule] = {
    **dict.fromkeys((*NOISES, L.GaussianNoise, L.ActivityRegularization, L.Identity), vanish),
    # Keras notes training=True for these layers, whoever calls them.
    **dict.fromkeys(AUGMENTATIONS, lambda context, layer, signal: signal),
}
