"""Synapses are counted as they are: against every neuron's own connections, looked at one by one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from graphs import grow
from metrics.probing import alone, pushed
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.fan_out import leaving
from snnctl.conversion.graph import Graph, graph_of
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.relay import Relay

L = keras.layers


def one_by_one(graph: Graph) -> dict[int, int]:
    """Every neuron alone is pushed through the network, all weights being 1."""
    found: dict[int, int] = {}
    paths = {graph.input: {graph.input: alone(graph.shapes[graph.input])}}
    for step in graph.steps:
        leading, (output,) = [paths[key] for key in step.inputs], step.outputs
        if isinstance(step.layer, (IntegratingLayer, Relay)):
            groups = step.layer.groups() if isinstance(step.layer, IntegratingLayer) else [[]]
            for group, arriving in zip(groups, leading, strict=True):
                for key, images in arriving.items():
                    for layer in group:
                        images = pushed(layer, [images])
                    found[key] = found.get(key, 0) + int(np.count_nonzero(images))
        if isinstance(step.layer, (InputCoding, IntegratingLayer, Relay)):
            paths[output] = {output: alone(graph.shapes[output])}
        else:
            paths[output] = through(step.layer, leading)
    return found


def through(layer: Any, leading: list[dict[int, np.ndarray]]) -> dict[int, np.ndarray]:
    keys = {key: len(images) for paths in leading for key, images in paths.items()}
    shapes = [next(iter(paths.values())).shape[1:] for paths in leading]
    return {
        key: pushed(
            layer,
            [paths.get(key, np.zeros((count, *shape))) for paths, shape in zip(leading, shapes, strict=True)],
        )
        for key, count in keys.items()
    }


def spiking(model: keras.Model) -> Graph:
    return graph_of(build_spiking(model, SpikingSettings()))


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed: int) -> None:
    network = grow(seed, numbers=False)
    graph = graph_of(build_spiking(network.model, SpikingSettings(input_range=network.input_range)))
    found = leaving(graph)
    assert sum(count is not None for count in found.values()) > len(found) / 2
    expected = one_by_one(graph)
    assert found == {key: None if found[key] is None else count for key, count in expected.items()}


def test_ways_through_a_bottleneck_are_one_synapse() -> None:
    x = keras.Input((5, 5, 2))
    model = keras.Model(x, L.Conv2D(3, 1)(L.ReLU()(L.Conv2D(4, 3)(L.Conv2D(8, 1)(L.ReLU()(x))))))
    assert list(leaving(spiking(model)).values()) == [9 * 9 * 2 * 4, 9 * 4 * 3]


def test_a_branch_that_reads_the_same_spikes_twice() -> None:
    x = keras.Input((6, 6, 2))
    spikes = L.ReLU()(L.Conv2D(4, 1)(x))
    joined = L.Concatenate()([L.UpSampling2D(2)(L.MaxPooling2D(2)(spikes)), spikes])
    graph = spiking(keras.Model(x, L.Dense(3)(L.Flatten()(L.Conv2D(2, 3, padding="same")(joined)))))
    assert leaving(graph) == one_by_one(graph)


def joined_pools(spikes: Any) -> Any:
    """A maximum and an average side by side, each of which collapses the image in its own order."""
    return L.Concatenate()([L.GlobalMaxPooling2D()(spikes), L.GlobalAveragePooling2D()(spikes)])


def image_beside_mixed_channels(spikes: Any) -> Any:
    """Pools keep the channels apart, the convolution beside them does not, nor does anything behind them mix them."""
    branches = [L.MaxPooling2D(2)(spikes), L.AveragePooling2D(2)(spikes), L.Conv2D(3, 1, strides=2)(spikes)]
    return L.Flatten()(L.DepthwiseConv2D(2, activation="relu")(L.Concatenate()(branches)))


@pytest.mark.parametrize("joined", [joined_pools, image_beside_mixed_channels])
def test_branches_of_different_kinds(joined: Any) -> None:
    x = keras.Input((6, 6, 2))
    graph = spiking(keras.Model(x, L.Dense(3)(joined(L.Conv2D(4, 3, padding="same", activation="relu")(x)))))
    assert leaving(graph) == one_by_one(graph)


def test_an_axis_that_is_cut_is_not_counted() -> None:
    x = keras.Input((12,))
    model = keras.Model(x, L.Dense(2)(L.Flatten()(L.Conv1D(3, 2)(L.Reshape((4, 3))(L.Dense(12, "relu")(x))))))
    assert list(leaving(spiking(model)).values()) == [12 * 12, None]
