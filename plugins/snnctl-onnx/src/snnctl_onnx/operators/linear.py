"""Gemm and MatMul with constant weights: Dense."""

from __future__ import annotations

from math import prod

import keras
import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import plain_tensor, plainly, sample_places
from snnctl_onnx.signals import Signal
from snnctl_onnx.table import Handler


def convert_gemm(context: Context, a: Value, b: Value, c: Value = None) -> Signal:
    """``alpha A B + beta C`` with A from the network."""
    signal = context.signal(a)
    if len(signal.shape) != 2 or context.attribute("transA", 0):
        raise context.refuse("its matrix A must hold a sample a row")
    kernel = context.weights(b, "its matrix B")
    kernel = kernel.T if context.attribute("transB", 0) else kernel
    kernel = _times(kernel, context.attribute("alpha", 1.0))
    bias = None
    if c is not None:
        bias = _times(context.weights(c, "its matrix C"), context.attribute("beta", 1.0))
        if bias.ndim == 2 and bias.shape[0] > 1 and np.any(bias != bias[0]):
            raise context.refuse("its matrix C has other values for each sample")
        bias = np.broadcast_to(bias.reshape(-1, bias.shape[-1])[0] if bias.ndim else bias, kernel.shape[1])
    return _dense(context, signal, kernel, bias)


def convert_matmul(context: Context, a: Value, b: Value) -> Signal:
    """A tensor of the network times a constant matrix, along the last axis."""
    signal, kernel = context.signal(a), context.weights(b, "its matrix B")
    if kernel.ndim != 2 or len(signal.shape) < 2 or signal.shape[-1] != kernel.shape[0]:
        raise context.refuse(f"it multiplies tensors of shape {signal.shape} and {kernel.shape}")
    if len(signal.shape) == 2:
        return _dense(context, signal, kernel, None)
    tensor = plain_tensor(context, signal)
    return plainly(context, context.layer(keras.layers.Dense, tensor, weights=[kernel], **_options(kernel, False)))


def _dense(context: Context, signal: Signal, kernel: np.ndarray, bias: np.ndarray | None) -> Signal:
    """Dense on samples that may have been flattened in another order: rows of the kernel are moved instead."""
    if signal.shape[1] != kernel.shape[0]:
        raise context.refuse(f"it multiplies tensors of shape {signal.shape} and {kernel.shape}")
    tensor = signal.tensor
    if signal.index is not None:
        kernel = _moved_rows(kernel, sample_places(context, signal), prod(signal.sides))
    if len(tensor.shape) > 2:
        tensor = context.layer(keras.layers.Flatten, tensor, part="flatten")
    weights = [kernel] if bias is None else [kernel, bias]
    made = context.layer(keras.layers.Dense, tensor, weights=weights, **_options(kernel, bias is not None))
    return Signal(made, (context.batch, kernel.shape[1]))


def _moved_rows(kernel: np.ndarray, places: np.ndarray, elements: int) -> np.ndarray:
    """The kernel for the elements in the Keras tensor's order; rows that read one element are added."""
    order = np.argsort(places, kind="stable")
    order = order[places[order] > 0]
    read, starts = np.unique(places[order], return_index=True)
    moved = np.zeros((elements, kernel.shape[1]), kernel.dtype)
    if len(read) == len(order):
        moved[read - 1] = kernel[order]
    elif len(read):
        moved[read - 1] = np.add.reduceat(kernel[order], starts, axis=0, dtype=np.float64)
    return moved


def _times(array: np.ndarray, factor: float) -> np.ndarray:
    return array if factor == 1.0 else array * array.dtype.type(factor)


def _options(kernel: np.ndarray, bias: bool) -> dict:
    return {"units": kernel.shape[1], "use_bias": bias, "kernel_initializer": "zeros", "bias_initializer": "zeros"}


LINEAR_HANDLERS: dict[str, Handler] = {"Gemm": convert_gemm, "MatMul": convert_matmul}
