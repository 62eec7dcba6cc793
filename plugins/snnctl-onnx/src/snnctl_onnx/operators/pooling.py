"""Poolings. What lies outside the tensor is never a maximum, and counts in a mean only where the file says so."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.operators.arithmetic import affine
from snnctl_onnx.operators.convolution import DEPTHWISE, convolved
from snnctl_onnx.selecting import identity, padded_with_zeros, selected
from snnctl_onnx.signals import Signal, standard
from snnctl_onnx.table import Handler
from snnctl_onnx.windows import Axis, padding_of, windows_of

MAX = {1: keras.layers.MaxPooling1D, 2: keras.layers.MaxPooling2D, 3: keras.layers.MaxPooling3D}
AVERAGE = {1: keras.layers.AveragePooling1D, 2: keras.layers.AveragePooling2D, 3: keras.layers.AveragePooling3D}
GLOBAL_MAX = {
    1: keras.layers.GlobalMaxPooling1D,
    2: keras.layers.GlobalMaxPooling2D,
    3: keras.layers.GlobalMaxPooling3D,
}
GLOBAL_AVERAGE = {
    1: keras.layers.GlobalAveragePooling1D,
    2: keras.layers.GlobalAveragePooling2D,
    3: keras.layers.GlobalAveragePooling3D,
}


def convert_max_pool(context: Context, x: Value) -> Signal:
    """Padded with zeros where nothing is negative; else each window's own elements fill it up."""
    if any(name in context.used for name in context.node.output[1:] if name):
        raise context.refuse("the network uses the places of its maxima")
    signal, axes = _pooled_signal(context, x)
    if all(axis.kernel == axis.stride == 1 and axis.valid for axis in axes):
        return signal
    tensor, padding = signal.tensor, padding_of(axes)
    if any(axis.dilation > 1 for axis in axes):
        return standard(_laid_out_pool(context, tensor, axes), context.batch, signal.nonneg)
    if padding is None:
        outside = [axis.outside for axis in axes]
        if signal.nonneg:
            tensor = padded_with_zeros(context, tensor, outside)
        else:
            # A repeated border is never larger than what the window holds of the tensor anyway.
            lists = [
                np.clip(np.arange(-before, axis.side + after), 0, axis.side - 1)
                for axis, (before, after) in zip(axes, outside, strict=True)
            ]
            tensor = selected(context, tensor, [*lists, identity(signal.shape[1])])
    return standard(_pool(context, MAX, tensor, axes, padding or "valid"), context.batch, signal.nonneg)


def convert_average_pool(context: Context, x: Value) -> Signal:
    """``count_include_pad``: whether padded places count as zeros."""
    signal, axes = _pooled_signal(context, x)
    counted, padding = bool(context.attribute("count_include_pad", 0)), padding_of(axes)
    if all(axis.kernel == axis.stride == 1 and axis.valid for axis in axes):
        return signal
    dilated = any(axis.dilation > 1 for axis in axes)
    if not dilated and (padding == "valid" or (padding == "same" and not counted)):
        return standard(_pool(context, AVERAGE, signal.tensor, axes, padding), context.batch, signal.nonneg)
    tensor = padded_with_zeros(context, signal.tensor, [axis.outside for axis in axes])
    tensor = _dilated_mean(context, tensor, axes) if dilated else _pool(context, AVERAGE, tensor, axes, "valid")
    pooled = standard(tensor, context.batch, signal.nonneg)
    factors = _mean_factors([_counts(axis, counted) for axis in axes], axes)
    return pooled if np.all(factors == 1) else affine(context, pooled, factors, 0.0, "count")


def convert_global(kind: dict[int, Any], context: Context, x: Value) -> Signal:
    """One window as large as the image; the axes stay."""
    signal = standard_form(context, context.signal(x))
    rank = len(signal.shape) - 2
    if rank not in kind:
        raise context.refuse(f"it pools a tensor of {rank + 2} axes")
    return standard(context.layer(kind[rank], signal.tensor, keepdims=True), context.batch, signal.nonneg)


def convert_global_max(context: Context, x: Value) -> Signal:
    """The maximum of each channel."""
    return convert_global(GLOBAL_MAX, context, x)


def convert_global_average(context: Context, x: Value) -> Signal:
    """The mean of each channel."""
    return convert_global(GLOBAL_AVERAGE, context, x)


def _pooled_signal(context: Context, x: Value) -> tuple[Signal, list[Axis]]:
    signal = standard_form(context, context.signal(x))
    kernel = context.attribute("kernel_shape")
    if len(signal.shape) - 2 not in MAX or len(kernel) != len(signal.shape) - 2:
        raise context.refuse(f"a kernel of {len(kernel)} axes meets a tensor of shape {signal.shape}")
    return signal, windows_of(context, signal.shape[2:], kernel)


def _pool(context: Context, kind: dict[int, Any], tensor: Any, axes: list[Axis], padding: str) -> Any:
    sizes, strides = tuple(axis.kernel for axis in axes), tuple(axis.stride for axis in axes)
    return context.layer(kind[len(axes)], tensor, sizes, strides, padding)


def _laid_out_pool(context: Context, tensor: Any, axes: list[Axis]) -> Any:
    """Max pooling with dilation: the elements of each window side by side, then windows without gaps."""
    lists = []
    for axis in axes:
        first = np.arange(axis.windows)[:, None] * axis.stride - axis.begin
        taps = first + np.arange(axis.kernel) * axis.dilation
        inside = (taps >= 0) & (taps < axis.side)
        if not inside.any(axis=1).all():
            raise context.refuse("some of its windows are empty")
        own = np.take_along_axis(taps, inside.argmax(axis=1)[:, None], axis=1)
        lists.append(np.where(inside, taps, own).ravel())
    sizes = tuple(axis.kernel for axis in axes)
    laid_out = selected(context, tensor, [*lists, identity(tensor.shape[-1])])
    return context.layer(MAX[len(axes)], laid_out, sizes, sizes)


def _dilated_mean(context: Context, tensor: Any, axes: list[Axis]) -> Any:
    """Average pooling with dilation: a depthwise convolution."""
    if len(axes) not in DEPTHWISE:
        raise context.refuse("it averages volumes with dilation")
    channels, sizes = tensor.shape[-1], [axis.kernel for axis in axes]
    kernel = np.full((channels, 1, *sizes), 1.0 / np.prod(sizes), dtype=context.dtype)
    return convolved(context, tensor, kernel, [], channels, axes, "valid")


def _counts(axis: Axis, counted: bool) -> np.ndarray:
    """How many places of each window count; what only ceil_mode adds never does, as in PyTorch."""
    taps = np.arange(axis.windows)[:, None] * axis.stride - axis.begin + np.arange(axis.kernel) * axis.dilation
    low, high = (-axis.begin, axis.side + axis.end) if counted else (0, axis.side)
    return ((taps >= low) & (taps < high)).sum(axis=1)


def _mean_factors(counts: list[np.ndarray], axes: list[Axis]) -> np.ndarray:
    """What turns a mean over the kernel into one over what counts, (1, 1, \\*windows)."""
    factors = np.ones((1, 1, *[1] * len(axes)))
    for place, (count, axis) in enumerate(zip(counts, axes, strict=True)):
        factors = factors * (axis.kernel / count).reshape(
            [-1 if place + 2 == side else 1 for side in range(factors.ndim)]
        )
    return factors


POOLING_HANDLERS: dict[str, Handler] = {
    "MaxPool": convert_max_pool,
    "AveragePool": convert_average_pool,
    "GlobalMaxPool": convert_global_max,
    "GlobalAveragePool": convert_global_average,
}
