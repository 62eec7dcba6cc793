"""Counts of spikes against a plain NumPy count of the activations."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import reference
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.metrics.predictions import accuracy, agreement, cross_entropy
from snnctl.metrics.spikes import spike_statistics
from snnctl.progress import SilentReporter
from snnctl.ttfs.timeline import spiking_layers, timeline


@pytest.fixture(scope="module")
def counted():
    """A convolutional spiking network with one window too narrow, its inputs, and what was counted."""
    keras.utils.set_random_seed(0)
    L = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(5, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Flatten(),
            L.Dense(9, activation="relu"),
            L.Dense(3),
        ]
    )
    snn = build_spiking(model, SpikingSettings(input_range=(0.0, 1.0), dtype="float64", width=5.0))
    spiking_layers(snn)[0].width.assign(0.3)
    x = np.random.default_rng(0).uniform(-0.1, 1.1, (37, 8, 8, 1))
    return snn, x, spike_statistics(snn, x, 10, SilentReporter(), "")


def test_spikes_are_those_of_the_equations(counted):
    snn, x, statistics = counted
    found = reference.evaluate(snn, x)
    for layer in statistics.layers:
        assert layer.kind == "spiking"
        assert layer.spikes == found.spikes(layer.window.layer)
        assert (layer.neurons, layer.images) == (found.times[layer.window.layer][0].size, 37)
    first = found.crossings[timeline(snn)[1].layer]
    assert statistics.layers[0].saturated == np.count_nonzero(first.too_early) > 0
    assert statistics.layers[1].saturated == 0


def test_totals_leave_the_input_out(counted):
    _, x, statistics = counted
    hidden = sum(layer.spikes for layer in statistics.layers)
    assert statistics.spikes_per_neuron == hidden / (37 * (6 * 6 * 5 + 9))
    assert statistics.input.spikes == np.count_nonzero(x > 0)
    assert statistics.out_of_range == pytest.approx(np.mean((x < 0) | (x > 1)))
    assert statistics.latency == pytest.approx(1.0 + 0.3 + 5.0)


def test_accuracy_loss_and_agreement():
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    assert accuracy(logits, np.array([0, 1, 1])) == pytest.approx(2 / 3)
    assert cross_entropy(np.zeros((4, 10)), np.arange(4)) == pytest.approx(np.log(10))
    assert cross_entropy(np.array([[1e4, 0.0]]), np.array([1])) == pytest.approx(1e4)
    compared = agreement(logits, np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 1.5]]))
    assert compared.agreement == pytest.approx(2 / 3)
    assert (compared.max_logit_difference, compared.largest_logit) == (1.5, 3.0)
