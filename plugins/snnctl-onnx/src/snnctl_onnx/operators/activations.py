"""Activations. Clip, Hardtanh and ReLU6 are clipped ReLUs; what does not convert is read all the same."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.operators.arithmetic import affine
from snnctl_onnx.signals import Signal, channels_last, standard
from snnctl_onnx.table import Handler

NONNEGATIVE = ("sigmoid", "softplus", "relu6")


def convert_relu(context: Context, x: Value) -> Signal:
    """``max(0, x)``."""
    return clipped(context, context.signal(x), 0.0, np.inf)


def convert_clip(context: Context, x: Value, low: Value = None, high: Value = None) -> Signal:
    """Limits are attributes up to opset 10, later inputs."""
    limits = (
        context.attribute("min", -np.inf) if low is None else _single(context, low),
        context.attribute("max", np.inf) if high is None else _single(context, high),
    )
    return clipped(context, context.signal(x), *limits)


def convert_max(context: Context, *values: Value) -> Signal:
    """The larger one of a tensor and a number."""
    signal, number = _signal_and_number(context, values)
    return clipped(context, signal, number, np.inf)


def convert_min(context: Context, *values: Value) -> Signal:
    """The smaller one of a tensor and a number."""
    signal, number = _signal_and_number(context, values)
    return clipped(context, signal, -np.inf, number)


def clipped(context: Context, signal: Signal, low: float, high: float) -> Signal:
    """``min(high, max(low, x))`` as a ReLU: ``low + min(high - low, max(0, x - low))``.

    Raises:
        NotReadableError: no value is between the limits.
    """
    if not low < high:
        raise context.refuse(f"its limits are {low:g} and {high:g}")
    # The largest number of a type stands for no limit.
    low = -np.inf if low <= np.finfo(np.float16).min else low
    high = np.inf if high >= np.finfo(np.float32).max else high
    if np.isinf(low) and np.isinf(high):
        return signal
    if np.isinf(low):
        turned = affine(context, signal, -1.0, high, "turned")
        return affine(context, _relu(context, turned, None), -1.0, high, "limit")
    limit = None if np.isinf(high) else float(high - low)
    if low == 0:
        return _relu(context, signal, limit)
    shifted = affine(context, signal, 1.0, -low, "shifted")
    return affine(context, _relu(context, shifted, limit), 1.0, low, "limit")


def _relu(context: Context, signal: Signal, limit: float | None) -> Signal:
    # Of elements that are moved before or after it, alike.
    return signal.holding(context.layer(keras.layers.ReLU, signal.tensor, max_value=limit), True)


def convert_leaky_relu(context: Context, x: Value) -> Signal:
    """One slope for all."""
    signal = context.signal(x)
    slope = context.attribute("alpha", 0.01)
    return signal.holding(context.layer(keras.layers.LeakyReLU, signal.tensor, negative_slope=slope), False)


def convert_prelu(context: Context, x: Value, slope: Value) -> Signal:
    """A slope for all, each channel or each element."""
    signal, slopes = standard_form(context, context.signal(x)), context.weights(slope, "its slope")
    slopes = slopes.reshape(*[1] * (len(signal.shape) - slopes.ndim), *slopes.shape)
    if len(slopes) > 1 or any(given not in (1, side) for given, side in zip(slopes.shape, signal.shape, strict=True)):
        raise context.refuse(f"slopes of shape {slopes.shape} meet a tensor of shape {signal.shape}")
    alpha = channels_last(slopes[0])
    if slopes.shape[1] == 1:  # Keras shares any axes but the last.
        alpha = np.broadcast_to(alpha, (*alpha.shape[:-1], signal.sides[-1]))
    shared = [axis + 1 for axis, side in enumerate(alpha.shape[:-1]) if side == 1]
    tensor = context.layer(keras.layers.PReLU, signal.tensor, shared_axes=shared, weights=[alpha])
    return standard(tensor, context.batch)


def convert_hard_sigmoid(context: Context, x: Value) -> Signal:
    """``min(1, max(0, alpha x + beta))``."""
    alpha, beta = context.attribute("alpha", 0.2), context.attribute("beta", 0.5)
    return _relu(context, affine(context, context.signal(x), alpha, beta, "scaled"), 1.0)


def convert_function(function: str, context: Context, x: Value, **options: Any) -> Signal:
    """An activation that Keras has under a name; conversion refuses it if it is not piecewise linear."""
    signal = standard_form(context, context.signal(x))
    tensor = context.layer(keras.layers.Activation, signal.tensor, function)
    return standard(tensor, context.batch, function in NONNEGATIVE)


def convert_elu(context: Context, x: Value) -> Signal:
    """``alpha (exp(x) - 1)`` below 0."""
    signal = standard_form(context, context.signal(x))
    tensor = context.layer(keras.layers.ELU, signal.tensor, alpha=context.attribute("alpha", 1.0))
    return standard(tensor, context.batch)


def convert_softmax(context: Context, x: Value) -> Signal:
    """Along one axis; before opset 13 along all from ``axis`` on, which is the same for the last one."""
    signal = context.signal(x)
    rank = len(signal.shape)
    axis = context.attribute("axis", 1 if context.opset < 13 else -1) % rank
    if axis == 0 or (context.opset < 13 and axis < rank - 1):
        raise context.refuse(f"it runs along axis {axis} of {rank}")
    signal = standard_form(context, signal)
    place = rank - 1 if axis == 1 else axis - 1
    tensor = context.layer(keras.layers.Softmax, signal.tensor, axis=-1 if place == rank - 1 else place)
    return standard(tensor, context.batch, True)


def convert_log_softmax(context: Context, x: Value) -> Signal:
    """At the end it is left out: its inputs are logits as well.

    Raises:
        NotReadableError: the network goes on behind it.
    """
    if context.node.output[0] not in context.ending:
        raise context.refuse("the network goes on behind its logarithm")
    return context.signal(x)


def _single(context: Context, value: Value) -> float:
    array = context.constant(value, "its limits")
    if array.size != 1:
        raise context.refuse(f"its limits have the shape {array.shape}")
    return float(array.reshape(()))


def _signal_and_number(context: Context, values: tuple[Value, ...]) -> tuple[Signal, float]:
    signals = [value for value in values if isinstance(value, Signal)]
    others = [value for value in values if not isinstance(value, Signal)]
    if len(signals) != 1 or len(others) != 1:
        raise context.refuse("it compares tensors; a tensor and a number can be read")
    return signals[0], _single(context, others[0])


FUNCTIONS = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "HardSwish": "hard_silu",
    "Mish": "mish",
}

ACTIVATION_HANDLERS: dict[str, Handler] = {
    "Relu": convert_relu,
    "Clip": convert_clip,
    "Max": convert_max,
    "Min": convert_min,
    "LeakyRelu": convert_leaky_relu,
    "PRelu": convert_prelu,
    "HardSigmoid": convert_hard_sigmoid,
    "Elu": convert_elu,
    "Softmax": convert_softmax,
    "LogSoftmax": convert_log_softmax,
    **{op: partial(convert_function, function) for op, function in FUNCTIONS.items()},
}
