"""Multiply-accumulates of a ReLU network, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from snnctl.conversion.box import Box
from snnctl.conversion.coupling import FOLLOWING
from snnctl.conversion.graph import Graph, Step, graph_of, replayed, sized
from snnctl.errors import ConversionError

L = keras.layers
LINEAR = (
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

    @property
    def dense(self) -> int:
        """All of its multiply-accumulates."""
        return int(self.macs.sum()) + self.within


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
        return sum(layer.dense for layer in self.layers)

    def inputs(self) -> keras.Model:
        """A model that returns the network's outputs, as a list, and the input of each connection."""
        outputs = (*self.graph.outputs, *(layer.key for layer in self.layers))
        view = replayed(replace(self.graph, outputs=outputs), self.graph.shapes[self.graph.input])
        first = len(self.graph.outputs)
        return keras.Model(view.inputs[0], [view.outputs[:first], view.outputs[first:]])


def connections(model: keras.Model, shape: tuple[int, ...]) -> Connections | None:
    """The connections of a ReLU network.

    Weights between neurons count; normalisations, poolings, sums and activations do not. [NeuroBench]

    Args:
        model: the network.
        shape: of one sample.

    Returns:
        None where they cannot be counted: a network that hides its graph, a layer that is not known.
    """
    try:
        graph = graph_of(sized(model, shape))
    except ConversionError:
        return None
    found = []
    for step in graph.steps:
        connection = _connection(step, graph)
        if connection is not None:
            found.append(connection)
        elif _multiplies(step.layer):
            return None
    return Connections(graph, found)


def _connection(step: Step, graph: Graph) -> Connection | None:
    kind = type(step.layer)
    if kind not in LINEAR and kind not in SEPARABLE:
        return None
    (key,) = step.inputs
    box = Box.of_neurons([side or 1 for side in graph.shapes[key]])
    if kind in LINEAR:
        return Connection(step.name, key, np.asarray(FOLLOWING[kind](step.layer, box).counts()))
    behind = FOLLOWING[SEPARABLE[kind]](step.layer, box)
    return Connection(step.name, key, np.asarray(behind.counts()), int(np.prod(behind.shape)) * step.layer.filters)


def _multiplies(layer: object) -> bool:
    """Whether a layer that is no connection may be one of a kind that is not known."""
    if type(layer).__name__ in PRODUCTS:
        return True
    return bool(getattr(layer, "weights", ())) and not isinstance(layer, NOT_COUNTED)
