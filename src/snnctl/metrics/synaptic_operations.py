"""What operations are made at: the synapses of a spiking network, and the connections of a ReLU network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph, Step
from snnctl.lowering.blocks import without_weights
from snnctl.lowering.linear import LINEAR, structure
from snnctl.lowering.size import FanOut, fan_outs

__all__ = ["Connection", "FanOut", "connections", "fan_outs"]

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


def connections(graph: Graph) -> list[Connection] | None:
    """The connections of a ReLU network, in the order of computation.

    Weights between neurons count; normalisations, poolings, sums and activations do not. [NeuroBench]

    Args:
        graph: the network; its input has a fixed size.

    Returns:
        None where they cannot be counted: a layer is not known or has its channels first.
    """
    layers = []
    for step in graph.steps:
        channels_last = getattr(step.layer, "data_format", "channels_last") == "channels_last"
        if type(step.layer) in (*WEIGHTED, *SEPARABLE) and channels_last:
            layers.append(_connection(step, tuple(side or 1 for side in graph.shapes[step.inputs[0]])))
        elif _multiplies(step.layer):
            return None
    return layers


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
