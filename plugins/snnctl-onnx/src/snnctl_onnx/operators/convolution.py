"""Conv of one, two and three dimensions.

Weights (outputs, inputs / groups, \\*taps) become (\\*taps, inputs / groups, outputs).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.selecting import padded_with_zeros
from snnctl_onnx.signals import Signal, standard
from snnctl_onnx.table import Handler
from snnctl_onnx.windows import Axis, padding_of, windows_of

CONV = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
DEPTHWISE = {1: keras.layers.DepthwiseConv1D, 2: keras.layers.DepthwiseConv2D}


def convert_conv(context: Context, x: Value, weights: Value, bias: Value = None) -> Signal:
    """A convolution; with as many groups as channels, a depthwise one."""
    kernel = context.weights(weights, "its kernel")
    rank = kernel.ndim - 2
    signal = standard_form(context, context.signal(x))
    if rank not in CONV or len(signal.shape) != kernel.ndim:
        raise context.refuse(f"a kernel of shape {kernel.shape} meets a tensor of shape {signal.shape}")
    groups = context.attribute("group", 1)
    if signal.shape[1] != kernel.shape[1] * groups or kernel.shape[0] % groups:
        raise context.refuse(f"{groups} groups of a kernel of shape {kernel.shape} meet {signal.shape[1]} channels")
    axes = windows_of(context, signal.shape[2:], kernel.shape[2:])
    tensor, padding = signal.tensor, padding_of(axes)
    if padding is None:
        tensor, padding = padded_with_zeros(context, tensor, [axis.outside for axis in axes]), "valid"
    biases = [] if bias is None else [context.weights(bias, "its bias").reshape(-1)]
    return standard(convolved(context, tensor, kernel, biases, groups, axes, padding), context.batch)


def convolved(
    context: Context,
    tensor: Any,
    kernel: np.ndarray,
    biases: list[np.ndarray],
    groups: int,
    axes: list[Axis],
    padding: str,
) -> Any:
    """The layer for a kernel in the file's layout.

    Raises:
        NotReadableError: volumes in groups, which TensorFlow does not convolve on a CPU.
    """
    strides, dilations = tuple(axis.stride for axis in axes), tuple(axis.dilation for axis in axes)
    if max(strides) > 1 and max(dilations) > 1:  # Keras does not do both
        kernel, dilations = _spread(kernel, dilations), (1,) * len(axes)
    outputs, taps = kernel.shape[0], kernel.shape[2:]
    shared: dict[str, Any] = {
        "strides": strides,
        "padding": padding,
        "dilation_rate": dilations,
        "use_bias": bool(biases),
        "bias_initializer": "zeros",
    }
    if groups > 1 and kernel.shape[1] == 1 and len(axes) in DEPTHWISE and len(set(strides)) == 1:
        multiplier = outputs // groups
        depthwise = np.moveaxis(kernel.reshape(groups, multiplier, *taps), (0, 1), (-2, -1))
        shared.update(depth_multiplier=multiplier, depthwise_initializer="zeros")
        return context.layer(DEPTHWISE[len(axes)], tensor, taps, weights=[depthwise, *biases], **shared)
    if groups > 1 and len(axes) == 3:
        raise context.refuse("it convolves volumes in groups")
    ordered = np.moveaxis(kernel, (1, 0), (-2, -1))
    shared.update(groups=groups, kernel_initializer="zeros")
    return context.layer(CONV[len(axes)], tensor, outputs, taps, weights=[ordered, *biases], **shared)


def _spread(kernel: np.ndarray, dilations: tuple[int, ...]) -> np.ndarray:
    """The same kernel with zeros between its taps."""
    sides = [(taps - 1) * rate + 1 for taps, rate in zip(kernel.shape[2:], dilations, strict=True)]
    spread = np.zeros((*kernel.shape[:2], *sides), kernel.dtype)
    spread[(slice(None), slice(None), *(slice(None, None, rate) for rate in dilations))] = kernel
    return spread


CONVOLUTION_HANDLERS: dict[str, Handler] = {"Conv": convert_conv}
