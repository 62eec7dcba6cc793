"""NIR graphs of other tools: what computes with firing rates is read as a ReLU network of the rates.

An IF neuron with a constant input current I reaches its threshold after ``(v_threshold - v_reset) / (R I)``, again and
again, and never if I <= 0. So its rate is

    rate = R max(0, I) / (v_threshold - v_reset)

a ReLU unit behind a factor. Linear nodes add up rates as they add up spikes. Leaky neurons have another curve, and
integrators none at all: they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import nir
import numpy as np

from snnctl.errors import ModelError
from snnctl_nir.arrangement import Shape, channels_first, is_channels_first, to_keras
from snnctl_nir.ordering import in_order, sources

L = keras.layers
RATES = (
    "the IF neurons are read as ReLU units of their firing rates, R max(0, I) / (v_threshold - v_reset): exact for "
    "constant currents, an approximation behind other spiking neurons"
)
WHY_NOT = {
    nir.LIF: "a leaky neuron's rate is no ReLU of its current",
    nir.CubaLIF: "a leaky neuron's rate is no ReLU of its current",
    nir.LI: "a leaky integrator has a memory, and a ReLU network has none",
    nir.CubaLI: "a leaky integrator has a memory, and a ReLU network has none",
    nir.I: "an integrator has a memory, and a ReLU network has none",
    nir.Delay: "a ReLU network has no delays",
    nir.Threshold: "a step is no ReLU",
    nir.NIRGraph: "graphs within graphs are not opened",
}


class ObstacleError(Exception):
    """Why a node stands for no layer of a ReLU network."""


@dataclass(frozen=True)
class Value:
    """What a node sends, in Keras.

    Args:
        tensor: of Keras, channels last.
        order: how the node's output is arranged.
    """

    tensor: Any
    order: np.ndarray

    @property
    def shape(self) -> Shape:
        """Of the Keras tensor, without the batch."""
        return tuple(self.tensor.shape[1:])

    @property
    def images(self) -> bool:
        """Whether it is a tensor with channels."""
        return is_channels_first(self.order, self.shape)


def relu_network(
    graph: nir.NIRGraph, path: Path, input_shape: Shape | None, dtype: str | None
) -> tuple[keras.Model, tuple[str, ...]]:
    """A feed-forward graph as a ReLU network.

    Args:
        graph: of any tool.
        path: its file, for messages.
        input_shape: of the data, channels last, if it is known.
        dtype: of the network; None for float32.

    Returns:
        The network, and what the user should know.

    Raises:
        ModelError: nodes that stand for no layer of a ReLU network; names all of them.
    """
    reading = Reading(graph, input_shape, dtype or "float32")
    obstacles = []
    for name in in_order(graph, str(path)):
        try:
            reading.add(name)
        except ObstacleError as error:
            obstacles.append(f"node '{name}' ({type(graph.nodes[name]).__name__}): {error}")
        except Exception as error:  # Keras says in its own words what does not fit
            reason = str(error).strip().splitlines() or [type(error).__name__]
            obstacles.append(f"node '{name}' ({type(graph.nodes[name]).__name__}): {reason[0][:200]}")
    if not obstacles and len(reading.outputs) != 1:
        obstacles.append(f"the graph has {len(reading.outputs)} outputs that are reached; one is read")
    if obstacles:
        raise ModelError(
            f"{path} is no network that snnctl can read: {'; '.join(obstacles)}.",
            todo="Feed-forward graphs of Affine, Linear, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, Scale and IF "
            "are read.",
        )
    return keras.Model(reading.input, reading.outputs[0], name=_legal(path.stem)), tuple(reading.notes)


@dataclass
class Reading:
    """A network in the making.

    Args:
        graph: in NIR.
        input_shape: of the data, if it is known.
        dtype: of the network.
    """

    graph: nir.NIRGraph
    input_shape: Shape | None
    dtype: str
    values: dict[str, Value] = field(default_factory=dict)
    outputs: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    input: Any = None

    def __post_init__(self) -> None:
        self.sources = sources(self.graph)

    def add(self, name: str) -> None:
        """One node; nothing where one that it reads was refused.

        Raises:
            ObstacleError: it stands for no layer.
        """
        node = self.graph.nodes[name]
        if isinstance(node, nir.Input):
            self.values[name] = self.given(node)
            return
        if type(node) in WHY_NOT:
            raise ObstacleError(WHY_NOT[type(node)])
        if not self.sources[name]:
            raise ObstacleError("nothing leads to it")
        if any(source not in self.values for source in self.sources[name]):
            return
        value = self.summed(name, [self.values[source] for source in self.sources[name]])
        if isinstance(node, nir.Output):
            self.outputs.append(value.tensor)
            return
        if type(node) not in MAKERS:
            raise ObstacleError("nodes of this kind are not known")
        self.values[name] = MAKERS[type(node)](self, name, node, value)

    def layer(self, cls: type[keras.layers.Layer], name: str, *args: Any, **options: Any) -> keras.layers.Layer:
        """A layer called after a node."""
        wanted, number = _legal(name), 1
        unique = wanted
        while unique in self.names:
            number += 1
            unique = f"{wanted}_{number}"
        self.names.add(unique)
        return cls(*args, **options, name=unique, dtype=self.dtype)

    def given(self, node: nir.Input) -> Value:
        """The input; one in a row is an image if the data are images of as many values.

        Raises:
            ObstacleError: another input, or a shape that is none of a sample.
        """
        if self.input is not None:
            raise ObstacleError("it is one more input; networks with one are read")
        sides = [int(side) for side in node.input_type["input"]]
        if not 1 <= len(sides) <= 3 or min(sides) < 1:
            raise ObstacleError(f"its shape {tuple(sides)} is none of a row of values or of an image (C, H, W)")
        data = self.input_shape
        if len(sides) == 1 and data is not None and len(data) > 1 and int(np.prod(data)) == sides[0]:
            self.input = keras.Input(data, dtype=self.dtype, name="input")
            self.notes.append(f"the input of {sides[0]} values is read as images of shape {data}, channel by channel")
            flat = self.layer(L.Flatten, "flattened_input")(self.input)
            return Value(flat, channels_first(data).reshape(-1))
        shape = (*sides[1:], sides[0])
        self.input = keras.Input(shape, dtype=self.dtype, name="input")
        return Value(self.input, channels_first(shape))

    def summed(self, name: str, values: list[Value]) -> Value:
        """What edges to one node add up to.

        Raises:
            ObstacleError: they do not fit together.
        """
        first = values[0]
        if len(values) == 1:
            return first
        if any(not np.array_equal(value.order, first.order) for value in values):
            raise ObstacleError("its edges bring tensors of different shapes or arrangements")
        return Value(self.layer(L.Add, f"{name}_sum")([value.tensor for value in values]), first.order)

    # Linear nodes

    def affine(self, name: str, node: Any, value: Value) -> Value:
        """``W x + b`` of a row."""
        weight = np.asarray(node.weight)
        if weight.ndim != 2 or value.order.ndim != 1 or len(value.shape) != 1:
            raise ObstacleError(f"weights of shape {weight.shape} and an input of shape {value.order.shape}")
        if weight.shape[1] != value.order.size:
            raise ObstacleError(f"it takes {weight.shape[1]} values and is given {value.order.size}")
        bias = getattr(node, "bias", None)
        layer = self.layer(L.Dense, name, len(weight), use_bias=bias is not None)
        tensor = layer(value.tensor)
        kernel = np.empty(weight.T.shape, weight.dtype)
        kernel[value.order] = weight.T
        layer.set_weights([kernel] if bias is None else [kernel, np.asarray(bias)])
        return Value(tensor, np.arange(len(weight)))

    def convolved(self, name: str, node: Any, value: Value) -> Value:
        """A convolution, zeros around it first."""
        axes = 1 if isinstance(node, nir.Conv1d) else 2
        if not value.images or len(value.shape) != axes + 1:
            raise ObstacleError(f"it is given a tensor of shape {value.order.shape}")
        weight = np.asarray(node.weight)
        stride, dilation = _sides(node.stride, axes), _sides(node.dilation, axes)
        if max(stride) > 1 and max(dilation) > 1:
            raise ObstacleError("it has both strides and dilations, which Keras has not")
        mode = node.padding if isinstance(node.padding, str) else "valid"
        if mode == "same" and max(stride) > 1:
            raise ObstacleError("padding 'same' and strides: tools differ in what that means")
        tensor = value.tensor if isinstance(node.padding, str) else self.padded(name, value, _sides(node.padding, axes))
        cls = L.Conv1D if axes == 1 else L.Conv2D
        layer = self.layer(
            cls, name, len(weight), weight.shape[2:], stride, mode, dilation_rate=dilation, groups=int(node.groups)
        )
        tensor = layer(tensor)
        layer.set_weights([np.moveaxis(weight, (0, 1), (-1, -2)), np.asarray(node.bias)])
        return Value(tensor, channels_first(tuple(tensor.shape[1:])))

    def padded(self, name: str, value: Value, margins: tuple[int, ...]) -> Any:
        """The tensor with zeros around it."""
        if not any(margins):
            return value.tensor
        cls = L.ZeroPadding1D if len(margins) == 1 else L.ZeroPadding2D
        return self.layer(cls, f"{name}_padding", margins if len(margins) > 1 else margins[0])(value.tensor)

    def pooled(self, name: str, node: Any, value: Value) -> Value:
        """Sums and averages; zeros around an image are counted."""
        if not value.images or len(value.shape) != 3:
            raise ObstacleError(f"it is given a tensor of shape {value.order.shape}")
        size, stride = _sides(node.kernel_size, 2), _sides(node.stride, 2)
        tensor = self.padded(name, value, _sides(node.padding, 2))
        tensor = self.layer(L.AveragePooling2D, name, size, stride)(tensor)
        pooled = Value(tensor, channels_first(tuple(tensor.shape[1:])))
        if isinstance(node, nir.AvgPool2d):
            return pooled
        return self.times(f"{name}_members", pooled, np.full(pooled.shape[-1], float(np.prod(size))))

    def flattened(self, name: str, node: Any, value: Value) -> Value:
        """A tensor in a row."""
        last = value.order.ndim - 1
        start, end = int(node.start_dim), int(node.end_dim) % (last + 1)
        if value.order.ndim == 1 or start == end:
            return value
        if (start, end) != (0, last):
            raise ObstacleError(f"it puts the dimensions from {start} to {end} in a row, not all of them")
        return Value(self.layer(L.Flatten, name)(value.tensor), value.order.reshape(-1))

    def scaled(self, name: str, node: Any, value: Value) -> Value:
        """A factor for each element."""
        return self.times(name, value, self.by_channel(np.asarray(node.scale), value))

    def fired(self, name: str, node: Any, value: Value) -> Value:
        """The rates of IF neurons."""
        room = np.asarray(node.v_threshold, np.float64) - node.v_reset
        if np.any(room <= 0) or np.any(np.asarray(node.r) <= 0):
            raise ObstacleError("R and v_threshold - v_reset must be positive")
        factor = self.by_channel(np.asarray(node.r) / room, value)
        if RATES not in self.notes:
            self.notes.append(RATES)
        scaled = self.times(f"{name}_rate", value, factor)
        return Value(self.layer(L.ReLU, name)(scaled.tensor), value.order)

    # Factors

    def by_channel(self, factor: np.ndarray, value: Value) -> np.ndarray:
        """A factor for each element of a tensor, (channels,) of Keras.

        Raises:
            ObstacleError: of another shape, or one that differs within a channel.
        """
        if factor.size == 1:
            return np.full(value.shape[-1], float(factor.reshape(())))
        if factor.shape == value.order.shape[:1] and value.order.ndim > 1:
            return factor
        if factor.shape != value.order.shape:
            raise ObstacleError(f"its parameters are of shape {factor.shape}, its input of {value.order.shape}")
        rows = to_keras(factor, value.order, value.shape).reshape(-1, value.shape[-1])
        if np.any(rows != rows[0]):
            raise ObstacleError("its parameters differ within a channel")
        return rows[0]

    def times(self, name: str, value: Value, factor: np.ndarray) -> Value:
        """A factor for each channel: a batch normalisation that does nothing else."""
        if np.all(factor == 1):
            return value
        layer = self.layer(L.BatchNormalization, name, epsilon=0.0, center=False)
        tensor = layer(value.tensor)
        layer.set_weights([factor, np.zeros_like(factor), np.ones_like(factor)])
        return Value(tensor, value.order)


MAKERS: dict[type, Callable[[Reading, str, Any, Value], Value]] = {
    nir.Affine: Reading.affine,
    nir.Linear: Reading.affine,
    nir.Conv1d: Reading.convolved,
    nir.Conv2d: Reading.convolved,
    nir.SumPool2d: Reading.pooled,
    nir.AvgPool2d: Reading.pooled,
    nir.Flatten: Reading.flattened,
    nir.Scale: Reading.scaled,
    nir.IF: Reading.fired,
}


def _sides(numbers: Any, axes: int) -> tuple[int, ...]:
    found = np.broadcast_to(np.asarray(numbers).reshape(-1), (axes,))
    return tuple(int(number) for number in found)


def _legal(name: str) -> str:
    """A name that Keras takes for a layer."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name) or "nir"
