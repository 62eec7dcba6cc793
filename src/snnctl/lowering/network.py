"""From a spiking network of Keras layers to a network as plain data, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import keras
import numpy as np

from snnctl.conversion.graph import Graph, Step, extra_arguments, graph_of
from snnctl.errors import ModelError
from snnctl.events.network import Coding, Hardware, Kind, Network, Pools, Population, Projection, Readout
from snnctl.lowering import neurons as of_neurons
from snnctl.lowering.merging import Term, merged
from snnctl.lowering.neurons import Neurons
from snnctl.lowering.pools import members
from snnctl.lowering.signals import Signal, Spikes, currents, wired
from snnctl.lowering.synapses import kernels, projection, synapse_groups, thresholds
from snnctl.lowering.timing import Timing, timing
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constraints_of
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.readout import Readout as ReadoutLayer
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer

NOTHING = -1


def lower(model: keras.Model) -> Network:
    """A spiking network as plain data, in float64.

    Args:
        model: a functional or Sequential model of snnctl's spiking layers and of linear Keras layers between them.

    Raises:
        ModelError: it is no spiking network, its input's size is not fixed, or it has a layer that is not known.
        ConversionError: it has several inputs, or computes with a call method of its own.
    """
    graph = graph_of(model)
    if any(side is None for shape in graph.shapes.values() for side in shape):
        raise ModelError(
            f"the input's size is not fixed: {graph.shapes[graph.input]}",
            todo="Convert the network with a fixed input size.",
        )
    if not any(isinstance(step.layer, IntegratingLayer) for step in graph.steps):
        raise ModelError(f"model '{model.name}' is no spiking network", todo="Convert it first: `snnctl convert`.")
    lowering = Lowering(graph, timing(graph.model, graph), constraints_of(graph.model))
    for step in graph.steps:
        lowering.add(step)
    return lowering.network()


@dataclass
class Lowering:
    """A network in the making.

    Args:
        graph: the layers and how they are connected.
        timing: windows and spike ids.
        constraints: of the hardware.
    """

    graph: Graph
    timing: Timing
    constraints: Constraints
    coding: Coding | None = None
    populations: dict[str, Population] = field(default_factory=dict)
    pools: list[Pools] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    readouts: dict[int, Readout] = field(default_factory=dict)
    signals: dict[int, Signal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spike_ids = self.timing.neurons
        if not any(isinstance(step.layer, InputCoding) for step in self.graph.steps):
            self.signals[self.graph.input] = self.input_spikes(self.timing.windows[0].layer)

    def network(self) -> Network:
        """What was made."""
        order = [self.populations[window.layer] for window in self.timing.windows]
        readouts = [self.readout_of(key) for key in self.graph.outputs]
        hardware = Hardware(self.constraints.noise, self.constraints.time_bits, self.constraints.seed)
        return Network(self.coding, order, self.pools, self.projections, readouts, hardware)

    def readout_of(self, key: int) -> Readout:
        """The readout that an output of the model comes from.

        Raises:
            ModelError: it comes from another layer.
        """
        if key not in self.readouts:
            raise ModelError("the network does not end in readouts", todo="Convert the network with snnctl.")
        return self.readouts[key]

    # Steps

    def add(self, step: Step) -> None:
        """One layer.

        Raises:
            ModelError: it is not known, or stands where it cannot.
        """
        layer = step.layer
        if extra_arguments(step.arguments):
            raise ModelError("the layer is called with more than tensors of the network", where=step.place)
        if isinstance(layer, InputCoding):
            self.signals[step.outputs[0]] = self.coded(step)
            return
        read = [self.read(key, step) for key in step.inputs]
        if len({signal.level for signal in read}) > 1:
            raise ModelError("the layer reads spikes of different windows", where=step.place)
        if isinstance(layer, ReadoutLayer):
            self.read_out(step, read)
        else:
            self.signals[step.outputs[0]] = self.made(step, read)

    def read(self, key: int, step: Step) -> Signal:
        """What a layer reads.

        Raises:
            ModelError: values that are no spikes, or a readout's.
        """
        if key not in self.signals:
            raise ModelError("the layer reads what is not made of spikes", where=step.place)
        return self.signals[key]

    def made(self, step: Step, read: Sequence[Signal]) -> Signal:
        """The spikes or currents that a layer passes on."""
        layer = step.layer
        if isinstance(layer, SpikingLayer):
            return self.fired(step, read)
        if isinstance(layer, Relay):
            return self.relayed(step, self.spikes(read[0], step))
        if isinstance(layer, EarliestSpikePooling):
            return self.pooled(step, self.spikes(read[0], step))
        return wired(layer, read, kernels(self.constraints), step.place)

    def spikes(self, signal: Signal, step: Step) -> Spikes:
        """The signal, if it is single spikes.

        Raises:
            ModelError: it is sums of them.
        """
        if not isinstance(signal, Spikes):
            raise ModelError("the layer needs spikes and is given sums of them", where=step.place)
        return signal

    # Neurons

    def coded(self, step: Step) -> Spikes:
        """The input.

        Raises:
            ModelError: it is coded elsewhere too, or behind other layers.
        """
        if self.coding is not None or step.inputs[0] != self.graph.input:
            raise ModelError("only the network's input is coded, and once", where=step.place)
        self.coding = Coding(step.layer.low, step.layer.high)
        return self.input_spikes(step.name)

    def input_spikes(self, name: str) -> Spikes:
        """The population of the input."""
        shape = self.shape(self.graph.input)
        return self.population(name, "input", shape, of_neurons.coded(prod(shape)))

    def fired(self, step: Step, read: Sequence[Signal]) -> Spikes:
        """A spiking layer."""
        layer, window = step.layer, self.timing.of(step.name)
        groups = synapse_groups(step.layer, read, kernels(self.constraints), step.place)
        shape = self.shape(step.outputs[0])
        count = prod(shape)
        slopes = np.zeros(count)
        if layer.neuron != "b1":
            for terms in groups:
                slopes += of_neurons.weights_in(terms, count)
        D = self.connected(step, groups, shape)
        integrating = self.timing.end(window.level - 1) - self.timing.end(window.level - 2)
        parameters = of_neurons.spiking(layer, D, slopes, window, integrating)
        return self.population(step.name, "signed" if layer.signed else "spiking", shape, parameters)

    def relayed(self, step: Step, spikes: Spikes) -> Spikes:
        """A relay layer."""
        self.project(step.name, [merged(currents(spikes).terms)])
        neurons = of_neurons.relaying(prod(spikes.shape), self.timing.of(step.name))
        return self.population(step.name, "relay", spikes.shape, neurons)

    def pooled(self, step: Step, spikes: Spikes) -> Spikes:
        """A pooling layer; its spikes have ids of their own."""
        found = members(step.layer, spikes.ids)
        if found.ids.size:
            self.pools.append(Pools(step.name, found.shape, spikes.level, found.start, found.ids, found.latest))
        numbers = self.spike_ids + np.cumsum(found.passing).reshape(found.passing.shape) - 1
        ids = np.where(found.passing, numbers, NOTHING)
        self.spike_ids += len(found.latest)
        return Spikes(ids, spikes.level)

    def read_out(self, step: Step, read: Sequence[Signal]) -> None:
        """A readout."""
        layer, level, shape = step.layer, read[0].level + 1, self.shape(step.outputs[0])
        groups = synapse_groups(layer, read, kernels(self.constraints), step.place)
        D = self.connected(step, groups, shape)
        start, t_read = self.timing.end(level - 2), self.timing.end(level - 1)
        self.readouts[step.outputs[0]] = Readout(
            step.name, shape, level, start, t_read, D, layer.decoding, layer.max_value
        )

    # Synapses

    def connected(self, step: Step, groups: Sequence[Sequence[Term]], shape: tuple[int, ...]) -> np.ndarray:
        """Makes the projections of a layer; D of its neurons."""
        self.project(step.name, [merged(terms) for terms in groups])
        return of_neurons.offsets(step.layer, thresholds(step.layer, self.constraints), shape)

    def project(self, target: str, groups: Sequence[Sequence[Term]]) -> None:
        """The projections to a population or readout."""
        self.projections += [projection(target, term) for terms in groups for term in terms]

    def population(self, name: str, kind: Kind, shape: tuple[int, ...], parameters: Neurons) -> Spikes:
        """Adds a population; its spikes."""
        window, first, count = self.timing.of(name), self.timing.first[name], prod(shape)
        self.populations[name] = Population(
            name=name,
            kind=kind,
            shape=shape,
            level=window.level,
            start=self.timing.end(window.level - 2),
            end=self.timing.end(window.level - 1),
            t_min=window.t_min,
            t_max=window.t_max,
            threshold=parameters.threshold,
            A=parameters.A,
            B=parameters.B,
            low=np.zeros(count),
        )
        return Spikes(first + np.arange(count).reshape(shape), window.level)

    def shape(self, key: int) -> tuple[int, ...]:
        """Of a tensor, without the batch."""
        return tuple(side or 0 for side in self.graph.shapes[key])
