"""Activations: a ReLU makes a potential fire; softmax and sigmoid may only end the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.signals import Potential, Signal

ACCEPTED = "ReLU and linear activations convert, and softmax or sigmoid at the end of the network."
PROBABILITIES = (keras.activations.softmax, keras.activations.sigmoid)


def activate(function: Callable, signal: Signal, context: Context) -> Signal:
    """The signal behind an activation function."""
    if function is keras.activations.linear:
        return signal
    if function is keras.activations.relu:
        return rectify(signal, context)
    if function in PROBABILITIES:
        return end(signal, context)
    name = getattr(function, "__name__", str(function))
    raise context.refuse(f"the activation '{name}' has no spiking form", ACCEPTED)


def rectify(signal: Signal, context: Context) -> Signal:
    """``max(0, .)``: what a spiking neuron does by itself."""
    if isinstance(signal, Potential):
        return replace(signal, rectified=True)
    if signal.never_negative:
        return signal
    raise context.refuse(
        "the ReLU reads spikes that are already scaled and shifted",
        "Put a linear layer between the BatchNormalization (or the input) and the ReLU.",
    )


def end(signal: Signal, context: Context) -> Signal:
    """Probabilities keep the order of the logits: they vanish, and nothing may follow."""
    if isinstance(signal, Potential):
        return replace(signal, ended=context.place)
    raise context.refuse("the probabilities are not taken of a linear layer", "End with Dense, then softmax.")


def convert_activation(layer: keras.layers.Activation, signal: Signal, context: Context) -> Signal:
    """A layer that holds just an activation."""
    return activate(layer.activation, signal, context)


def convert_relu(layer: keras.layers.ReLU, signal: Signal, context: Context) -> Signal:
    """The plain ReLU; clipped, leaky and thresholded ones are refused."""
    for option, plain in (("max_value", None), ("negative_slope", 0), ("threshold", 0)):
        value = getattr(layer, option, plain)
        if value != plain:
            raise context.refuse(f"the ReLU has {option}={value}", "A plain ReLU converts in this version.")
    return rectify(signal, context)


def convert_softmax(layer: keras.layers.Softmax, signal: Signal, context: Context) -> Signal:
    """Over the last axis, at the end."""
    if layer.axis != -1:
        raise context.refuse(f"the softmax runs along axis {layer.axis}", "Use a softmax along the last axis.")
    return end(signal, context)


ACTIVATION_RULES: dict[type, Rule] = {
    keras.layers.Activation: convert_activation,
    keras.layers.ReLU: convert_relu,
    keras.layers.Softmax: convert_softmax,
}
