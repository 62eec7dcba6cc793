"""Spiking layers: each neuron fires at most once, in its window, as the equations say."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
import snnctl.layers as ttfs
from snnctl.ttfs.observe import observed
from snnctl.ttfs.timeline import latency, set_windows, spiking_layers, timeline

Dense, Conv2D = keras.layers.Dense, keras.layers.Conv2D


def dense_network(neuron: str = "b1", width: float = 2.0, seed: int = 0, **options) -> keras.Model:
    """Input (5,), two spiking layers, a readout; float64."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    inputs = keras.Input((5,), dtype="float64")
    x = ttfs.InputCoding(-1.0, 1.0, dtype="float64")(inputs)
    for units in (7, 6):
        synapses = Dense(units, use_bias=False, dtype="float64")
        x = ttfs.SpikingLayer(synapses, width=width, neuron=neuron, dtype="float64", **options)(x)
    x = ttfs.Readout(Dense(3, use_bias=False, dtype="float64"), dtype="float64")(x)
    model = keras.Model(inputs, x)
    for layer in model.layers:
        if hasattr(layer, "D"):
            layer.D.assign(rng.normal(0.0, 0.3, layer.D.shape))
    return model


def inputs(count: int = 20, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 5))


@given(st.sampled_from(["b1", "alpha1"]), st.floats(0.05, 5.0), st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_spike_times_are_the_solutions_of_the_membrane_equation(neuron, width, seed):
    model = dense_network(neuron, width, seed)
    x = inputs()
    logits, times = reference.simulate(model, x)
    windows = {window.layer: window for window in timeline(model)}
    view = observed(model)
    for layer, ideal in zip(spiking_layers(model), view(x)[1], strict=True):
        window = windows[layer.name]
        local = np.asarray(layer.fire(ideal))
        assert np.all((local >= 0) & (local <= window.width))
        np.testing.assert_allclose(window.t_max - local, np.minimum(times[layer.name], window.t_max), atol=1e-9)
        spiking = local > 1e-9
        np.testing.assert_allclose(window.times(local)[spiking], times[layer.name][spiking], atol=1e-9)
        assert np.all(np.isinf(window.times(local)[local == 0]))
    np.testing.assert_allclose(model(x), logits, atol=1e-9)


def test_alpha1_neurons_without_a_rising_potential_stay_silent():
    layer = ttfs.SpikingLayer(Dense(2, use_bias=False), width=5.0, neuron="alpha1")
    x = np.array([[0.5], [0.0]], "float32")
    layer(x)
    layer.synapses[0].kernel.assign([[-3.0, 1.0]])  # B = 1 - 3 = -2 and 1 + 1 = 2
    layer.D.assign([4.0, 3.0])
    np.testing.assert_array_equal(layer(x), [[0.0, 1.75], [0.0, 1.5]])


def test_a_window_cuts_off_what_is_too_early_and_silences_what_is_too_late():
    layer = ttfs.SpikingLayer(Dense(3, use_bias=False), width=1.0)
    layer(np.zeros((1, 1), "float32"))
    layer.synapses[0].kernel.assign([[-1.0, 0.5, 3.0]])
    np.testing.assert_array_equal(layer(np.ones((1, 1), "float32")), [[0.0, 0.5, 1.0]])
    np.testing.assert_allclose(layer.threshold(), [1.0, 1.0, 1.0])


def test_windows_grow_while_training_and_never_shrink():
    layer = ttfs.SpikingLayer(Dense(1, use_bias=False), width=1.0, gamma=10.0)
    layer(np.zeros((1, 1), "float32"))
    layer.synapses[0].kernel.assign([[1.0]])
    big, small = np.array([[4.0]], "float32"), np.array([[0.5]], "float32")
    np.testing.assert_array_equal(layer(big, training=True), [[4.0]])  # grown first, so nothing saturates
    assert float(layer.width.numpy()) == 40.0
    layer(small, training=True)
    assert float(layer.width.numpy()) == 40.0
    layer(10 * big, training=False)
    assert float(layer.width.numpy()) == 40.0


def test_fixed_windows_saturate_in_training_too_and_stop_the_gradient():
    import tensorflow as tf

    layer = ttfs.SpikingLayer(Dense(1, use_bias=False), width=1.0, windows="fixed")
    layer(np.zeros((1, 1), "float32"))
    layer.synapses[0].kernel.assign([[1.0]])
    x = tf.constant([[0.5], [4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_array_equal(y, [[0.5], [1.0]])
    np.testing.assert_array_equal(tape.gradient(y, x), [[1.0], [0.0]])
    assert float(layer.width.numpy()) == 1.0


def test_windows_tile_the_time_axis():
    model = dense_network(width=2.5)
    windows = timeline(model)
    assert [(window.t_min, window.t_max) for window in windows] == [(0.0, 1.0), (1.0, 3.5), (3.5, 6.0)]
    assert latency(model) == 6.0


def test_several_synapse_groups_are_summed():
    keras.utils.set_random_seed(0)
    x = keras.Input((4, 4, 2))
    left, right = Conv2D(3, 3, padding="same", use_bias=False), Conv2D(3, 1, use_bias=False)
    chain = [keras.layers.AveragePooling2D(1), right]
    layer = ttfs.SpikingLayer([[left], chain], width=100.0)
    model = keras.Model(x, layer([x, x]))
    image = np.random.default_rng(0).random((2, 4, 4, 2), dtype="float32")
    expected = np.maximum(np.asarray(left(image)) + np.asarray(right(image)), 0)
    np.testing.assert_allclose(model(image), expected, rtol=1e-5, atol=1e-6)


def test_several_groups_survive_saving(tmp_path):
    x = keras.Input((4, 4, 2))
    groups = [[Conv2D(3, 3, padding="same", use_bias=False)], [Conv2D(3, 1, use_bias=False)]]
    model = keras.Model(x, ttfs.SpikingLayer(groups, width=3.0, gamma=2.0, windows="fixed")([x, x]))
    image = np.random.default_rng(0).random((2, 4, 4, 2), dtype="float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(image), model(image))
    assert (loaded.layers[-1].windows, loaded.layers[-1].gamma) == ("fixed", 2.0)


@pytest.mark.parametrize("neuron", ["b1", "alpha1"])
def test_a_saved_network_answers_as_before_and_trains_on(tmp_path, neuron):
    model = dense_network(neuron)
    x, y = inputs(64), np.arange(64) % 3
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, verbose=0)
    grown = latency(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert latency(loaded) == grown > 3.0
    loaded.fit(x, y, verbose=0)


def test_windows_of_a_network_can_be_fixed():
    model = dense_network(width=0.5)
    set_windows(model, "fixed", 10.0)
    model(inputs(), training=True)
    assert latency(model) == 2.0


@given(st.floats(-300, 300), st.floats(0.01, 300))
@settings(deadline=None, max_examples=30)
def test_input_coding_maps_the_range_to_its_window_and_saturates_outside(low, width):
    coding = ttfs.InputCoding(low, low + width, dtype="float64")
    values = np.array([[low - 1, low, low + width / 4, low + width, low + width + 1]])
    np.testing.assert_allclose(coding(values), [[0, 0, 0.25, 1, 1]], atol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ttfs.SpikingLayer(Dense(2)), "bias"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False, activation="relu")), "activation"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), gamma=0.5), "gamma"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), width=0.0), "width"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), neuron="lif"), "lif"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), windows="shrink"), "shrink"),
        (lambda: ttfs.InputCoding(1.0, 1.0), "range"),
        (lambda: ttfs.Readout(Dense(2, use_bias=False), decoding="tanh"), "tanh"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), max_value=0.0), "max_value"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), max_value=6.0, signed=True), "signed or clipped"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), signed=True, neuron="alpha1"), "b1"),
        (lambda: ttfs.SpikingLayer(Dense(2, use_bias=False), max_value=6.0, neuron="alpha1"), "b1"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_observing_a_network_changes_nothing():
    model, x = dense_network(width=0.5), inputs()
    np.testing.assert_array_equal(observed(model)(x)[0], model(x))


def test_a_sequential_network_is_observed_as_a_functional_one():
    keras.utils.set_random_seed(0)
    spiking = ttfs.SpikingLayer(Dense(4, use_bias=False), width=9.0)
    model = keras.Sequential([keras.Input((3,)), ttfs.InputCoding(), spiking, ttfs.Readout(Dense(2, use_bias=False))])
    x = np.random.default_rng(0).random((5, 3), dtype="float32")
    logits, ideals = observed(model)(x)
    np.testing.assert_array_equal(logits, model(x))
    assert [ideal.shape for ideal in ideals] == [(5, 4)]


def test_synapses_of_another_precision_are_refused():
    with pytest.raises(ValueError, match="dtype"):
        ttfs.SpikingLayer(Dense(2, use_bias=False), dtype="float64")
