"""Keras operations called on tensors (``x + y``, ``keras.ops.relu(x)``) instead of layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.activations import ACCEPTED, single
from snnctl.conversion.values import Signal
from snnctl.ttfs.keras_graph import nn_operations, numpy_operations


def convert_sum(context: Context, operation: Any, *signals: Signal) -> Signal:
    """``a + b``; one of them may be a constant."""
    if len(signals) == 2:
        return context.add(signals)
    return context.affine(signals[0], 1.0, constant(context))


def convert_difference(context: Context, operation: Any, *signals: Signal) -> Signal:
    """``a - b``; one of them may be a constant."""
    if len(signals) == 2:
        return context.add(signals, (1.0, -1.0))
    if keras.backend.is_keras_tensor(operands(context)[0]):
        return context.affine(signals[0], 1.0, -constant(context))
    return context.affine(signals[0], -1.0, constant(context))


def convert_product(context: Context, operation: Any, signal: Signal, *others: Signal) -> Signal:
    """A tensor times a constant."""
    if others:
        raise context.refuse("it multiplies two tensors", "A tensor times a constant is accepted.")
    return context.affine(signal, constant(context))


def convert_quotient(context: Context, operation: Any, signal: Signal, *others: Signal) -> Signal:
    """A tensor divided by a constant."""
    if others or not keras.backend.is_keras_tensor(operands(context)[0]):
        raise context.refuse("it divides by a tensor", "A tensor divided by a constant is accepted.")
    return context.affine(signal, 1.0 / constant(context))


def convert_negative(context: Context, operation: Any, signal: Signal) -> Signal:
    """``-a``."""
    return context.affine(signal, -1.0)


def convert_relu(context: Context, operation: Any, signal: Signal) -> Signal:
    """``max(0, a)``."""
    return context.rectify(signal)


def convert_relu6(context: Context, operation: Any, signal: Signal) -> Signal:
    """``min(6, max(0, a))``."""
    return context.rectify(signal, 6.0)


def convert_leaky_relu(context: Context, operation: Any, signal: Signal) -> Signal:
    """One slope for all."""
    return context.leaky(signal, single(operation.negative_slope))


def convert_probabilities(context: Context, operation: Any, signal: Signal) -> Signal:
    """Softmax along the last axis, or sigmoid: at the end."""
    axis = getattr(operation, "axis", -1)
    if axis not in (-1, len(context.shape(signal))):
        raise context.refuse(f"the softmax runs along axis {axis}", ACCEPTED)
    return context.end(signal)


def operands(context: Context) -> list[Any]:
    """What the operation is called with, in order."""
    return [*context.arguments.args, *context.arguments.kwargs.values()]


def constant(context: Context) -> np.ndarray:
    """The operand that is not a tensor of the network, without an axis for the batch.

    Raises:
        ConversionError: it differs from sample to sample.
    """
    (value,) = (operand for operand in operands(context) if not keras.backend.is_keras_tensor(operand))
    array = np.asarray(keras.ops.convert_to_numpy(value), dtype=np.float64)
    tensor = context.arguments.keras_tensors[0]
    if array.ndim == len(tensor.shape):
        if array.shape[0] != 1:
            raise context.refuse("its constant has a value for each sample", "Use one constant for all samples.")
        array = array[0]
    return array


OPERATION_RULES: dict[type, Rule] = {
    numpy_operations.Add: convert_sum,
    numpy_operations.Subtract: convert_difference,
    numpy_operations.Multiply: convert_product,
    numpy_operations.Divide: convert_quotient,
    numpy_operations.TrueDivide: convert_quotient,
    numpy_operations.Negative: convert_negative,
    nn_operations.Relu: convert_relu,
    nn_operations.Relu6: convert_relu6,
    nn_operations.LeakyRelu: convert_leaky_relu,
    nn_operations.Softmax: convert_probabilities,
    nn_operations.Sigmoid: convert_probabilities,
}
