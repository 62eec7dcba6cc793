"""Linear layers of Keras as nodes of NIR: convolutions where they are ones, matrices where nothing else helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import nir
import numpy as np

from snnctl.lowering.blocks import BlockMap
from snnctl.lowering.linear import LINEAR, selection, slides
from snnctl.ttfs.integration import Diagonal
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Silence
from snnctl_nir.arrangement import Shape, channels_first, in_a_row, is_channels_first, relabelled, to_nir
from snnctl_nir.convolutions import Axis, channel_by_channel, enlarged, placed, ungrouped

L = keras.layers
Kernel = Callable[[Any], np.ndarray]

CONVOLUTIONS = (L.Conv1D, L.Conv2D)
DEPTHWISE = (L.DepthwiseConv1D, L.DepthwiseConv2D)
AVERAGES = (L.AveragePooling1D, L.AveragePooling2D)
MARGINS = (L.ZeroPadding1D, L.ZeroPadding2D, L.Cropping1D, L.Cropping2D)
REARRANGING = (L.Flatten, L.Reshape, L.Permute)


class TooLargeError(Exception):
    """A map that NIR can state as a list of weights only, and the list is too long.

    Args:
        weights: how long it would be.
    """

    def __init__(self, weights: int) -> None:
        super().__init__(weights)
        self.weights = weights


class UnknownLayerError(Exception):
    """A layer that is neither linear nor a pooling."""


@dataclass(frozen=True)
class Expressed:
    """A layer in NIR.

    Args:
        nodes: one behind the other.
        main: which of them has the layer's weights.
        order: how the result is arranged.
        shape: of the result in Keras, without the batch.
        listed: whether it is a matrix that Keras has as something smaller.
        widened: whether it is a grouped or depthwise convolution, with weights of 0 between the groups.
    """

    nodes: tuple[nir.NIRNode, ...]
    main: int
    order: np.ndarray
    shape: Shape
    listed: bool = False
    widened: bool = False


@dataclass(frozen=True)
class Read:
    """What a layer reads, and how its weights are written.

    Args:
        shape: of the tensor in Keras, without the batch.
        order: how it is arranged in NIR.
        kernel: gives the weights of a layer.
        dtype: of weights that no layer holds.
        largest: how many weights a node may have that Keras has not.
    """

    shape: Shape
    order: np.ndarray
    kernel: Kernel
    dtype: str
    largest: int

    @property
    def images(self) -> bool:
        """Whether it is arranged as NIR's convolutions read it: images, or rows of channels."""
        return len(self.shape) in (2, 3) and is_channels_first(self.order, self.shape)

    def check(self, weights: int) -> None:
        """Refuse a node of too many weights.

        Raises:
            TooLargeError: they are more than ``largest``.
        """
        if weights > self.largest:
            raise TooLargeError(weights)


def express(layer: Any, read: Read) -> Expressed:
    """The nodes of a linear layer or a first-spike pooling.

    A pooling is expressed as the sum of its members; see :mod:`snnctl_nir.pools`.

    Raises:
        TooLargeError: only a matrix would do, and it is too large.
        UnknownLayerError: the layer is of no kind that spiking networks have.
    """
    if isinstance(layer, REARRANGING):
        return rearranged(layer, read)
    if isinstance(layer, Silence):
        return Expressed((nir.Scale(np.zeros(read.order.shape)),), 0, read.order, read.shape)
    if isinstance(layer, Diagonal):
        kernel = np.broadcast_to(read.kernel(layer), read.shape)
        return Expressed((nir.Scale(to_nir(kernel, read.order)),), 0, read.order, read.shape)
    if isinstance(layer, L.Dense) and len(read.shape) == 1:
        weight = read.kernel(layer)[read.order.reshape(-1)].T
        return _in_a_row((nir.Linear(np.ascontiguousarray(weight)),), read, (weight.shape[0],))
    if isinstance(layer, L.GlobalAveragePooling2D) and read.images:
        return global_average(layer, read)
    return (read.images and convolution(layer, read)) or listed(layer, read)


