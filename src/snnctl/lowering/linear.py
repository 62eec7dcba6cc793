"""What Keras's linear layers do: move elements, or add them up, as maps by blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.lowering.blocks import BlockMap, diagonal, without_weights
from snnctl.ttfs.constraints import Constraints, is_synaptic
from snnctl.ttfs.integration import Diagonal
from snnctl.ttfs.relay import Silence

L = keras.layers
Shape = tuple[int, ...]
Kernel = Callable[[Any], np.ndarray]
Linear = Callable[[Any, Shape, Kernel], tuple[BlockMap, Shape]]
"""Of a layer, the shape it reads and what gives its kernel: the map, and the shape it makes."""
Selection = Callable[[Any, np.ndarray], np.ndarray]
"""Of a layer and an array of whole numbers: the array with its elements moved, left out, repeated or padded."""
NOTHING = -1  # stands where padding is

# The weights of a layer.


def kernels(constraints: Constraints) -> Kernel:
    """What gives the kernel of a layer, in float64, as the hardware has it."""
    exact = Constraints()
    return lambda layer: _in_double((constraints if is_synaptic(layer.kernel, layer) else exact).weights, layer.kernel)


def thresholds(layer: Any, constraints: Constraints) -> np.ndarray:
    """D of an integrating layer, in float64, of the layer's shape, as the hardware has it."""
    return _in_double(constraints.thresholds, layer.D)


def _in_double(constrained: Callable[[Any], Any], values: Any) -> np.ndarray:
    tensor = keras.ops.cast(keras.ops.convert_to_tensor(values), "float64")
    return np.asarray(keras.ops.convert_to_numpy(constrained(tensor)), np.float64)


def structure(layer: Any) -> np.ndarray:
    """In place of the kernel, where only the structure of the map is of interest."""
    kernel = getattr(layer, "depthwise_kernel", None)  # of a separable convolution, its first half
    return without_weights(tuple((layer.kernel if kernel is None else kernel).shape))


# Layers that add elements up. Of these, only configuration and weights are read.


