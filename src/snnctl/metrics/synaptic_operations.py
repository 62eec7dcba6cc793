"""Operations: accumulates of a spiking network, and multiply-accumulates of a ReLU network or of the one it equals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph, Step, graph_of, sized
from snnctl.errors import ConversionError
from snnctl.lowering.blocks import without_weights
from snnctl.lowering.linear import LINEAR, structure
from snnctl.lowering.size import FanOut, fan_outs

if TYPE_CHECKING:
    from snnctl.metrics.batch import Batch
    from snnctl.metrics.network import MeasuredNetwork

__all__ = ["Connection", "Connections", "FanOut", "RunningMacs", "RunningOperations", "connections", "fan_outs"]

L = keras.layers
WEIGHTED = (
    *(L.Dense, L.Conv1D, L.Conv2D, L.Conv3D, L.DepthwiseConv1D, L.DepthwiseConv2D),
    *(L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose),
)
SEPARABLE = {L.SeparableConv1D: L.DepthwiseConv1D, L.SeparableConv2D: L.DepthwiseConv2D}
NOT_COUNTED = (L.BatchNormalization, L.Normalization, L.PReLU)  # have weights, and none between two neurons
PRODUCTS = ("Matmul", "Einsum", "Dot", "Tensordot", "Attention", "AdditiveAttention")  # of activations


@dataclass(frozen=True)
class Connection:
    """A layer with weights between its inputs and its outputs.

    Args:
        name: the layer's.
        key: of the tensor it reads.
        macs: multiply-accumulates that each of its inputs takes part in, borders included: integers in its shape.
        within: multiply-accumulates that have no such input: the second half of a separable convolution.
    """

    name: str
    key: int
    macs: np.ndarray
    within: int = 0


@dataclass(frozen=True)
class Connections:
    """All of a network.

    Args:
        graph: the network.
        layers: in the order of computation.
    """

    graph: Graph
    layers: Sequence[Connection]

    @property
    def macs(self) -> int:
        """Dense multiply-accumulates of one sample."""
        return sum(int(layer.macs.sum()) + layer.within for layer in self.layers)


def connections(model: keras.Model, shape: tuple[int, ...]) -> Connections | None:
    """The connections of a ReLU network.

    Weights between neurons count; normalisations, poolings, sums and activations do not. [NeuroBench]

    Args:
        model: the network.
        shape: of one sample.

    Returns:
        None where they cannot be counted: a network that hides its graph, a layer that is not known or has its channels
        first.
    """
    try:
        graph = graph_of(sized(model, shape))
    except ConversionError:
        return None
    layers = []
    for step in graph.steps:
        channels_last = getattr(step.layer, "data_format", "channels_last") == "channels_last"
        if type(step.layer) in (*WEIGHTED, *SEPARABLE) and channels_last:
            layers.append(_connection(step, tuple(side or 1 for side in graph.shapes[step.inputs[0]])))
        elif _multiplies(step.layer):
            return None
    return Connections(graph, layers)


def _connection(step: Step, shape: tuple[int, ...]) -> Connection:
    layer, kind = step.layer, type(step.layer)
    kernel = structure if kind in WEIGHTED else _depthwise
    block_map, behind = LINEAR[SEPARABLE.get(kind, kind)](layer, shape, kernel)
    macs = np.broadcast_to(block_map.fan_out, (block_map.places, block_map.channels)).reshape(shape)
    return Connection(step.name, step.inputs[0], macs, 0 if kind in WEIGHTED else int(np.prod(behind)) * layer.filters)


def _depthwise(layer: Any) -> np.ndarray:
    return without_weights(tuple(layer.depthwise_kernel.shape))


def _multiplies(layer: object) -> bool:
    """Whether a layer that is no connection may be one of a kind that is not known."""
    if type(layer).__name__ in PRODUCTS:
        return True
    return bool(getattr(layer, "weights", ())) and not isinstance(layer, NOT_COUNTED)


def operations(fans: Sequence[FanOut], spikes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Synaptic operations by target: spikes times the synapses they reach, exact.

    Args:
        fans: of the network.
        spikes: by source, whether each neuron or pool fired, or how often, (\\*any, \\*shape of the source).

    Returns:
        int64 of shape (\\*any,).
    """
    by_target: dict[str, np.ndarray] = {}
    for fan in fans:
        reached = np.tensordot(spikes[fan.source].astype(np.int64), fan.synapses, fan.synapses.ndim)
        by_target[fan.target] = by_target.get(fan.target, np.int64(0)) + reached
    return by_target


class RunningOperations:
    """Sums up operations by layer, batch by batch."""

    def __init__(self) -> None:
        self._counts: dict[str, int | None] = {}
        self._images = 0

    def add(self, counts: Mapping[str, int | None], images: int) -> None:
        """Take note of the operations of some images, by layer; None where they cannot be counted."""
        for name, count in counts.items():
            before = self._counts.get(name, 0)
            self._counts[name] = None if before is None or count is None else before + count
        self._images += images

    def per_image(self, names: Collection[str]) -> float | None:
        """Operations per image of some layers together; None where they cannot be counted."""
        counts = [self._counts.get(name, 0) for name in names]
        return None if None in counts else sum(count or 0 for count in counts) / self._images


class RunningMacs:
    """Sums up multiply-accumulates batch by batch.

    In a spiking network every synapse of spiking layers and readouts stands for one; those of relay neurons, which only
    wait, do not.

    Args:
        network: ReLU or spiking.
    """

    def __init__(self, network: MeasuredNetwork) -> None:
        self.network = network
        self._nonzero = RunningOperations()

    @property
    def dense(self) -> int | None:
        """All of one image; None where they cannot be counted."""
        network = self.network
        if network.kind == "relu":
            return None if network.connections is None else network.connections.macs
        fans = network.fan_outs
        return None if fans is None else sum(int(fan.synapses.sum()) for fan in fans if not fan.relayed)

    @property
    def nonzero(self) -> float | None:
        """Those of one image whose input is not 0, on average; None where they cannot be counted."""
        network = self.network
        if network.kind == "snn":
            return self._nonzero.per_image(network.integrating(relays=False))
        if network.connections is None:
            return None
        return self._nonzero.per_image([layer.name for layer in network.connections.layers])

    def add(self, batch: Batch) -> None:
        """Take note of a batch; needs "nonzero"."""
        counts: Mapping[str, int | None] = {}
        if self.network.kind == "snn":
            counts = batch.nonzero_operations
        elif self.network.connections is not None:
            counts = {
                layer.name: int((batch.nonzero(layer.name) * layer.macs).sum()) + layer.within * len(batch)
                for layer in self.network.connections.layers
            }
        self._nonzero.add(counts, len(batch))