def rearranged(layer: Any, read: Read) -> Expressed:
    """Elements that Keras moves and NIR need not: only their numbers change."""
    select = selection(layer)
    assert select is not None
    moved = select(layer, np.arange(prod(read.shape)).reshape(read.shape))
    order = relabelled(read.order, moved)
    if isinstance(layer, L.Flatten) and order.ndim > 1:
        return Expressed((flatten(order),), 0, order.reshape(-1), moved.shape)
    return Expressed((identity(order),), 0, order, moved.shape)


def flatten(order: np.ndarray) -> nir.Flatten:
    """The node that puts the elements of a tensor in a row; shapes in NIR have no batch."""
    return nir.Flatten({"input": np.array(order.shape)}, 0, -1)


def identity(order: np.ndarray) -> nir.Scale:
    """A node that changes nothing, and in which several edges may end."""
    return nir.Scale(np.ones(order.shape, np.float32))


def permutation(order: np.ndarray, shape: Shape, largest: int, dtype: str) -> tuple[nir.NIRNode, ...]:
    """Nodes that put the elements in a row as Keras counts them.

    Raises:
        TooLargeError: there are too many of them.
    """
    size = order.size
    if size**2 > largest:
        raise TooLargeError(size**2)
    weight = np.zeros((size, size), dtype)
    weight[order.reshape(-1), np.arange(size)] = 1
    return (*((flatten(order),) if order.ndim > 1 else ()), nir.Linear(weight))


# Convolutions


def convolution(layer: Any, read: Read) -> Expressed | None:
    """The layer as one convolution or pooling of NIR; None where it is none."""
    channels = read.shape[-1]
    if isinstance(layer, L.Dense):
        return _convolved(read.kernel(layer).reshape((1,) * (len(read.shape) - 1) + (channels, -1)), read)
    if isinstance(layer, CONVOLUTIONS):
        groups, kernel = layer.groups, read.kernel(layer)
        read.check(kernel.size * groups if groups > 1 else 0)
        return _convolved(ungrouped(kernel, groups), read, _axes(layer, read), groups > 1)
    if isinstance(layer, DEPTHWISE):
        kernel = read.kernel(layer)
        read.check(kernel.size * channels)
        return _convolved(channel_by_channel(kernel), read, _axes(layer, read), True)
    if isinstance(layer, AVERAGES):
        return averages(layer, read)
    if isinstance(layer, EarliestSpikePooling) and type(layer.pool) in (L.MaxPooling1D, L.MaxPooling2D):
        return sums(layer.pool, read)
    if isinstance(layer, MARGINS):
        return margins(layer, read)
    return None


def averages(layer: Any, read: Read) -> Expressed | None:
    """Average pooling; places outside the image are not counted."""
    axes = pool_axes(layer, read.shape)
    if len(axes) == 2 and not _padded(axes):
        size, stride = (np.array(numbers) for numbers in (layer.pool_size, layer.strides))
        node = nir.AvgPool2d(size, stride, np.zeros(2, np.int64))
        return _images((node,), read, axes, read.shape[-1])
    found = _ones(read, axes, 1.0 / prod(axis.taps for axis in axes))
    if found is None or not _padded(axes):
        return found
    counts = members(axes, read.shape)
    factor = np.broadcast_to((prod(axis.taps for axis in axes) / counts)[..., None], found.shape)
    scale = nir.Scale(to_nir(factor.astype(read.dtype), found.order))
    return Expressed((*found.nodes, scale), found.main, found.order, found.shape)


def global_average(layer: Any, read: Read) -> Expressed:
    """The mean of each channel; the sides of 1 that are left stay in NIR."""
    *sides, channels = read.shape
    node = nir.AvgPool2d(np.array(sides), np.array(sides), np.zeros(2, np.int64))
    shape = (1, 1, channels) if layer.keepdims else (channels,)
    return Expressed((node,), 0, np.arange(channels).reshape(channels, 1, 1), shape)


