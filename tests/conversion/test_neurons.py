"""smart-alpha1 starts as its ReLU network; alpha1 does not."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.neurons import smart_alpha1
from snnctl.models import precision


def relu_network():
    """Weights whose sums stay below 1/2, so that the mapping of [EM] exists."""
    rng = np.random.default_rng(0)
    with precision("float64"):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="relu"), keras.layers.Dense(3)])
    for layer in model.layers:
        layer.kernel.assign(rng.normal(-0.05, 0.1, layer.kernel.shape))
        layer.bias.assign(rng.uniform(0.2, 0.5, layer.bias.shape))  # neurons that fire
    return model


@pytest.mark.parametrize(("neuron", "exact"), [("smart-alpha1", True), ("alpha1", False)])
def test_the_alpha1_neuron_computes_the_relu_unit_when_j_is_mapped(neuron, exact):
    model = relu_network()
    x = np.random.default_rng(1).random((50, 6))
    snn = build_spiking(model, SpikingSettings(neuron=neuron, dtype="float64", width=100.0))
    difference = float(np.abs(np.asarray(snn(x)) - np.asarray(model(x))).max())
    assert (difference < 1e-12) == exact


def test_weights_that_sum_to_more_than_a_half_are_lowered_alike():
    W = np.array([[0.9, 0.1], [0.6, 0.2]])
    J, D = smart_alpha1(W, np.array([1.0, 1.0]))
    np.testing.assert_allclose(J[:, 0], (W[:, 0] - 0.5) * 2.0)  # sum 1.5: each lowered by 0.5, slope B = 2
    np.testing.assert_allclose(J[:, 1], W[:, 1] / 0.7)
    np.testing.assert_allclose(D, [2.0, 1 / 0.7])
