"""Hardware constraints in plain data: the same weights, thresholds and spike times as in the network's layers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from oracle import check_events
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.events import Hardware
from snnctl.lowering import lower
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
        check_events(constrained(snn, constraints), inputs)


def test_jitter_and_levels_are_told_to_the_simulator(network):
    with precision("float64"):
        snn = constrained(network[0], Constraints(noise=0.1, time_bits=4, seed=7))
    assert lower(snn).hardware == Hardware(noise=0.1, time_bits=4, seed=7)
    assert lower(network[0]).hardware == Hardware()
