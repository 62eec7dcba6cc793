"""How many synapses there are: of each neuron, and in all. Of linear maps only the structure is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import keras
import numpy as np

from snnctl.conversion.graph import Step, graph_of
from snnctl.events.network import Network
from snnctl.lowering.linear import average, structure
from snnctl.lowering.merging import Term, merged
from snnctl.lowering.neurons import fixed_shapes
from snnctl.lowering.signals import Signal, Spikes, currents, mapped, synapse_groups, wired
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay

FIRING = (InputCoding, IntegratingLayer, Relay)


@dataclass(frozen=True)
class FanOut:
    """The synapses from the spikes of one layer to the neurons of another.

    A synapse joins two neurons, whatever its weight; however many ways lead through wiring from one to the other, it is
    one synapse, but each group of synapses of a layer has its own.

    Args:
        source: the layer whose spikes arrive: input coding, spiking, relay or pooling layer; "input" in a network
            that is given spike times.
        target: the layer of neurons, or the readout, that integrates them.
        relayed: whether the target is a relay layer.
        synapses: how many lead from each neuron or pool of the source to the target, borders included: integers in
            the source's shape.
    """

    source: str
    target: str
    relayed: bool
    synapses: np.ndarray


def fan_outs(model: keras.Model, pools: bool = True) -> list[FanOut]:
    """The synapses of a spiking network, one entry for each pair of layers, in the order of computation.

    Args:
        model: a spiking network whose input has a fixed size.
        pools: whether a pool counts as a neuron: a spike that passes it reaches the synapses of the pool's output, and
            the spikes of the other members reach none behind it. If not, all members reach them.

    Raises:
        ConversionError: a network without a single input, or one that computes in a way of its own.
        ModelError: the input's size is not fixed, or a layer is not known.
    """
    graph = graph_of(model)
    shapes = fixed_shapes(graph)
    counting = Counting(pools)
    signals: dict[int, Signal] = {graph.input: counting.fired("input", shapes[graph.input])}
    for step in graph.steps:
        (output,) = step.outputs
        signals[output] = counting.behind(step, [signals[key] for key in step.inputs], shapes[output])
    return list(counting.fan_outs.values())


def leaving(model: keras.Model) -> dict[str, int]:
    """Synapses that leave each layer of neurons, by name, through poolings and wiring; see :func:`fan_outs`."""
    totals: Counter[str] = Counter()
    for fan in fan_outs(model, pools=False):
        totals[fan.source] += int(fan.synapses.sum())
    return dict(totals)


def synapses(network: Network) -> dict[str, int]:
    """Number of synapses that reach each population and readout, by name; none where there are none."""
    totals: Counter[str] = Counter()
    for projection in network.projections:
        firing = (projection.source >= 0).sum(axis=1)
        totals[projection.target_name] += int(np.dot(firing, np.diff(projection.start))) * projection.J.shape[2]
    return dict(totals)


@dataclass(frozen=True)
class Source:
    """A layer whose spikes have the ids ``first``, ``first + 1``, ... in the C order of its ``shape``."""

    name: str
    shape: tuple[int, ...]
    first: int


class Counting:
    """Fan-outs counted so far.

    Args:
        pools: see :func:`fan_outs`.
    """

    def __init__(self, pools: bool) -> None:
        self.fan_outs: dict[tuple[str, str], FanOut] = {}
        self._firing = (*FIRING, EarliestSpikePooling) if pools else FIRING
        self._sources: list[Source] = []
        self._ids = 0

    def fired(self, name: str, shape: tuple[int, ...]) -> Spikes:
        """The spikes of a layer."""
        ids = self._ids + np.arange(prod(shape)).reshape(shape)
        self._sources.append(Source(name, shape, self._ids))
        self._ids += ids.size
        return Spikes(ids, 0)

    def behind(self, step: Step, read: Sequence[Signal], shape: tuple[int, ...]) -> Signal:
        """What a layer makes of what it reads; its synapses are counted."""
        layer = step.layer
        if isinstance(layer, IntegratingLayer):
            for terms in synapse_groups(layer, read, structure, step.place):
                self._count(terms, step)
        elif isinstance(layer, Relay):
            self._count(currents(read[0]).terms, step)
        if isinstance(layer, self._firing):
            return self.fired(step.name, shape)
        if isinstance(layer, EarliestSpikePooling):
            return mapped(read[0], *average(layer.pool, read[0].shape, structure))
        return wired(layer, read, structure, step.place)

    def _count(self, terms: Sequence[Term], step: Step) -> None:
        for term in merged(terms):
            for source, counts in self._leaving(term):
                before = self.fan_outs.get((source.name, step.name))
                total = counts if before is None else before.synapses + counts
                fan = FanOut(source.name, step.name, isinstance(step.layer, Relay), total)
                self.fan_outs[source.name, step.name] = fan

    def _leaving(self, term: Term) -> Iterator[tuple[Source, np.ndarray]]:
        """The synapses of a term's spikes, by the layer that they are of."""
        ids = term.ids
        fan_out = np.broadcast_to(term.block_map.fan_out, ids.shape)
        smallest, largest = ids[ids >= 0].min(), ids.max()
        for source in self._sources:
            if source.first <= largest and source.first + prod(source.shape) > smallest:
                counts = np.zeros(prod(source.shape), np.int64)
                mine = (ids >= source.first) & (ids < source.first + counts.size)
                counts[ids[mine] - source.first] = fan_out[mine]
                if mine.any():
                    yield source, counts.reshape(source.shape)
