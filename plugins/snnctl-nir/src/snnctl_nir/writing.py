"""From a spiking network to a NIR graph, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from math import prod
from typing import Any

import keras
import nir
import numpy as np

from snnctl.conversion.graph import Graph, Step, graph_of
from snnctl.errors import ModelError
from snnctl.events.network import Network, Population
from snnctl.lowering.linear import Kernel, kernels
from snnctl.models.network import dtype_of
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import constraints_of, unwrapped
from snnctl.ttfs.integration import IntegratingLayer, Readout
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl_nir.arrangement import Shape, channels_first, in_a_row, side_by_side, to_nir
from snnctl_nir.fields import FORMAT, VERSION, packed, plain
from snnctl_nir.forms import (
    Expressed,
    Read,
    TooLargeError,
    UnknownLayerError,
    express,
    flatten,
    gain,
    identity,
    permutation,
)
from snnctl_nir.pools import deciding

INPUT, OUTPUT = "input", "output"


@dataclass(frozen=True)
class Signal:
    """What a node sends.

    Args:
        node: its name; empty behind a layer that was refused.
        order: how it is arranged.
        shape: of the Keras tensor, without the batch.
        gain: largest sum of weights through which spikes reach an element.
    """

    node: str
    order: np.ndarray
    shape: Shape
    gain: float = 1.0


@dataclass
class Written:
    """What became of a network.

    Args:
        graph: in NIR.
        counts: of what NIR has no word for, by what it is.
        listed: layers that are written as matrices.
        widened: grouped convolutions that are written as ordinary ones.
    """

    graph: nir.NIRGraph
    counts: Counter[str]
    listed: list[str]
    widened: list[str]


def written(network: Network, model: keras.Model, name: str, largest: int) -> Written:
    """The network as a NIR graph.

    Args:
        network: as plain data.
        model: the same network of Keras layers, under its constraints.
        name: what it is called.
        largest: how many weights a node may have that are none of Keras's.

    Raises:
        ModelError: layers that NIR cannot hold; names all of them.
    """
    constraints = constraints_of(model)
    graph = graph_of(model)
    writing = Writing(network, graph, dtype_of(model), kernels(constraints), largest)
    for step in graph.steps:
        writing.add(step)
    writing.end()
    if writing.obstacles:
        raise refusal(writing.obstacles, largest)
    times = constraints.times_only().in_force()
    about = packed(
        format=FORMAT,
        version=VERSION,
        name=name,
        dtype=writing.dtype,
        latency=writing.latency,
        constraints=times or None,
    )
    made = nir.NIRGraph(writing.nodes, writing.edges, metadata=about)
    return Written(made, writing.counts, writing.listed, writing.widened)


def refusal(obstacles: Sequence[tuple[str, str]], largest: int) -> ModelError:
    """One error for all layers that stand against it."""
    lines = "; ".join(f"{place} {reason}" for place, reason in obstacles)
    return ModelError(
        f"NIR cannot hold this network: {lines}.",
        todo=f"As lists of weights, at most {largest} of them are written for a layer (--to-opt largest=...). "
        "`--to npz` writes any network.",
    )


@dataclass
class Writing:
    """A graph in the making.

    Args:
        network: as plain data, for thresholds and windows.
        graph: the Keras layers and how they are connected.
        dtype: of the weights.
        weights: gives those of a layer, as the hardware has them.
        largest: how many weights a node may have that are none of Keras's.
    """

    network: Network
    graph: Graph
    dtype: str
    weights: Kernel
    largest: int
    nodes: dict[str, nir.NIRNode] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    signals: dict[int, Signal] = field(default_factory=dict)
    obstacles: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    listed: list[str] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.populations = {population.name: population for population in self.network.populations}
        self.latency = max(readout.t_read for readout in self.network.readouts)
        coding = self.network.coding
        first = self.network.populations[0]
        order = channels_first(first.shape)
        about = packed(
            role="input",
            layer=first.name if coding else None,
            low=coding.low if coding else None,
            high=coding.high if coding else None,
            t_min=first.t_min,
            t_max=first.t_max,
        )
        self.nodes[INPUT] = nir.Input(np.array(order.shape), metadata=about)
        self.signals[self.graph.input] = Signal(INPUT, order, first.shape)

    # Steps

    def add(self, step: Step) -> None:
        """One layer."""
        layer = unwrapped(step.layer)
        read = [self.signals[key] for key in step.inputs]
        if isinstance(layer, InputCoding):
            self.signals[step.outputs[0]] = read[0]
        elif isinstance(layer, Readout):
            self.signals[step.outputs[0]] = self.read_out(step, read)
        elif isinstance(layer, (SpikingLayer, Relay)):
            self.signals[step.outputs[0]] = self.fired(step, read)
        elif isinstance(layer, EarliestSpikePooling):
            self.signals[step.outputs[0]] = self.pooled(step, read[0])
        elif isinstance(layer, (keras.layers.Add, keras.layers.Concatenate)):
            self.signals[step.outputs[0]] = self.merged(step, read)
        else:
            shape = self.shape(step)
            self.signals[step.outputs[0]] = self.through(layer, read[0], shape, "wiring", step.place)

    def end(self) -> None:
        """The outputs."""
        for number, key in enumerate(self.graph.outputs):
            signal = self.signals[key]
            node = nir.Output(np.array(signal.order.shape), metadata=packed(role="output", number=number))
            self.connected(OUTPUT, node, [signal])

    def shape(self, step: Step) -> Shape:
        """Of what a layer makes, without the batch."""
        return tuple(side or 0 for side in self.graph.shapes[step.outputs[0]])

    # Nodes

    def named(self, wanted: str) -> str:
        """A name that no node has yet; in a file, names are paths."""
        wanted = wanted.replace("/", "_")
        if wanted not in self.nodes:
            return wanted
        return next(f"{wanted}_{number}" for number in count(2) if f"{wanted}_{number}" not in self.nodes)

    def connected(self, name: str, node: nir.NIRNode, sources: Sequence[Signal]) -> str:
        """Adds a node with edges from its sources; each once, as NIR wants it."""
        name = self.named(name)
        seen: set[str] = set()
        for source in sources:
            if not source.node:
                continue
            start = source.node
            if start in seen:
                start = self.named(f"{name}_again")
                self.nodes[start] = nir.Scale(np.ones(source.order.shape, self.dtype), metadata=packed(role="part"))
                self.edges.append((source.node, start))
            seen.add(start)
            self.edges.append((start, name))
        self.nodes[name] = node
        return name

    def chained(self, name: str, expressed: Expressed, source: Signal, about: dict[str, Any]) -> Signal:
        """Adds the nodes of a layer behind a signal; ``about`` is told by the main one."""
        signal = source
        for number, node in enumerate(expressed.nodes):
            main = number == expressed.main
            node.metadata = about if main else packed(role="part")
            added = self.connected(name if main else f"{name}_{type(node).__name__.lower()}", node, [signal])
            signal = Signal(added, signal.order, signal.shape, signal.gain * gain(node))
        return Signal(signal.node, expressed.order, expressed.shape, signal.gain)

    def through(self, layer: Any, source: Signal, shape: Shape, role: str, place: str) -> Signal:
        """The signal behind a linear layer."""
        expressed = self.expressed(layer, source, place)
        if expressed is None:
            return Signal("", in_a_row(shape), shape)
        config = plain(layer.get_config())
        about = packed(role=role, layer=layer.name, keras=type(layer).__name__, config=config)
        return self.chained(layer.name, expressed, source, about)

    def expressed(self, layer: Any, source: Signal, place: str) -> Expressed | None:
        """The layer's nodes; None, and an obstacle, where there are none."""
        read = Read(source.shape, source.order, lambda each: self.weights(each).astype(self.dtype), *self.limits)
        try:
            expressed = express(layer, read)
        except TooLargeError as error:
            self.obstacles.append((place, _too_large(error)))
            return None
        except UnknownLayerError:
            self.obstacles.append((place, f"has a {type(layer).__name__}, which is of no kind that NIR has"))
            return None
        self.listed += [layer.name] * expressed.listed
        self.widened += [layer.name] * expressed.widened
        return expressed

    @property
    def limits(self) -> tuple[str, int]:
        """Type and number of weights that no layer holds."""
        return self.dtype, self.largest

    # Several signals

    def aligned(self, name: str, signals: Sequence[Signal], place: str) -> list[Signal]:
        """Signals of one shape, arranged alike."""
        first = signals[0].order
        if all(np.array_equal(signal.order, first) for signal in signals):
            return list(signals)
        return [self.unrolled(f"{name}_{number}", signal, place) for number, signal in enumerate(signals, start=1)]

    def unrolled(self, name: str, signal: Signal, place: str) -> Signal:
        """A signal in a row, as Keras counts its elements."""
        row = in_a_row(signal.shape)
        if np.array_equal(signal.order, row):
            return signal
        try:
            nodes = permutation(signal.order, signal.shape, self.largest, self.dtype)
        except TooLargeError as error:
            self.obstacles.append((place, _too_large(error)))
            return Signal("", row, signal.shape)
        expressed = Expressed(nodes, len(nodes) - 1, row, signal.shape)
        return self.chained(f"{name}_row", expressed, signal, packed(role="row"))

    def merged(self, step: Step, read: Sequence[Signal]) -> Signal:
        """Sums and concatenations; a node that changes nothing says which."""
        layer, shape = step.layer, self.shape(step)
        if isinstance(layer, keras.layers.Add):
            signals = self.aligned(step.name, read, step.place)
            inputs, total = signals, sum(signal.gain for signal in signals)
        else:
            signals, inputs = self.embedded(step, read), list(read)
            total = max(signal.gain for signal in signals)
        order = signals[0].order
        about = packed(
            role="wiring",
            layer=layer.name,
            keras=type(layer).__name__,
            config=plain(layer.get_config()),
            inputs=[signal.node for signal in inputs],
        )
        node = identity(order)
        node.metadata = about
        return Signal(self.connected(step.name, node, signals), order, shape, total)

    def embedded(self, step: Step, read: Sequence[Signal]) -> list[Signal]:
        """Tensors that Keras joins, each with zeros where the others stand: their sum is the whole."""
        axis, shape = step.layer.axis, self.shape(step)
        axis = axis - 1 if axis > 0 else axis
        along_channels = axis in (-1, len(shape) - 1) and len(shape) in (2, 3)
        images = [Read(each.shape, each.order, lambda _: np.empty(0), *self.limits).images for each in read]
        if along_channels and all(images):
            return self.stacked(step, read)
        found = []
        for signal, numbers in zip(read, side_by_side([each.shape for each in read], axis), strict=True):
            if prod(shape) * len(numbers) > self.largest:
                self.obstacles.append((step.place, _too_large(TooLargeError(prod(shape) * len(numbers)))))
                found.append(Signal("", in_a_row(shape), shape))
                continue
            matrix = np.zeros((prod(shape), len(numbers)), self.dtype)
            matrix[numbers[signal.order.reshape(-1)], np.arange(len(numbers))] = 1
            before = (flatten(signal.order),) if signal.order.ndim > 1 else ()
            expressed = Expressed((*before, nir.Linear(matrix)), len(before), in_a_row(shape), shape)
            found.append(self.chained(f"{step.name}_part", expressed, signal, packed(role="part")))
        return found

    def stacked(self, step: Step, read: Sequence[Signal]) -> list[Signal]:
        """Images joined along their channels: convolutions of one tap."""
        shape, first, found = self.shape(step), 0, []
        for signal in read:
            channels, sides = signal.shape[-1], signal.shape[:-1]
            weight = np.zeros((shape[-1], channels, *(1 for _ in sides)), self.dtype)
            weight.reshape(shape[-1], channels)[first : first + channels] = np.eye(channels)
            bias = np.zeros(shape[-1], self.dtype)
            node: nir.NIRNode = (
                nir.Conv2d(sides, weight, (1, 1), (0, 0), (1, 1), 1, bias)
                if len(sides) == 2
                else nir.Conv1d(sides[0], weight, 1, 0, 1, 1, bias)
            )
            expressed = Expressed((node,), 0, channels_first(shape), shape)
            found.append(self.chained(f"{step.name}_part", expressed, signal, packed(role="part")))
            first += channels
        return found

    # Neurons

    def integrated(self, step: Step, read: Sequence[Signal]) -> Signal:
        """The sum of the currents that spikes cause: an integrator makes steps of them."""
        layer = step.layer
        groups = list(layer.groups()) if isinstance(layer, IntegratingLayer) else [[]]
        reached = []
        for group, signal in zip(groups, read, strict=True):
            for synapses in group:
                shape = tuple(synapses.compute_output_shape((None, *signal.shape)))[1:]
                signal = self.through(synapses, signal, shape, "synapses", step.place)
            reached.append(signal)
        signals = self.aligned(f"{step.name}_current", reached, step.place)
        order = signals[0].order
        about = packed(role="currents", inputs=[signal.node for signal in signals])
        node = nir.I(np.ones(order.shape, self.dtype), metadata=about)
        name = self.connected(f"{step.name}_current", node, signals)
        return Signal(name, order, signals[0].shape, sum(signal.gain for signal in signals))

    def fired(self, step: Step, read: Sequence[Signal]) -> Signal:
        """A spiking or relay layer."""
        layer, population = step.layer, self.populations[step.name]
        currents = self.integrated(step, read)
        order = currents.order
        threshold = to_nir(population.threshold, order)
        # A neuron fires once: no drive that is left lifts its potential up again from here.
        rise = self.latency * (currents.gain + float(np.abs(population.B).max()) + population.A + 1)
        node = nir.IF(
            r=np.ones(order.shape, self.dtype),
            v_threshold=threshold,
            v_reset=np.full(order.shape, min(float(threshold.min(initial=0)), 0.0) - rise),
            metadata={**self.timed(population, order), **settings(layer)},
        )
        self.count(layer, population)
        name = self.connected(step.name, node, [currents])
        return Signal(name, order, population.shape)

    def timed(self, population: Population, order: np.ndarray) -> dict[str, Any]:
        """Windows and slopes."""
        B = population.B
        return packed(
            role="neurons",
            layer=population.name,
            kind=population.kind,
            level=population.level,
            start=population.start,
            end=population.end,
            t_min=population.t_min,
            t_max=population.t_max,
            A=population.A,
            B=float(B[0]) if B.size == 1 else to_nir(B, order),
        )

    def count(self, layer: Any, population: Population) -> None:
        """What notes will be about."""
        self.counts[population.kind] += population.neurons
        if isinstance(layer, SpikingLayer) and layer.neuron != "b1":
            self.counts[layer.neuron] += population.neurons

    def pooled(self, step: Step, source: Signal) -> Signal:
        """A pooling by first spike: the sum of its members' spikes, and neurons that fire at the one that decides."""
        layer = step.layer
        expressed = self.expressed(layer, source, step.place)
        if expressed is None:
            return Signal("", in_a_row(self.shape(step)), self.shape(step))
        sign = keras.ops.convert_to_numpy(layer.sign) if layer.signed else None
        about = packed(
            role="pools", layer=layer.name, keras=type(layer).__name__, config=plain(layer.get_config()), sign=sign
        )
        summed = self.chained(f"{step.name}_sum", expressed, source, about)
        node = deciding(layer, source.shape, expressed.order, self.dtype)
        node.metadata = packed(role="part")
        self.counts["pools"] += prod(expressed.shape)
        return Signal(self.connected(step.name, node, [summed]), expressed.order, expressed.shape)

    def read_out(self, step: Step, read: Sequence[Signal]) -> Signal:
        """A readout: integrators whose potentials are the logits."""
        layer = step.layer
        readout = next(each for each in self.network.readouts if each.name == step.name)
        currents = self.integrated(step, read)
        order = currents.order
        about = packed(
            role="readout",
            layer=layer.name,
            start=readout.start,
            t_read=readout.t_read,
            D=to_nir(readout.D, order),
            decoding=readout.decoding,
            max_value=readout.max_value,
            source=list(layer.source),
            train_D=layer.train_D,
        )
        node = nir.I(np.ones(order.shape, self.dtype), metadata=about)
        self.counts["readout"] += readout.outputs
        return Signal(self.connected(step.name, node, [currents]), order, readout.shape)


def settings(layer: Any) -> dict[str, Any]:
    """How a layer of neurons goes on being trained, and its window in the layer's own precision."""
    if isinstance(layer, Relay):
        return packed(source=list(layer.source))
    return packed(
        source=list(layer.source),
        neuron=layer.neuron,
        width=float(keras.ops.convert_to_numpy(layer.width)),
        windows=layer.windows,
        gamma=layer.gamma,
        max_value=layer.max_value,
        train_D=layer.train_D,
    )


def _too_large(error: TooLargeError) -> str:
    return f"would be a list of {error.weights} weights"
