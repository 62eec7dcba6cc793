"""From a spiking network of Keras layers to a network as plain data, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod

import keras
import numpy as np

from snnctl.conversion.graph import Step, extra_arguments, graph_of
from snnctl.errors import ModelError
from snnctl.events.network import Coding, Hardware, Kind, Network, Pools, Population, Readout, threshold_for
from snnctl.lowering.linear import NOTHING, Shape, average, kernels, slid, slides, structure, thresholds
from snnctl.lowering.merging import Term, merged
from snnctl.lowering.signals import Currents, Signal, Spikes, behind, currents, mapped, projection
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import constraints_of
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import timeline

ONE = np.ones(1)  # the slope B of most neurons


def lower(model: keras.Model) -> Network:
    """A spiking network as plain data, in float64.

    Args:
        model: a functional or Sequential model of snnctl's spiking layers and of linear Keras layers between them.

    Raises:
        ModelError: it is no spiking network, its input's size is not fixed, or it has a layer that is not known.
        ConversionError: it has several inputs, or computes with a call method of its own.
    """
    return Lowering(model).network()


class Lowering:
    """A network in the making: its parts so far, and the signals between its layers.

    Args:
        model: see :func:`lower`, also for what is raised.
        counting: whether synapses are counted only: weights are left out, and a pool at which nothing can fire is one.
        pools: whether poolings become pools. If not, a pool's members are connected with what it reaches.
    """

    def __init__(self, model: keras.Model, counting: bool = False, pools: bool = True) -> None:
        self.graph = graph_of(model)
        if any(side is None for shape in self.graph.shapes.values() for side in shape):
            what = f"the input's size is not fixed: {self.graph.shapes[self.graph.input]}"
            raise ModelError(what, todo="Convert the network with a fixed input size.")
        self.shapes = {key: tuple(side or 0 for side in shape) for key, shape in self.graph.shapes.items()}
        if not any(isinstance(step.layer, IntegratingLayer) for step in self.graph.steps):
            raise ModelError(f"model '{model.name}' is no spiking network", todo="Convert it first: `snnctl convert`.")
        self.constraints = constraints_of(self.graph.model)
        self.kernel = structure if counting else kernels(self.constraints)
        self.counting, self.with_pools = counting, pools
        windows = timeline(self.graph.model)
        self.windows = {window.layer: window for window in windows}
        self.ends = {window.level: window.t_max for window in windows}
        shapes = {step.name: self.shapes[step.outputs[0]] for step in self.graph.steps}
        shapes[windows[0].layer] = self.shapes[self.graph.input]
        *firsts, self.ids = accumulate((prod(shapes[window.layer]) for window in windows), initial=0)
        self.first = {window.layer: first for window, first in zip(windows, firsts, strict=True)}
        self.sources: dict[str, Spikes] = {}  # by the name of the layer of neurons or pools
        self.coding: Coding | None = None
        self.populations: dict[str, Population] = {}
        self.pools: list[Pools] = []
        self.terms: list[tuple[str, int, Term]] = []  # target, level of the spikes, synapses
        self.readouts: dict[int, Readout] = {}
        self.signals: dict[int, Signal] = {}
        if not any(isinstance(step.layer, InputCoding) for step in self.graph.steps):
            self.signals[self.graph.input] = self._input(windows[0].layer)
        for step in self.graph.steps:
            self._add(step)
        if not set(self.graph.outputs) <= set(self.readouts):
            raise ModelError("the network does not end in readouts", todo="Convert the network with snnctl.")

    def network(self) -> Network:
        """The whole network."""
        return Network(
            coding=self.coding,
            populations=[self.populations[name] for name in self.windows],
            pools=self.pools,
            projections=[projection(target, term) for target, _, term in self.terms],
            readouts=[self.readouts[key] for key in self.graph.outputs],
            hardware=Hardware(self.constraints.noise, self.constraints.time_bits, self.constraints.seed),
        )

    def _add(self, step: Step) -> None:
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
        if step.name in self.populations:
            raise ModelError("its neurons would have to fire twice", where=step.place)
        if isinstance(layer, IntegratingLayer):
            self._integrating(step, read)
        elif isinstance(layer, EarliestSpikePooling) and not self.with_pools:
            self.signals[output] = mapped(read[0], *average(layer.pool, read[0].shape, self.kernel))
        elif isinstance(layer, EarliestSpikePooling):
            self.signals[output] = self._pools(step, _spikes(step, read[0]))
        elif isinstance(layer, Relay):
            self.signals[output] = self._relay(step, _spikes(step, read[0]) if self.with_pools else read[0])
        else:
            self.signals[output] = behind(layer, read, self.kernel, step.place)

    def _integrating(self, step: Step, read: Sequence[Signal]) -> None:
        """A population or readout, and its synapses: each synapse group by itself."""
        layer, shape, level = step.layer, self.shapes[step.outputs[0]], read[0].level + 1
        groups = []
        for chain, signal in zip(layer.groups(), read, strict=True):
            for synapses in chain:
                signal = behind(synapses, [signal], self.kernel, step.place)
            self._connect(step.name, signal)
            groups.append(currents(signal))
        D = thresholds(layer, self.constraints)
        if layer.border_classes is not None:
            D = D[np.asarray(keras.ops.convert_to_numpy(layer.position_index))]
        D = np.broadcast_to(D, shape).reshape(-1)
        if isinstance(layer, SpikingLayer):
            kind: Kind = "signed" if layer.signed else "spiking"
            spikes = self._population(step.name, kind, shape, D, layer.A, self._slopes(layer, groups))
            self.signals[step.outputs[0]] = spikes
        else:
            start, t_read = self.ends.get(level - 2, 0.0), self.ends[level - 1]
            readout = Readout(step.name, shape, level, start, t_read, D, layer.decoding, layer.max_value)
            self.readouts[step.outputs[0]] = readout

    def _slopes(self, layer: SpikingLayer, groups: Sequence[Currents]) -> np.ndarray:
        """B of the neurons, (neurons,); (1,) where all rise with slope 1."""
        if layer.B is None or self.counting:
            return ONE
        sums = np.sum([term.block_map.of_ones() for group in groups for term in group.terms], axis=0)  # of J_ij over j
        B = layer.B(keras.ops.convert_to_tensor(sums, "float64"))
        return ONE if B is None else np.asarray(keras.ops.convert_to_numpy(B), np.float64)

    def _connect(self, target: str, signal: Signal) -> None:
        """Adds the synapses that a signal reaches a population or readout through."""
        self.terms += [(target, signal.level, term) for term in merged(currents(signal).terms)]

    def _input(self, name: str) -> Spikes:
        """The population of the input, which integrates nothing; its spikes."""
        shape = self.shapes[self.graph.input]
        return self._population(name, "input", shape, np.ones(prod(shape)))  # threshold 0, which means nothing

    def _relay(self, step: Step, signal: Signal) -> Spikes:
        """The population of a relay layer: J = 1 and a threshold as high as the window is wide."""
        self._connect(step.name, signal)
        return self._population(step.name, "relay", signal.shape, np.zeros(prod(signal.shape)))

    def _population(
        self, name: str, kind: Kind, shape: Shape, D: np.ndarray, A: float = 0.0, B: np.ndarray = ONE
    ) -> Spikes:
        """Adds a population of neurons that are driven by D without inputs; its spikes."""
        window, count = self.windows[name], prod(shape)
        start, end = (self.ends.get(level, 0.0) for level in (window.level - 2, window.level - 1))
        t_min, t_max = max(window.t_min, end), window.t_max
        threshold = threshold_for(D, t_max - t_min, B, A, end - start)
        times = start, end, t_min, t_max
        self.populations[name] = Population(
            name, kind, shape, window.level, *times, threshold, A, B, low=np.zeros(count)
        )
        self.sources[name] = Spikes(self.first[name] + np.arange(count).reshape(shape), window.level)
        return self.sources[name]

    def _pools(self, step: Step, spikes: Spikes) -> Spikes:
        """Adds the pools of a pooling layer; their spikes, with ids of their own.

        A pool that cannot pass anything, as nothing can fire there, is none; but it has synapses to be counted.
        """
        layer, shape, ids = step.layer, self.shapes[step.outputs[0]], spikes.ids
        taps = slid(ids.shape[:-1], slides(layer.pool))
        channels = np.arange(ids.shape[-1])
        pool, place = ((each[:, None] * ids.shape[-1] + channels).reshape(-1) for each in (taps.result, taps.place))
        order = np.argsort(pool, kind="stable")
        pool, members = pool[order], ids.reshape(-1)[place[order]]
        sign = keras.ops.convert_to_numpy(layer.sign) if layer.signed else np.ones(ids.shape[-1])
        latest = np.broadcast_to(np.asarray(sign) < 0, shape).reshape(-1)
        waits = np.zeros(prod(shape), bool)  # for a place where nothing can fire
        waits[pool[members < 0]] = True
        kept = (members >= 0) & ~(waits & latest)[pool]
        sizes = np.bincount(pool[kept], minlength=prod(shape))
        passing = (sizes > 0) | self.counting
        count = int(np.count_nonzero(passing))
        if count:
            start = np.append(0, np.cumsum(sizes[passing]))
            of_pools = shape if passing.all() else (count,)
            self.pools.append(Pools(step.name, of_pools, spikes.level, start, members[kept], latest[passing]))
        passed = np.full(prod(shape), NOTHING)
        passed[passing] = self.ids + np.arange(count)
        self.ids += count
        self.sources[step.name] = Spikes(passed.reshape(shape), spikes.level)
        return self.sources[step.name]


def _spikes(step: Step, signal: Signal) -> Spikes:
    """The signal that a layer reads, if it is one of single spikes."""
    if not isinstance(signal, Spikes):
        raise ModelError("the layer needs spikes and is given sums of them", where=step.place)
    return signal
