"""The metric counts neurons that never fire."""

from __future__ import annotations

import keras
import numpy as np
from snnctl_example.silent import Silent

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.plugins import Samples, load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.measure import measure


def test_it_is_registered() -> None:
    entry = load_registry().metrics()["silent"]
    assert (entry.metric, entry.hook.package) == (Silent, "snnctl-example")


def test_neurons_that_cannot_fire_are_silent() -> None:
    dense = keras.layers.Dense(4, activation="relu", name="hidden")
    relu = keras.Sequential([keras.Input((3,)), dense, keras.layers.Dense(2)])
    dense.set_weights([np.ones((3, 4)), np.array([0.0, -9.0, 1.0, -9.0])])
    snn = build_spiking(relu, SpikingSettings(width=10.0))
    samples = Samples(np.random.default_rng(0).random((30, 3)).astype("float32"), np.zeros(30, int))
    figures = measure(snn, "snn", samples, 8, SilentReporter(), "", registry=load_registry())
    assert figures["plugins"]["silent"] == {"hidden": 0.5}