def sums(pool: Any, read: Read) -> Expressed | None:
    """The spikes of a pool's members, added up."""
    axes = pool_axes(pool, read.shape)
    if len(axes) == 2 and all(axis.fits for axis in axes):
        size, stride, padding = (
            np.array(numbers) for numbers in (pool.pool_size, pool.strides, [axis.before for axis in axes])
        )
        return _images((nir.SumPool2d(size, stride, padding),), read, axes, read.shape[-1])
    return _ones(read, axes, 1.0)


def margins(layer: Any, read: Read) -> Expressed | None:
    """Zeros around an image, or less of it: a kernel of one tap that reaches further, or less far."""
    amount = layer.padding if hasattr(layer, "padding") else layer.cropping
    pairs = [tuple(amount)] if isinstance(amount[0], int) else [tuple(pair) for pair in amount]
    sign = 1 if hasattr(layer, "padding") else -1
    return _ones(read, [Axis(1, before=sign * before, behind=sign * behind) for before, behind in pairs], 1.0)


def pool_axes(pool: Any, shape: Shape) -> list[Axis]:
    """How a pool moves over the sides of a tensor."""
    count = len(shape) - 1
    sizes, strides = (
        (numbers,) * count if isinstance(numbers, int) else tuple(numbers) for numbers in (pool.pool_size, pool.strides)
    )
    return [
        Axis.of(side, size, stride, 1, pool.padding) for side, size, stride in zip(shape, sizes, strides, strict=False)
    ]


def members(axes: Sequence[Axis], shape: Shape) -> np.ndarray:
    """How many places within the image each pool has, (\\*results)."""
    counts = np.ones(())
    for axis, side in zip(axes, shape, strict=False):
        first = np.arange(axis.results(side)) * axis.stride - axis.before
        inside = np.minimum(first + axis.taps, side) - np.maximum(first, 0)
        counts = np.multiply.outer(counts, inside)
    return counts


def _axes(layer: Any, read: Read) -> list[Axis]:
    moves = zip(read.shape, slides(layer), strict=False)
    return [Axis.of(side, move.size, move.stride, move.dilation, move.padding) for side, move in moves]


def _padded(axes: Sequence[Axis]) -> bool:
    return any(axis.before or axis.behind for axis in axes)


def _ones(read: Read, axes: Sequence[Axis], weight: float) -> Expressed | None:
    """Each channel for itself, all taps with one weight."""
    channels, taps = read.shape[-1], [axis.taps for axis in axes]
    read.check(channels**2 * prod(taps))
    kernel = np.full((*taps, channels, 1), weight, read.dtype)
    return _convolved(channel_by_channel(kernel), read, axes, channels > 1)


def _convolved(
    kernel: np.ndarray, read: Read, axes: Sequence[Axis] | None = None, widened: bool = False
) -> Expressed | None:
    """A convolution with an ungrouped kernel, (\\*taps, inputs, outputs)."""
    axes = axes or [Axis(1)] * (len(read.shape) - 1)
    places = placed(axes, read.shape[:-1])
    if places is None:
        return None
    weight = enlarged(kernel, places)
    bias = np.zeros(len(weight), read.dtype)
    stride, padding, dilation = (
        tuple(getattr(place, name) for place in places) for name in ("stride", "padding", "dilation")
    )
    sides = read.shape[:-1]
    node: nir.NIRNode
    if len(axes) == 1:
        node = nir.Conv1d(sides[0], weight, stride[0], padding[0], dilation[0], 1, bias)
    else:
        node = nir.Conv2d(sides, weight, stride, padding, dilation, 1, bias)
    return _images((node,), read, axes, len(weight), widened)


def _images(
    nodes: tuple[nir.NIRNode, ...], read: Read, axes: Sequence[Axis], channels: int, widened: bool = False
) -> Expressed:
    sides = [axis.results(side) for axis, side in zip(axes, read.shape, strict=False)]
    shape = (*sides, channels)
    return Expressed(nodes, 0, channels_first(shape), shape, widened=widened)


# Matrices


