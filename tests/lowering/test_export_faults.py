"""The comparison finds what is wrong, and says where."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from oracle import simulated
from snnctl.events import Network
from snnctl.lowering import lower
from snnctl.metrics.simulated import tied_predictions
from snnctl.models.network import precision
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import Readout
from snnctl.ttfs.spiking import SpikingLayer

L = keras.layers
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (20, 6))


@pytest.fixture(scope="module")
def snn() -> keras.Model:
    """Two layers; neuron 3 of the first reaches nothing with a weight but 0."""
    with precision("float64"):
        inputs = keras.Input((6,))
        x = SpikingLayer(L.Dense(5, use_bias=False), width=4.0, name="first")(InputCoding(name="coding")(inputs))
        x = SpikingLayer(L.Dense(4, use_bias=False), width=9.0, name="second")(x)
        snn = keras.Model(inputs, Readout(L.Dense(3, use_bias=False), name="readout")(x))
        for layer in snn.layers:
            for weight in layer.trainable_weights:
                weight.assign(np.abs(RNG.normal(size=weight.shape)))
    second = snn.get_layer("second").synapses[0].kernel
    second.assign(np.where(np.arange(5)[:, None] == 3, 0.0, np.asarray(second)))
    return snn


def changed(network: Network, layer: str, **fields) -> Network:
    """With another projection to one layer."""
    projections = [replace(each, **fields) if each.target_name == layer else each for each in network.projections]
    return replace(network, projections=projections)


def projection(network: Network, target: str):
    return next(each for each in network.projections if each.target_name == target)


def test_nothing_is_found_where_nothing_is_wrong(snn):
    figures, difference = simulated(snn, IMAGES)
    assert difference == ""
    assert figures["images"] == 20
    assert figures["agreement"] == 1.0
    assert figures["different_spikes"] == figures["different_synaptic_operations"] == 0
    spikes = {layer["name"]: layer["spikes"] for layer in figures["layers"]}
    assert figures["synaptic_operations"] == 5 * spikes["coding"] + 4 * spikes["first"] + 3 * spikes["second"]


def test_one_wrong_weight(snn):
    network = lower(snn)
    J = projection(network, "second").J.copy()
    J[0, 2, 1] += 1e-6
    figures, difference = simulated(snn, IMAGES, changed(network, "second", J=J))
    assert difference.startswith("layer 'second', neuron 1, image 0: TensorFlow has a spike at ")
    assert 1e-9 < figures["largest_time_difference"] < 1e-4


def test_a_weight_of_the_readout(snn):
    network = lower(snn)
    J = projection(network, "readout").J + 1e-6
    figures, difference = simulated(snn, IMAGES, changed(network, "readout", J=J))
    assert difference.startswith("layer 'readout', neuron 0, image 0: TensorFlow has a potential of ")
    assert figures["largest_time_difference"] < 1e-9


def test_one_wrong_window(snn):
    network = lower(snn)
    narrow = [replace(each, t_min=each.t_min + 3.5) if each.name == "first" else each for each in network.populations]
    figures, difference = simulated(snn, IMAGES, replace(network, populations=narrow))
    assert difference.startswith("layer 'first', neuron ")
    assert figures["different_spikes"] > figures["borderline_spikes"]


def test_a_neuron_that_fires_twice(snn):
    """Even where its weights are 0: then only the events tell."""
    network = lower(snn)
    each = projection(network, "second")
    twice = {
        "source": np.concatenate([each.source, np.where(np.arange(5) == 3, each.source, -1)]),
        "start": np.array([0, 1, 2]),
        "target": np.repeat(each.target, 2),
        "matrix": np.repeat(each.matrix, 2),
    }
    figures, difference = simulated(snn, IMAGES, changed(network, "second", **twice))
    assert difference.startswith("layer 'second': TensorFlow's spikes mean ")
    assert figures["different_spikes"] == 0
    assert figures["different_synaptic_operations"] == 4 * 20


def test_spikes_at_the_very_end_of_a_window_are_borderline(snn):
    """Rounding decides whether they are fired: they are counted, and are no failure."""
    with precision("float64"):
        silent = keras.models.clone_model(snn)
        silent.set_weights(snn.get_weights())
        kernel = silent.get_layer("first").synapses[0].kernel
        kernel.assign(np.where(np.arange(5) == 3, 0.0, np.asarray(kernel)))
        silent.get_layer("first").D.assign(np.zeros(5))
    network = lower(silent)
    thresholds = [each.threshold - 1e-10 * (each.name == "first") for each in network.populations]
    early = [replace(each, threshold=new) for each, new in zip(network.populations, thresholds, strict=True)]
    figures, difference = simulated(silent, IMAGES, replace(network, populations=early))
    assert difference == ""
    assert figures["different_spikes"] == figures["borderline_spikes"] == 20


# Ties.


def test_a_prediction_is_tied_if_both_classes_have_equal_logits_in_both():
    one = np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.5, 0.5, 0.2], [0.5, 0.4, 0.2]])
    other = one + np.array([[0, 1e-12, 0], [0, 0, 3], [0, 0, 0], [0, 0.2, 0]])
    assert tied_predictions(one, other, "float64") == 1
    assert tied_predictions(one, one, "float64") == 0
    single = np.array([[100.0, 99.995]])
    assert [tied_predictions(single, single[:, ::-1], dtype) for dtype in ("float32", "float64")] == [1, 0]
    assert tied_predictions(np.array([[1e-12], [0.5]]), np.array([[-1e-12], [-0.5]]), "float64") == 1  # at zero
