"""Windows follow the activations of the calibration data."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from counting import counted
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.errors import DataError
from snnctl.progress import SilentReporter
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import spiking_layers

REPORTER = SilentReporter()


@pytest.fixture
def network():
    keras.utils.set_random_seed(0)
    L = keras.layers
    model = keras.Sequential(
        [keras.Input((10,)), L.Dense(30, activation="relu"), L.Dense(20, activation="relu"), L.Dense(3)]
    )
    return model, build_spiking(model, SpikingSettings())


@pytest.fixture
def data():
    return np.random.default_rng(0).random((500, 10), dtype="float32")


def test_windows_are_the_largest_activation_and_a_margin(network, data):
    model, snn = network
    X = calibrate(snn, data, 1.0, 0.5, 64, REPORTER)
    hidden = np.asarray(model.layers[0](data))
    assert X[0] == pytest.approx(hidden.max(), rel=1e-6)
    assert float(spiking_layers(snn)[0].width.numpy()) == pytest.approx(1.5 * hidden.max(), rel=1e-6)


def test_without_a_margin_nothing_saturates_on_the_calibration_data(network, data):
    _, snn = network
    calibrate(snn, data, 1.0, 0.0, 64, REPORTER)
    assert counted(snn, data, 100)["saturated"] == 0.0


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.99])
def test_a_quantile_leaves_that_fraction_of_spikes_inside(network, data, quantile):
    model, snn = network
    X = calibrate(snn, data, quantile, 0.0, 64, REPORTER)
    hidden = np.asarray(model.layers[0](data))
    assert X[0] == pytest.approx(np.quantile(hidden[hidden > 0], quantile), rel=1e-2)
    first = counted(snn, data, 100)["layers"][0]
    assert first["saturated"] == pytest.approx(1 - quantile, abs=0.01)


def test_a_silent_layer_gets_a_window_all_the_same(network, data):
    _, snn = network
    layer = spiking_layers(snn)[0]
    layer.D.assign(np.full(30, -100.0))
    assert calibrate(snn, data, 0.9, 0.5, 64, REPORTER)[0] == 0.0
    assert float(layer.width.numpy()) == 1.5


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_activations_that_are_not_finite_are_named(network, data, bad):
    _, snn = network
    spiking_layers(snn)[1].D.assign(np.full(20, bad))
    with pytest.raises(DataError) as error:
        calibrate(snn, data, 1.0, 0.5, 64, REPORTER)
    assert spiking_layers(snn)[1].name in str(error.value)


def test_windows_are_calibrated_after_every_epoch_with_graphs_traced_once(monkeypatch):
    from snnctl.ttfs.hardware import Constraints, constrained
    from snnctl.verbs.epoch_windows import EpochWindows

    traced = []
    unclipped = SpikingLayer.unclipped
    monkeypatch.setattr(SpikingLayer, "unclipped", lambda layer, inputs: traced.append(1) or unclipped(layer, inputs))
    relu = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
    snn = constrained(build_spiking(relu, SpikingSettings()), Constraints(time_bits=3))
    windows = EpochWindows(np.random.default_rng(0).random((50, 3), "float32"), 0.9, 0.0, batch_size=16)
    windows.calibrate(snn)
    before, first = len(traced), float(spiking_layers(snn)[0].width)
    snn.layers[2].synapses[0].kernel.assign(2 * snn.layers[2].synapses[0].kernel)
    windows.calibrate(snn)
    assert len(traced) == before
    assert float(spiking_layers(snn)[0].width) == pytest.approx(2 * first, rel=1e-4)
