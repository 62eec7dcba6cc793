"""From a spiking network of Keras layers to a network as plain data, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import keras
import numpy as np

from snnctl.conversion.graph import Graph, Step, extra_arguments, graph_of
from snnctl.errors import ModelError
from snnctl.events.network import Coding, Hardware, Kind, Network, Pools, Population, Projection, Readout, threshold_for
from snnctl.lowering.linear import NOTHING
from snnctl.lowering.merging import Term, merged
from snnctl.lowering.neurons import fixed_shapes, members, offsets, slopes, timing
from snnctl.lowering.signals import Signal, Spikes, currents, kernels, projection, synapse_groups, thresholds, wired
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import constraints_of
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.integration import Readout as ReadoutLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer


def lower(model: keras.Model) -> Network:
    """A spiking network as plain data, in float64.

    Args:
        model: a functional or Sequential model of snnctl's spiking layers and of linear Keras layers between them.

    Raises:
        ModelError: it is no spiking network, its input's size is not fixed, or it has a layer that is not known.
        ConversionError: it has several inputs, or computes with a call method of its own.
    """
    graph = graph_of(model)
    shapes = fixed_shapes(graph)
    if not any(isinstance(step.layer, IntegratingLayer) for step in graph.steps):
        raise ModelError(f"model '{model.name}' is no spiking network", todo="Convert it first: `snnctl convert`.")
    lowering = Lowering(graph, shapes)
    for step in graph.steps:
        lowering.add(step)
    return lowering.network()


class Lowering:
    """A network in the making: what its layers are so far, and the signals between them."""

    def __init__(self, graph: Graph, shapes: Mapping[int, tuple[int, ...]]) -> None:
        self.graph, self.shapes = graph, shapes
        self.timing = timing(graph, shapes)
        self.constraints = constraints_of(graph.model)
        self.kernel = kernels(self.constraints)
        self.coding: Coding | None = None
        self.populations: dict[str, Population] = {}
        self.pools: list[Pools] = []
        self.projections: list[Projection] = []
        self.readouts: dict[int, Readout] = {}
        self.signals: dict[int, Signal] = {}
        self.ids = self.timing.neurons  # of spikes, so far
        if not any(isinstance(step.layer, InputCoding) for step in graph.steps):
            self.signals[graph.input] = self._input(self.timing.windows[0].layer)

    def network(self) -> Network:
        """All layers that were added.

        Raises:
            ModelError: an output of the model comes from another layer than a readout.
        """
        if not set(self.graph.outputs) <= set(self.readouts):
            raise ModelError("the network does not end in readouts", todo="Convert the network with snnctl.")
        populations = [self.populations[window.layer] for window in self.timing.windows]
        readouts = [self.readouts[key] for key in self.graph.outputs]
        hardware = Hardware(self.constraints.noise, self.constraints.time_bits, self.constraints.seed)
        return Network(self.coding, populations, self.pools, self.projections, readouts, hardware)

    def add(self, step: Step) -> None:
        """Adds a layer.

        Raises:
            ModelError: it is not known, or stands where it cannot.
        """
        layer, output = step.layer, step.outputs[0]
        if extra_arguments(step.arguments):
            raise ModelError("the layer is called with more than tensors of the network", where=step.place)
        if isinstance(layer, InputCoding):
            if self.coding is not None or step.inputs[0] != self.graph.input:
                raise ModelError("only the network's input is coded, and once", where=step.place)
            self.coding = Coding(layer.low, layer.high)
            self.signals[output] = self._input(step.name)
            return
        if not all(key in self.signals for key in step.inputs):
            raise ModelError("the layer reads what is not made of spikes", where=step.place)
        read = [self.signals[key] for key in step.inputs]
        if len({signal.level for signal in read}) > 1:
            raise ModelError("the layer reads spikes of different windows", where=step.place)
        if isinstance(layer, ReadoutLayer):
            self.readouts[output] = self._readout(step, read)
        elif isinstance(layer, SpikingLayer):
            self.signals[output] = self._spiking(step, read)
        elif isinstance(layer, (Relay, EarliestSpikePooling)):
            if not isinstance(read[0], Spikes):
                raise ModelError("the layer needs spikes and is given sums of them", where=step.place)
            self.signals[output] = (self._relay if isinstance(layer, Relay) else self._pools)(step, read[0])
        else:
            self.signals[output] = wired(layer, read, self.kernel, step.place)

    def _input(self, name: str) -> Spikes:
        """The population of the input, which integrates nothing; its spikes."""
        shape = self.shapes[self.graph.input]
        return self._population(name, "input", shape, np.zeros(prod(shape)), 0.0, np.ones(1))

    def _spiking(self, step: Step, read: Sequence[Signal]) -> Spikes:
        """The population of a spiking layer, and its synapses."""
        layer, window, shape = step.layer, self.timing.of(step.name), self.shapes[step.outputs[0]]
        groups = synapse_groups(layer, read, self.kernel, step.place)
        A, B = layer.A, slopes(layer, groups, prod(shape))
        integrating = self.timing.end(window.level - 1) - self.timing.end(window.level - 2)
        threshold = threshold_for(self._connected(step, groups), window.width, B, A, integrating)
        return self._population(step.name, "signed" if layer.signed else "spiking", shape, threshold, A, B)

    def _relay(self, step: Step, spikes: Spikes) -> Spikes:
        """The population of a relay layer: J = 1 and a threshold as high as the window is wide."""
        self._project(step.name, currents(spikes).terms)
        B, width = np.ones(1), self.timing.of(step.name).width
        threshold = threshold_for(np.zeros(spikes.ids.size), width, B)
        return self._population(step.name, "relay", spikes.shape, threshold, 0.0, B)

    def _pools(self, step: Step, spikes: Spikes) -> Spikes:
        """The pools of a pooling layer; their spikes have ids of their own."""
        pools = members(step.layer, spikes.ids)
        if pools.ids.size:
            self.pools.append(Pools(step.name, pools.shape, spikes.level, pools.start, pools.ids, pools.latest))
        ids = self.ids + np.cumsum(pools.passing).reshape(pools.passing.shape) - 1
        self.ids += len(pools.latest)
        return Spikes(np.where(pools.passing, ids, NOTHING), spikes.level)

    def _readout(self, step: Step, read: Sequence[Signal]) -> Readout:
        """A readout, and its synapses."""
        layer, level, shape = step.layer, read[0].level + 1, self.shapes[step.outputs[0]]
        D = self._connected(step, synapse_groups(layer, read, self.kernel, step.place))
        start, t_read = self.timing.end(level - 2), self.timing.end(level - 1)
        return Readout(step.name, shape, level, start, t_read, D, layer.decoding, layer.max_value)

    def _connected(self, step: Step, groups: Sequence[Sequence[Term]]) -> np.ndarray:
        """Adds the projections to a layer, each synapse group by itself; D of its neurons."""
        for terms in groups:
            self._project(step.name, terms)
        return offsets(step.layer, thresholds(step.layer, self.constraints), self.shapes[step.outputs[0]])

    def _project(self, target: str, terms: Sequence[Term]) -> None:
        """Adds the projections to a population or readout."""
        self.projections += [projection(target, term) for term in merged(terms)]

    def _population(
        self, name: str, kind: Kind, shape: tuple[int, ...], threshold: np.ndarray, A: float, B: np.ndarray
    ) -> Spikes:
        """Adds a population; its spikes."""
        window, count = self.timing.of(name), prod(shape)
        start, end = self.timing.end(window.level - 2), self.timing.end(window.level - 1)
        times = start, end, window.t_min, window.t_max
        self.populations[name] = Population(
            name, kind, shape, window.level, *times, threshold, A, B, low=np.zeros(count)
        )
        return Spikes(self.timing.first[name] + np.arange(count).reshape(shape), window.level)
