"""Where operations are made: at the synapses of a spiking network, and at the connections of a ReLU network."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph
from snnctl.lowering.blocks import without_weights
from snnctl.lowering.linear import LINEAR
from snnctl.lowering.size import FanOut, fan_outs

__all__ = ["FanOut", "connections", "fan_outs"]

L = keras.layers
SEPARABLE = {L.SeparableConv1D: L.DepthwiseConv1D, L.SeparableConv2D: L.DepthwiseConv2D}
FREE = (L.BatchNormalization, L.Normalization, L.PReLU)  # have weights, and none between two neurons
PRODUCTS = ("Matmul", "Einsum", "Dot", "Tensordot", "Attention", "AdditiveAttention")  # of activations


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
            block_map, behind = LINEAR[kind](layer, shape, _structure)
            macs = np.broadcast_to(block_map.fan_out, (block_map.places, block_map.channels)).reshape(shape)
            fans.append(FanOut(step.name, step.name, False, macs))
            if type(layer) in SEPARABLE:
                fans.append(FanOut(f"{step.name} (inner)", step.name, False, np.prod(behind) * layer.filters))
        elif type(layer).__name__ in PRODUCTS or (getattr(layer, "weights", None) and not isinstance(layer, FREE)):
            return None
    return fans


def _structure(layer: Any) -> np.ndarray:
    kernel = layer.depthwise_kernel if type(layer) in SEPARABLE else layer.kernel
    return without_weights(tuple(kernel.shape))
