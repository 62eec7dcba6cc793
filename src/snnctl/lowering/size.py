"""How many synapses or connections there are: of each neuron, and in all. Of linear maps only the structure is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np

from snnctl.conversion.graph import Graph
from snnctl.lowering.linear import LINEAR, structure
from snnctl.lowering.network import Lowering

L = keras.layers
SEPARABLE = {L.SeparableConv1D: L.DepthwiseConv1D, L.SeparableConv2D: L.DepthwiseConv2D}
FREE = (L.BatchNormalization, L.Normalization, L.PReLU)  # have weights, and none between two neurons
PRODUCTS = ("Matmul", "Einsum", "Dot", "Tensordot", "Attention", "AdditiveAttention")  # of activations


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
        ModelError: as for :func:`snnctl.lowering.lower`.
    """
    lowering = Lowering(model, counting=True, pools=pools)
    counts: dict[tuple[str, str], np.ndarray] = {}
    for target, level, term in lowering.terms:
        reached = np.zeros(lowering.ids, np.int64)
        fires = term.ids >= 0
        reached[term.ids[fires]] = np.broadcast_to(term.block_map.fan_out, term.ids.shape)[fires]
        for source, spikes in lowering.sources.items():
            leaving = np.where(spikes.ids >= 0, reached[spikes.ids], 0) if spikes.level == level else np.zeros(0)
            if leaving.any():
                counts[source, target] = counts.get((source, target), 0) + leaving
    relays = {population.name for population in lowering.populations.values() if population.kind == "relay"}
    return [FanOut(*pair, pair[1] in relays, synapses) for pair, synapses in counts.items()]


def connections(graph: Graph) -> list[FanOut] | None:
    """The connections of a ReLU network, in the order of computation.

    Weights between neurons count; normalisations, poolings, sums and activations do not. [NeuroBench]

    Args:
        graph: the network; its input has a fixed size.

    Returns:
        Of each layer with weights the connections from each of its inputs; source and target are the layer itself. The
        second half of a separable convolution has an entry of its own, whose source is no layer, and a number instead
        of an array. None where they cannot be counted: a layer is not known or has its channels first.
    """
    fans = []
    for step in graph.steps:
        layer, kind = step.layer, SEPARABLE.get(type(step.layer), type(step.layer))
        weighted = hasattr(layer, "kernel") or type(layer) in SEPARABLE
        if kind in LINEAR and weighted and getattr(layer, "data_format", "channels_last") == "channels_last":
            shape = tuple(side or 1 for side in graph.shapes[step.inputs[0]])
            block_map, behind = LINEAR[kind](layer, shape, structure)
            macs = np.broadcast_to(block_map.fan_out, (block_map.places, block_map.channels)).reshape(shape)
            fans.append(FanOut(step.name, step.name, False, macs))
            if type(layer) in SEPARABLE:
                fans.append(FanOut(f"{step.name} (inner)", step.name, False, np.prod(behind) * layer.filters))
        elif type(layer).__name__ in PRODUCTS or (getattr(layer, "weights", None) and not isinstance(layer, FREE)):
            return None
    return fans


def leaving(model: keras.Model) -> dict[str, int]:
    """Synapses that leave each layer of neurons, by name, through poolings and wiring; see :func:`fan_outs`."""
    totals: Counter[str] = Counter()
    for fan in fan_outs(model, pools=False):
        totals[fan.source] += int(fan.synapses.sum())
    return dict(totals)
