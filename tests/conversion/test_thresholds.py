"""Weights and thresholds that conversion makes: few distinct rows at borders, and those of alpha1 neurons."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.builtin.neuron_models import SmartAlpha1
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.models.network import precision
from snnctl.plugins import load_registry
from snnctl.verbs.plugin_objects import neuron_of

L = keras.layers


def first_spiking_layer(convolution, shape=(9, 7, 2), low=-1.0):
    model = keras.Sequential([keras.Input(shape), convolution, L.ReLU(), L.Flatten(), L.Dense(2)])
    snn = build_spiking(model, SpikingSettings(input_range=(low, 1.0)))
    return next(layer for layer in snn.layers if hasattr(layer, "border_classes"))


@pytest.mark.parametrize(
    ("convolution", "rows"),
    [
        (lambda: L.Conv2D(4, 3, padding="same"), 9),
        (lambda: L.Conv2D(4, 1, padding="same"), None),
        (lambda: L.Conv2D(4, 5, padding="same"), 25),
        (lambda: L.Conv2D(4, 3, dilation_rate=2, padding="same"), 9),
    ],
)
def test_distinct_thresholds_per_filter(convolution, rows):
    layer = first_spiking_layer(convolution())
    assert layer.border_classes == rows
    assert layer.D.shape == ((rows, 4) if rows else (4,))


def test_an_unshifted_input_needs_one_threshold_per_filter():
    assert first_spiking_layer(L.Conv2D(4, 3, padding="same"), low=0.0).border_classes is None


def test_equal_positions_share_a_trained_threshold():
    layer = first_spiking_layer(L.Conv2D(4, 3, padding="same"))
    index = layer.position_index.numpy()
    assert index.shape == (9, 7)
    assert len(np.unique(index[1:-1, 1:-1])) == 1
    assert len({index[0, 0], index[0, -1], index[-1, 0], index[-1, -1], index[0, 3], index[4, 0], index[4, 4]}) == 7


def relu_network():
    """Weights whose sums stay below 1/2, so that the mapping of [EM] exists."""
    rng = np.random.default_rng(0)
    with precision("float64"):
        model = keras.Sequential([keras.Input((6,)), L.Dense(5, activation="relu"), L.Dense(3)])
    for layer in model.layers:
        layer.kernel.assign(rng.normal(-0.05, 0.1, layer.kernel.shape))
        layer.bias.assign(rng.uniform(0.2, 0.5, layer.bias.shape))  # neurons that fire
    return model


@pytest.mark.parametrize(("neuron", "exact"), [("smart-alpha1", True), ("alpha1", False)])
def test_the_alpha1_neuron_computes_the_relu_unit_when_j_is_mapped(neuron, exact):
    model = relu_network()
    x = np.random.default_rng(1).random((50, 6))
    snn = build_spiking(model, SpikingSettings(neuron=neuron_of(neuron, load_registry()), dtype="float64", width=100.0))
    difference = float(np.abs(np.asarray(snn(x)) - np.asarray(model(x))).max())
    assert (difference < 1e-12) == exact


def test_weights_that_sum_to_more_than_a_half_are_lowered_alike():
    W = np.array([[0.9, 0.1], [0.6, 0.2]])
    J, D = SmartAlpha1().parameters(W, np.array([1.0, 1.0]))
    np.testing.assert_allclose(J[:, 0], (W[:, 0] - 0.5) * 2.0)  # sum 1.5: each lowered by 0.5, slope B = 2
    np.testing.assert_allclose(J[:, 1], W[:, 1] / 0.7)
    np.testing.assert_allclose(D, [2.0, 1 / 0.7])
