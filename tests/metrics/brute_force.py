"""Who is connected with whom: every neuron alone is pushed through the network, all weights being 1."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph, graph_of
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay

SOURCES = (InputCoding, IntegratingLayer, Relay, EarliestSpikePooling)


def synapses(snn: keras.Model, sources: tuple[type, ...] = SOURCES) -> dict[tuple[str, str], np.ndarray]:
    """By source and target, how many synapses lead from each neuron or pool to each neuron, (from, to)."""
    graph = graph_of(snn)
    counts: dict[tuple[str, str], np.ndarray] = {}
    paths = {graph.input: {"input": alone(graph.shapes[graph.input])}}
    for step in graph.steps:
        leading, (output,) = [paths[key] for key in step.inputs], step.outputs
        if isinstance(step.layer, (IntegratingLayer, Relay)):
            groups = step.layer.groups() if isinstance(step.layer, IntegratingLayer) else [[]]
            for group, arriving in zip(groups, leading, strict=True):
                for source, images in arriving.items():
                    for layer in group:
                        images = pushed(layer, [images])
                    key = (source, step.name)
                    counts[key] = counts.get(key, 0) + images.reshape(len(images), -1)
        own = isinstance(step.layer, sources)
        paths[output] = {step.name: alone(graph.shapes[output])} if own else through(graph, step, leading)
    return counts


def alone(shape: Any) -> np.ndarray:
    """One image a neuron, in which it alone is 1."""
    return np.eye(int(np.prod(shape))).reshape(-1, *shape)


def through(graph: Graph, step: Any, leading: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What is reached behind a linear layer, by source."""
    counts = {source: len(images) for paths in leading for source, images in paths.items()}
    shapes = [graph.shapes[key] for key in step.inputs]
    return {
        source: pushed(
            step.layer,
            [paths.get(source, np.zeros((count, *shape))) for paths, shape in zip(leading, shapes, strict=True)],
        )
        for source, count in counts.items()
    }


def pushed(layer: Any, images: list[np.ndarray]) -> np.ndarray:
    """What is reached behind a layer, 0 or 1."""
    layer = type(layer).from_config({**layer.get_config(), "dtype": "float32"})
    tensors = [image.astype("float32") for image in images]
    arguments = tensors if len(tensors) > 1 else tensors[0]
    layer(arguments)
    layer.set_weights([np.ones(weight.shape) for weight in layer.weights])
    return (np.abs(keras.ops.convert_to_numpy(layer(arguments))) > 1e-6).astype(np.float64)