def _dense(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (inputs, outputs)."""
    J, places = kernel(layer), prod(shape[:-1])
    outputs, everywhere = J.shape[1], np.arange(places)
    matrix, offset = np.zeros(places, np.int64), np.zeros(len(J), np.int64)
    block_map = BlockMap(places, places * outputs, everywhere, everywhere * outputs, matrix, J[None], offset)
    return block_map, (*shape[:-1], outputs)


def _diagonal(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (channels,), or of the tensor's shape."""
    return diagonal(kernel(layer).reshape(-1, shape[-1]), prod(shape[:-1])), shape


def _conv(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, inputs of a group, outputs); the outputs of the first group first."""
    J = kernel(layer)
    *_, of_group, outputs = J.shape
    run = outputs // layer.groups
    J = J.reshape(-1, of_group, layer.groups, run).swapaxes(1, 2).reshape(-1, shape[-1], run)
    return _slid(slid(shape[:-1], slides(layer)), outputs, J, np.arange(shape[-1]) // of_group * run)


def _depthwise(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, channels, multiplier); the outputs of the first channel first."""
    J = kernel(layer)
    *_, channels, run = J.shape
    taps = slid(shape[:-1], slides(layer))
    return _slid(taps, channels * run, J.reshape(-1, channels, run), np.arange(channels) * run)


def _transposed(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """J: (\\*taps, outputs, inputs)."""
    J = kernel(layer)
    *_, outputs, inputs = J.shape
    taps = spread(shape[:-1], slides(layer), layer.output_padding or (None,) * (len(shape) - 1))
    return _slid(taps, outputs, J.reshape(-1, outputs, inputs).swapaxes(1, 2), np.zeros(inputs, np.int64))


def average(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """The mean of what lies inside the image, of any pooling."""
    return _mean(shape, slides(layer))


def _global_average(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """The mean over all places."""
    block_map, outputs = _mean(shape, [Slide(side) for side in shape[:-1]])
    return block_map, outputs if layer.keepdims else outputs[-1:]


def _bilinear(layer: Any, shape: Shape, kernel: Kernel) -> tuple[BlockMap, Shape]:
    """Places between the old ones; outside the outermost, their value."""
    taps = crossed([_between(side, factor) for side, factor in zip(shape[:-1], layer.size, strict=True)])
    vertical, horizontal = (np.arange(2 * factor + 1) / (2 * factor) for factor in layer.size)
    return _weighted(taps, np.outer(vertical, horizontal).reshape(-1)[taps.tap], shape[-1])


def _between(side: int, factor: int) -> Taps:
    """Along one axis: the old places of each new one that weigh more than 0; tap n weighs n / (2 factor)."""
    twice = np.clip(2 * np.arange(side * factor) + 1 - factor, 0, 2 * factor * (side - 1))  # exact: in 1 / (2 factor)
    before, part = np.divmod(twice, 2 * factor)
    place = np.stack([before, np.minimum(before + 1, side - 1)], axis=1)
    tap = np.stack([2 * factor - part, part], axis=1)
    result, which = np.nonzero(tap)
    return Taps((side,), (side * factor,), (2 * factor + 1,), place[result, which], result, tap[result, which])


LINEAR: dict[type, Linear] = {
    L.Dense: _dense,
    Diagonal: _diagonal,
    **dict.fromkeys((L.Conv1D, L.Conv2D, L.Conv3D), _conv),
    **dict.fromkeys((L.DepthwiseConv1D, L.DepthwiseConv2D), _depthwise),
    **dict.fromkeys((L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose), _transposed),
    **dict.fromkeys((L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D), average),
    **dict.fromkeys((L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D), _global_average),
    L.UpSampling2D: _bilinear,
}


def slides(layer: Any) -> list[Slide]:
    """How a convolution's kernel or a pool moves over each axis."""
    sizes = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    dilations = getattr(layer, "dilation_rate", (1,) * len(sizes))
    return [Slide(*axis, layer.padding) for axis in zip(sizes, layer.strides, dilations, strict=True)]


def _slid(taps: Taps, outputs: int, J: np.ndarray, offset: np.ndarray) -> tuple[BlockMap, Shape]:
    """A kernel with a matrix for each tap."""
    size, target = prod(taps.outputs) * outputs, taps.result * outputs
    return BlockMap(prod(taps.inputs), size, taps.place, target, taps.tap, J, offset), (*taps.outputs, outputs)


def _weighted(taps: Taps, weight: np.ndarray, channels: int) -> tuple[BlockMap, Shape]:
    """A weight for each pair of places, the same for all channels."""
    weights, matrix = np.unique(weight, return_inverse=True)
    J = np.broadcast_to(weights[:, None, None], (len(weights), channels, 1))
    return _slid(replace(taps, tap=matrix), channels, J, np.arange(channels))


def _mean(shape: Shape, slides: list[Slide]) -> tuple[BlockMap, Shape]:
    """The mean of the places under each pool."""
    taps = slid(shape[:-1], slides)
    return _weighted(taps, 1.0 / np.bincount(taps.result)[taps.result], shape[-1])


# Layers that move elements, leave them out, repeat them, or pad with zeros.

MOVING = (
    *(L.Flatten, L.Reshape, L.Permute, L.RepeatVector, Silence),
    *(L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D, L.Cropping1D, L.Cropping2D, L.Cropping3D),
    *(L.UpSampling1D, L.UpSampling2D, L.UpSampling3D),
)


def selection(layer: Any) -> Selection | None:
    """How a layer rearranges elements; None for one that adds several up."""
    nearest = getattr(layer, "interpolation", "nearest") == "nearest"
    return _rearranged if nearest and type(layer) in MOVING else None


def _rearranged(layer: Any, array: np.ndarray) -> np.ndarray:
    """What the layer makes of the numbers plus 1, so that its zeros are where nothing comes from."""
    moved = layer(keras.ops.convert_to_tensor(array[None] + 1, "int32"))
    return np.asarray(keras.ops.convert_to_numpy(moved)[0], np.int64) + NOTHING


# Kernels and pools that slide over images: which place is under which tap for which output.


@dataclass(frozen=True)
class Taps:
    """Places under the taps of a kernel, along one axis or all axes of an image; what lies outside it is left out.

    Args:
        inputs: sides of the image.
        outputs: sides of the result.
        sizes: of the kernel, in taps.
        place: (pairs,), of the image, in C order.
        result: (pairs,), of the result.
        tap: (pairs,), of the kernel, in C order.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sizes: tuple[int, ...]
    place: np.ndarray
    result: np.ndarray
    tap: np.ndarray


@dataclass(frozen=True)
class Slide:
    """How a kernel moves over one axis.

    Args:
        size: taps.
        stride: from one place of the kernel to the next.
        dilation: distance of two taps.
        padding: "valid", "same" or "causal".
    """

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"

    @property
    def reach(self) -> int:
        """From the first to the last tap, both included."""
        return (self.size - 1) * self.dilation + 1


def slid(sides: Sequence[int], slides: Sequence[Slide]) -> Taps:
    """A convolution or pooling: each result adds up what lies under the kernel's taps."""
    return crossed([_forward(side, slide) for side, slide in zip(sides, slides, strict=True)])


def spread(sides: Sequence[int], slides: Sequence[Slide], more: Sequence[int | None]) -> Taps:
    """A transposed convolution: each place adds the kernel to the results around it.

    Args:
        sides: of the image.
        slides: of the kernel over the result.
        more: what the layer calls output_padding; None: as Keras infers it.
    """
    return crossed([_backward(*axis) for axis in zip(sides, slides, more, strict=True)])


def _forward(side: int, slide: Slide) -> Taps:
    if slide.padding == "valid":
        results, before = (side - slide.reach) // slide.stride + 1, 0
    else:
        results = -(-side // slide.stride)
        missing = max((results - 1) * slide.stride + slide.reach - side, 0)
        before = slide.reach - 1 if slide.padding == "causal" else missing // 2
    result, place, tap = _steps(results, slide, before, side)
    return Taps((side,), (results,), (slide.size,), place, result, tap)


def _backward(side: int, slide: Slide, more: int | None) -> Taps:
    whole = (side - 1) * slide.stride + slide.reach
    if more is not None:
        results = whole - (2 * (slide.reach // 2) if slide.padding == "same" else 0) + more
    else:
        results = side * slide.stride + (max(slide.reach - slide.stride, 0) if slide.padding == "valid" else 0)
    before = max(whole - results, 0) // 2 if slide.padding == "same" else 0
    place, result, tap = _steps(side, slide, before, results)
    return Taps((side,), (results,), (slide.size,), place, result, tap)


def _steps(steps: int, slide: Slide, before: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps of a kernel over a side from ``before`` it on; what is under each of its taps there; which tap that is."""
    step, tap = np.divmod(np.arange(steps * slide.size), slide.size)
    under = step * slide.stride + tap * slide.dilation - before
    inside = (under >= 0) & (under < side)
    return step[inside], under[inside], tap[inside]


def crossed(axes: Sequence[Taps]) -> Taps:
    """The taps over several axes at once."""
    place = result = tap = np.zeros(1, np.int64)
    inputs, outputs, sizes = zip(*((*axis.inputs, *axis.outputs, *axis.sizes) for axis in axes), strict=True)
    for axis, side, results, size in zip(axes, inputs, outputs, sizes, strict=True):
        place = (place[:, None] * side + axis.place).reshape(-1)
        result = (result[:, None] * results + axis.result).reshape(-1)
        tap = (tap[:, None] * size + axis.tap).reshape(-1)
    return Taps(inputs, outputs, sizes, place, result, tap)