def listed(layer: Any, read: Read) -> Expressed:
    """The layer as a matrix."""
    probe = layer.pool if isinstance(layer, EarliestSpikePooling) else layer
    select = selection(probe)
    if select is None and type(probe) not in LINEAR and not isinstance(layer, EarliestSpikePooling):
        raise UnknownLayerError
    shape = tuple(probe.compute_output_shape((None, *read.shape)))[1:]
    read.check(prod(shape) * prod(read.shape))
    if select is not None:
        chosen = select(probe, np.arange(prod(read.shape)).reshape(read.shape)).reshape(-1)
        matrix = np.zeros((chosen.size, prod(read.shape)), read.dtype)
        there = chosen >= 0
        matrix[np.flatnonzero(there), chosen[there]] = 1
    elif isinstance(layer, EarliestSpikePooling):
        matrix = (_matrix(LINEAR[_average_of(probe)](probe, read.shape, read.kernel)[0]) != 0).astype(read.dtype)
    else:
        matrix = _matrix(LINEAR[type(probe)](probe, read.shape, read.kernel)[0])
        matrix = matrix.astype(read.dtype) if matrix.dtype.kind == "f" else matrix
    return _in_a_row((nir.Linear(matrix[:, read.order.reshape(-1)]),), read, shape, listed=True)


def _in_a_row(nodes: tuple[nir.NIRNode, ...], read: Read, shape: Shape, listed: bool = False) -> Expressed:
    before = (flatten(read.order),) if read.order.ndim > 1 else ()
    return Expressed((*before, *nodes), len(before), in_a_row(shape), shape, listed=listed)


def _average_of(pool: Any) -> type:
    return {L.MaxPooling1D: L.AveragePooling1D, L.MaxPooling2D: L.AveragePooling2D, L.MaxPooling3D: L.AveragePooling3D}[
        type(pool)
    ]


def _matrix(block_map: BlockMap) -> np.ndarray:
    """(results, elements); whole numbers stay such."""
    matrix = np.zeros((block_map.size, block_map.places * block_map.channels), block_map.J.dtype)
    channel, along = np.arange(block_map.channels)[:, None], np.arange(block_map.run)
    for place, target, number in zip(block_map.place, block_map.target, block_map.matrix, strict=True):
        column = np.broadcast_to(place * block_map.channels + channel, (block_map.channels, block_map.run))
        np.add.at(matrix, (target + block_map.offset[:, None] + along, column), block_map.J[number])
    return matrix


# Weights back


def kernel_in(layer: Any, read: Read, node: nir.NIRNode, size: Shape) -> np.ndarray:
    """The weights of a layer in a node that :func:`express` would make of it.

    The layer is expressed once more with the numbers 1, 2, 3, ... for weights, which tell where each of them stands.

    Args:
        layer: built, with any weights.
        read: what it reads; its ``kernel`` is not used.
        node: with the weights.
        size: shape of the kernel.

    Raises:
        ValueError: the node is of another kind or shape.
    """
    numbers = np.arange(1, prod(size) + 1).reshape(size)
    numbered = Read(read.shape, read.order, lambda _: numbers, read.dtype, read.largest)
    expressed = express(layer, numbered)
    own = expressed.nodes[expressed.main]
    where, weight = weights_of(own), weights_of(node)
    if type(own) is not type(node) or where.shape != weight.shape:
        raise ValueError(f"has weights of shape {weight.shape}, not {where.shape}")
    kernel = np.zeros(prod(size), weight.dtype)
    there = where > 0
    kernel[where[there] - 1] = weight[there]
    return kernel.reshape(size)


def weights_of(node: nir.NIRNode) -> np.ndarray:
    """The weights of a linear node."""
    return np.asarray(node.scale if isinstance(node, nir.Scale) else node.weight)


def gain(node: nir.NIRNode) -> float:
    """By how much a node can raise, at most, the largest absolute value of what it reads."""
    if isinstance(node, nir.Scale):
        return float(np.abs(node.scale).max(initial=0))
    if isinstance(node, nir.SumPool2d):
        return float(np.prod(node.kernel_size))
    if isinstance(node, (nir.Linear, nir.Conv1d, nir.Conv2d)):
        weight = np.abs(node.weight)
        return float(weight.reshape(len(weight), -1).sum(axis=1).max(initial=0))
    return 1.0
