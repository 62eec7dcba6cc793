"""Synaptic operations: each spike, times the synapses it really reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from snnctl.conversion.fan_out import bundles
from snnctl.conversion.graph import graph_of
from snnctl.ttfs.relay import Relay


@dataclass(frozen=True)
class FanOut:
    """The synapses from the spikes of one layer to the neurons of another.

    A synapse joins two neurons, whatever its weight; however many ways lead through wiring from one to the other, it is
    one synapse, but each group of synapses of a layer has its own. A pool counts as a neuron: a spike that passes it
    reaches the synapses of the pool's output, and the spikes of the other members reach none behind it.

    Args:
        source: the layer whose spikes arrive: input coding, spiking, relay or pooling layer; "input" in a network
            that is given spike times.
        target: the layer of neurons, or the readout, that integrates them.
        relayed: whether the target is a relay layer.
        synapses: how many lead from each neuron or pool of the source to the target, borders included: integers in
            the source's shape. None where they cannot be counted.
    """

    source: str
    target: str
    relayed: bool
    synapses: np.ndarray | None


def fan_outs(model: keras.Model) -> list[FanOut]:
    """The synapses of a spiking network, one entry for each pair of layers, in the order of computation.

    Args:
        model: a spiking network whose input has a fixed size.

    Raises:
        ConversionError: a network without a single input, or one that computes in a way of its own.
        ValueError: the input's size is not fixed.
    """
    graph = graph_of(model)
    names = {graph.input: "input", **{step.outputs[0]: step.name for step in graph.steps}}
    return [
        FanOut(names[bundle.source], bundle.target.name, isinstance(bundle.target.layer, Relay), bundle.counts)
        for bundle in bundles(graph)
    ]


def operations(fans: Sequence[FanOut], spikes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray | None]:
    """Synaptic operations by target: spikes times the synapses they reach, exact.

    Args:
        fans: of the network.
        spikes: by source, whether each neuron or pool fired, or how often, (\\*any, \\*shape of the source).

    Returns:
        int64 of shape (\\*any,); None where the synapses cannot be counted.
    """
    found: dict[str, np.ndarray | None] = {}
    for fan in fans:
        before = found.get(fan.target, np.int64(0))
        if before is None or fan.synapses is None:
            found[fan.target] = None
            continue
        fired = spikes[fan.source].astype(np.int64)
        found[fan.target] = before + np.tensordot(fired, fan.synapses, fan.synapses.ndim)
    return found


class RunningOperations:
    """Sums up synaptic operations batch by batch.

    Args:
        fans: of the network.
    """

    def __init__(self, fans: Sequence[FanOut]) -> None:
        self._relayed = {fan.target: fan.relayed for fan in fans}
        self._counts: dict[str, int | None] = dict.fromkeys(self._relayed, 0)
        self._images = 0

    def add(self, counts: Mapping[str, int | None], images: int) -> None:
        """Take note of the operations of some images, by target; None where they cannot be counted."""
        for target, count in counts.items():
            before = self._counts[target]
            self._counts[target] = None if before is None or count is None else before + count
        self._images += images

    def of(self, target: str) -> float | None:
        """Operations per image that a layer integrates; None where they cannot be counted."""
        return self._per_image([self._counts.get(target, 0)])

    def per_image(self, relayed: bool) -> float | None:
        """Operations per image that relay layers integrate, or that all others do; None likewise."""
        return self._per_image([count for target, count in self._counts.items() if self._relayed[target] == relayed])

    def _per_image(self, counts: Sequence[int | None]) -> float | None:
        known = [count for count in counts if count is not None]
        return sum(known) / self._images if len(known) == len(counts) else None
