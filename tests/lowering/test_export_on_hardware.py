"""Hardware constraints in plain data: the same weights, thresholds and spike times as in the network's layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from lowering.agreeing import check
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.events import Hardware
from snnctl.lowering import lower
from snnctl.lowering.quantize import rounded_thresholds, rounded_weights
from snnctl.models import precision
from snnctl.ttfs.hardware import Constraints, constrained

L = keras.layers
RNG = np.random.default_rng(0)
CONSTRAINTS = [
    Constraints(weight_bits=4, w_min=-0.2, w_max=0.3),
    Constraints(weight_bits=4, w_max=-3.0),
    Constraints(threshold_bits=2, time_bits=5),
    Constraints(weight_bits=5, threshold_bits=4, time_bits=6),
]


@pytest.fixture(scope="module")
def network() -> tuple[keras.Model, np.ndarray]:
    """Spiking, relay and signed neurons, pools, wiring with weights; and images."""
    keras.utils.set_random_seed(0)
    with precision("float64"):
        inputs = keras.Input((6, 6, 2))
        x = L.Conv2D(3, 3, padding="same", activation="relu")(inputs)
        shared = L.Conv2D(3, 1)(L.MaxPooling2D(2)(x))
        y = L.Conv2D(3, 3, padding="same", activation="relu")(shared)
        x = L.Add()([shared, L.Conv2D(3, 1)(y)])
        x = L.Conv2D(4, 2, activation="relu")(L.MaxPooling2D(2, 1)(x))
        source = keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))
        for layer in source.layers:
            if hasattr(layer, "bias"):
                layer.bias.assign(RNG.normal(scale=0.1, size=layer.bias.shape))
        return build_spiking(source, SpikingSettings(dtype="float64", width=3.0)), RNG.uniform(0, 1, (6, 6, 6, 2))


@pytest.mark.parametrize("constraints", CONSTRAINTS)
def test_a_constrained_network_is_simulated_exactly(network, constraints):
    snn, inputs = network
    with precision("float64"):
        check(constrained(snn, constraints), inputs)


def test_jitter_and_levels_are_told_to_the_simulator(network):
    with precision("float64"):
        snn = constrained(network[0], Constraints(noise=0.1, time_bits=4, seed=7))
    assert lower(snn).hardware == Hardware(noise=0.1, time_bits=4, seed=7)
    assert lower(network[0]).hardware == Hardware()


# The definition.


def test_weights_are_on_levels_of_which_one_is_zero():
    J = RNG.normal(size=(50, 20))
    rounded = rounded_weights(J, 3)
    step = (J.max() - J.min()) / 7
    assert len(np.unique(rounded)) <= 8
    assert np.any(rounded == 0)
    np.testing.assert_allclose(rounded / step, np.round(rounded / step), atol=1e-9)
    inside = (step <= J - J.min()) & (step <= J.max() - J)
    assert np.abs(rounded - J)[inside].max() <= step / 2 + 1e-12


def test_weights_outside_the_range_saturate():
    rounded = rounded_weights(np.array([-9.0, -0.5, 0.1, 9.0]), 4, -1.0, 1.0)
    step = 2 / 15
    assert rounded.min() == pytest.approx(-1, abs=step)
    assert rounded.max() == pytest.approx(1, abs=step)
    np.testing.assert_allclose(rounded_weights(np.array([2.0, 5.0]), 4, 2.0, 5.0), [2.0, 5.0])


def test_weights_that_are_all_alike_stay():
    np.testing.assert_array_equal(rounded_weights(np.full(3, 0.3), 2), np.full(3, 0.3))


def test_thresholds_keep_their_ends():
    D = np.array([-1.0, 0.2, 0.4, 2.0])
    np.testing.assert_allclose(rounded_thresholds(D, 1), [-1.0, -1.0, -1.0, 2.0])
    np.testing.assert_allclose(rounded_thresholds(D, 2), [-1.0, 0.0, 0.0, 2.0])
    np.testing.assert_array_equal(rounded_thresholds(np.ones(2), 3), np.ones(2))
