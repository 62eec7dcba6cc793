"""Sums and products: with constants a Rescaling, of tensors Keras's merging layers."""

from __future__ import annotations

from functools import reduce

import keras
import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.operators.merging import merged
from snnctl_onnx.signals import Signal, channels_last
from snnctl_onnx.table import Handler

Number = float | np.ndarray


def affine(context: Context, signal: Signal, scale: Number, offset: Number, part: str = "") -> Signal:
    """``scale x + offset`` with constants that broadcast to the file's tensor.

    Raises:
        NotReadableError: a constant enlarges the tensor or differs from sample to sample.
    """
    nonneg = signal.nonneg and bool(np.all(np.asarray(scale) >= 0) and np.all(np.asarray(offset) >= 0))
    if np.ndim(scale) == np.ndim(offset) == 0 and not (signal.has_zeros and offset):
        return signal.holding(_rescaled(context, signal, scale, offset, part), nonneg)
    signal = standard_form(context, signal)
    scale, offset = (_laid_out(context, number, signal.shape) for number in (scale, offset))
    return signal.holding(_rescaled(context, signal, scale, offset, part), nonneg)


def _rescaled(context: Context, signal: Signal, scale: Number, offset: Number, part: str):
    # Plain numbers and lists, which are saved with the layer.
    scale, offset = np.asarray(scale).tolist(), np.asarray(offset).tolist()
    return context.layer(keras.layers.Rescaling, signal.tensor, scale, offset, part=part)


def _laid_out(context: Context, number: Number, shape: tuple[int, ...]) -> Number:
    """A constant of the file in the standard layout, without the batch."""
    array = np.asarray(number, dtype=np.float64)
    if array.size == 1 and array.ndim <= len(shape):
        return float(array.reshape(()))
    array = array.reshape(*[1] * (len(shape) - array.ndim), *array.shape)
    fits = array.ndim == len(shape) and all(given in (1, side) for given, side in zip(array.shape, shape, strict=True))
    if not fits:
        raise context.refuse(f"its constant of shape {array.shape} enlarges a tensor of shape {shape}")
    if np.any(array != array[:1]):
        raise context.refuse("its constant has other values for each sample")
    laid_out = channels_last(array[0])
    # Leading axes of 1 say nothing.
    return laid_out.reshape(laid_out.shape[np.argmax(np.array(laid_out.shape) > 1) :])


def convert_add(context: Context, *values: Value) -> Signal:
    """A sum of tensors, or of a tensor and constants."""
    signals = [value for value in values if isinstance(value, Signal)]
    constants = [context.constant(value, "what it adds") for value in values if not isinstance(value, Signal)]
    total = merged(context, keras.layers.Add, signals) if len(signals) > 1 else signals[0]
    if not constants:
        return total
    return affine(context, total, 1.0, reduce(np.add, [array.astype(np.float64) for array in constants]))


def convert_subtract(context: Context, a: Value, b: Value) -> Signal:
    """A difference."""
    if isinstance(a, Signal) and isinstance(b, Signal):
        return merged(context, keras.layers.Subtract, [a, b])
    if isinstance(a, Signal):
        return affine(context, a, 1.0, -context.constant(b, "what it subtracts").astype(np.float64))
    return affine(context, context.signal(b), -1.0, context.constant(a, "its first operand").astype(np.float64))


def convert_multiply(context: Context, a: Value, b: Value) -> Signal:
    """A product; that of two tensors is read, though it does not convert."""
    if isinstance(a, Signal) and isinstance(b, Signal):
        return merged(context, keras.layers.Multiply, [a, b])
    signal, factor = (a, b) if isinstance(a, Signal) else (b, a)
    return affine(context, context.signal(signal), context.constant(factor, "its factor").astype(np.float64), 0.0)


def convert_divide(context: Context, a: Value, b: Value) -> Signal:
    """A tensor divided by a constant."""
    divisor = context.constant(b, "its divisor").astype(np.float64)
    if not np.all(divisor):
        raise context.refuse("it divides by zero")
    return affine(context, context.signal(a), 1.0 / divisor, 0.0)


def convert_negative(context: Context, x: Value) -> Signal:
    """``-x``."""
    return affine(context, context.signal(x), -1.0, 0.0)


ARITHMETIC_HANDLERS: dict[str, Handler] = {
    "Add": convert_add,
    "Sum": convert_add,
    "Sub": convert_subtract,
    "Mul": convert_multiply,
    "Div": convert_divide,
    "Neg": convert_negative,
}
