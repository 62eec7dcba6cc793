"""Branches of spiking networks: relays, one-to-one synapses, levels, and what can be seen from outside."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import reference
import snnctl.layers as ttfs
from snnctl.ttfs.observe import observed, observed_firing, silence
from snnctl.ttfs.timeline import latency, relays, spiking_layers, timeline

L = keras.layers


def spiking(units: int = 3, **options) -> ttfs.SpikingLayer:
    return ttfs.SpikingLayer(L.Dense(units, use_bias=False, dtype="float64"), dtype="float64", **options)


def branched() -> keras.Model:
    """Two layers side by side, one of them signed; both wait in a relay for a third one that reads the first.

    input [0, 1], level 1: wide (3.0) and signed (2 x 1.0), level 2: deep (2.5) and relay (3.0), then the readout.
    """
    keras.utils.set_random_seed(1)
    start = keras.Input((4,), dtype="float64")
    x = ttfs.InputCoding(name="coding", dtype="float64")(start)
    wide, signed = spiking(width=3.0, name="wide")(x), spiking(signed=True, name="signed")(x)
    deep = spiking(width=2.5, name="deep")(wide)
    both = L.Concatenate(dtype="float64")([wide, signed])
    waiting = ttfs.Relay(["one", "two"], name="relay", dtype="float64")(both)
    groups = [[L.Dense(2, use_bias=False, dtype="float64")] for _ in range(2)]
    model = keras.Model(start, ttfs.Readout(groups, name="readout", dtype="float64")([deep, waiting]))
    for layer in model.layers:
        if hasattr(layer, "D"):
            layer.D.assign(np.linspace(-0.5, 0.4, layer.D.shape[0]))
    return model


def inputs() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, (25, 4))


# Relays.


def test_a_relay_changes_nothing_in_local_time():
    relay = ttfs.Relay(["a"])
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_array_equal(relay(x), x)
    assert relay.compute_output_shape((None, 3, 4)) == (None, 3, 4)
    assert not relay.weights
    again = ttfs.Relay.from_config(relay.get_config())
    assert (again.source, again.name) == (("a",), relay.name)


def test_a_relay_fires_one_window_later():
    found = reference.evaluate(branched(), inputs())
    before = np.concatenate([found.times["wide"], found.times["signed"]], axis=1)
    fired = np.isfinite(before)
    delay = found.windows["relay"].t_max - found.windows["wide"].t_max
    np.testing.assert_allclose(found.times["relay"][fired], before[fired] + delay, atol=1e-12)
    assert np.isinf(found.times["relay"][~fired]).all()
    assert not fired.all()


# Synapses one to one.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_to_one_synapses_weigh_channels_or_neurons(dtype):
    x = np.arange(12.0).reshape(1, 2, 3, 2).astype(dtype)
    by_channel = ttfs.OneToOne(dtype=dtype)
    np.testing.assert_array_equal(by_channel(x), x)
    by_channel.kernel.assign([2.0, -1.0])
    np.testing.assert_array_equal(by_channel(x), x * np.array([2.0, -1.0], dtype))
    by_neuron = ttfs.OneToOne(per_neuron=True, dtype=dtype)
    np.testing.assert_array_equal(by_neuron(x), x)
    by_neuron.kernel.assign(x[0])
    np.testing.assert_array_equal(by_neuron(x), x * x)
    assert by_neuron(x).dtype == dtype


@pytest.mark.parametrize("per_neuron", [False, True])
def test_one_to_one_synapses_are_restored_from_a_file(per_neuron, tmp_path):
    start = keras.Input((2, 3))
    synapses = ttfs.OneToOne(per_neuron)
    model = keras.Model(start, ttfs.SpikingLayer([[synapses], []], width=9.0)([start, start]))
    synapses.kernel.assign(np.random.default_rng(0).uniform(0.1, 1, synapses.kernel.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((5, 2, 3), dtype="float32")
    np.testing.assert_array_equal(loaded(x), model(x))
    np.testing.assert_allclose(model(x), x * np.asarray(synapses.kernel) + x, rtol=1e-6)


# Levels.


def test_windows_of_a_level_end_together():
    windows = {window.layer: window for window in timeline(branched())}
    seen = {name: (window.t_min, window.t_max, window.level, window.low) for name, window in windows.items()}
    assert seen == {
        "coding": (0.0, 1.0, 0, 0.0),
        "wide": (1.0, 4.0, 1, 0.0),
        "signed": (2.0, 4.0, 1, -1.0),
        "deep": (4.5, 7.0, 2, 0.0),
        "relay": (4.0, 7.0, 2, np.nan),
    }
    assert latency(branched()) == 7.0


def test_levels_are_the_reference_s():
    model = branched()
    found = reference.layout(model)
    for window in timeline(model):
        expected = found.windows[window.layer]
        assert (window.t_min, window.t_max, window.level) == (expected.t_min, expected.t_max, expected.level)


def test_readouts_of_several_levels_are_read_at_the_end_of_their_own():
    start = keras.Input((4,))
    x = ttfs.InputCoding()(start)
    hidden = ttfs.SpikingLayer(L.Dense(3, use_bias=False), width=2.0)(x)
    outputs = [ttfs.Readout(L.Dense(2, use_bias=False))(tensor) for tensor in (x, hidden)]
    model = keras.Model(start, outputs)
    assert latency(model) == 3.0
    assert [window.level for window in timeline(model)] == [0, 1]
    found = reference.evaluate(model, inputs())
    for expected, output in zip(found.logits, model(inputs().astype("float32")), strict=True):
        np.testing.assert_allclose(output, expected, atol=1e-6)


def test_a_network_without_coding_has_an_input_window_too():
    start = keras.Input((4,))
    model = keras.Model(start, ttfs.Readout(L.Dense(2, use_bias=False))(start))
    (window,) = timeline(model)
    assert (window.layer, window.t_min, window.t_max) == ("input", 0.0, 1.0)


# What is seen.


def test_relays_are_observed_without_changing_anything():
    model, x = branched(), inputs()
    view, names = observed_firing(model)
    logits, ideals, carried = view(x)
    np.testing.assert_array_equal(logits, model(x))
    found = reference.evaluate(model, x)
    assert [tuple(ideal.shape) for ideal in ideals] == [(25, 3)] * 3
    for layer, ideal in zip(spiking_layers(model), ideals, strict=True):
        low, crossing = float(layer.range[0]), found.crossings[layer.name]
        np.testing.assert_allclose(ideal, crossing.window.t_max - crossing.t + low, atol=1e-12)
    (none,) = silence(model)
    left = found.windows["relay"].t_max - np.minimum(found.times["relay"], found.windows["relay"].t_max)
    np.testing.assert_allclose(carried[names.index("relay")] - none, left, atol=1e-12)


def test_silence_is_what_relays_carry_when_nothing_fires():
    model = branched()
    (none,) = silence(model)
    np.testing.assert_array_equal(none.reshape(-1), [0.0, 0.0, 0.0, -1.0, -1.0, -1.0])
    assert [layer.name for layer in relays(model)] == ["relay"]
    assert silence(keras.Model(model.inputs[0], model.get_layer("deep").output)) == []


def test_silence_is_that_of_a_batch_of_one():
    assert [none.shape for none in silence(branched())] == [(1, 6)]


def test_silence_of_the_input_is_the_low_end_of_its_range():
    start = keras.Input((2, 2, 1))
    x = ttfs.InputCoding(-3.0, 5.0)(start)
    first = ttfs.SpikingLayer(L.Conv2D(2, 1, use_bias=False))(x)
    waiting = ttfs.Relay()(L.ZeroPadding2D(1)(x))
    padded = L.ZeroPadding2D(1)(first)
    groups = [[L.Conv2D(2, 1, use_bias=False)], [L.Conv2D(2, 1, use_bias=False)]]
    model = keras.Model(start, ttfs.Readout(groups)([padded, waiting]))
    (none,) = silence(model)
    np.testing.assert_array_equal(none.reshape(4, 4), np.zeros((4, 4)))


def test_several_outputs_are_observed_as_a_list():
    model = branched()
    twice = keras.Model(model.inputs[0], [model.outputs[0], model.outputs[0]])
    logits, ideals = observed(twice)(inputs())
    assert len(logits) == 2
    assert len(ideals) == 3
    for output in logits:
        np.testing.assert_array_equal(output, model(inputs()))


def test_a_branched_network_is_restored_from_a_file(tmp_path):
    model = branched()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(inputs()), model(inputs()))
    assert timeline(loaded) == timeline(model)
    assert loaded.get_layer("relay").source == ("one", "two")
