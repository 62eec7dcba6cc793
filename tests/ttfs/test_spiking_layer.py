"""Spiking layers, relays, synapses, coding and readout, each on its own: windows, files, bad arguments."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import snnctl.layers as ttfs
from snnctl.models.network import precision
from snnctl.ttfs.timeline import latency

L = keras.layers


def single(dtype: str = "float64", **options) -> ttfs.SpikingLayer:
    """One neuron for each input, weight 1."""
    layer = ttfs.SpikingLayer([[]], dtype=dtype, **options)
    layer.build((None, 1))
    return layer


def column(*values: float) -> np.ndarray:
    return np.array(values, "float64")[:, None]


def trained_through(layer: ttfs.SpikingLayer, *values: float) -> tuple[list[float], list[float]]:
    """What a layer makes of a training batch, and the gradient of it."""
    x = tf.constant(column(*values))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    return y.numpy().ravel().tolist(), tape.gradient(y, x).numpy().ravel().tolist()


def test_windows_grow_while_training_and_never_shrink() -> None:
    layer = single(width=1.0, gamma=10.0)
    assert trained_through(layer, 4.0) == ([4.0], [1.0]), "grown first, so nothing saturates"
    assert float(layer.width) == 40.0
    layer(column(0.5), training=True)
    layer(column(1e3), training=False)
    assert float(layer.width) == 40.0


@pytest.mark.parametrize(
    ("options", "width"), [({"width": 1.0, "windows": "fixed"}, 1.0), ({"max_value": 6.0, "width": 50.0}, 6.0)]
)
def test_fixed_windows_and_those_of_clipped_relus_saturate_and_stop_the_gradient(options: dict, width: float) -> None:
    layer = single(**options)
    assert trained_through(layer, -1.0, 0.5, 9.0) == ([0.0, 0.5, width], [0.0, 1.0, 0.0])
    assert float(layer.width) == width


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
def test_a_large_activation_in_half_precision_makes_no_infinite_window(policy: str) -> None:
    layer = single(policy, gamma=10.0)
    layer(column(7000.0), training=True)
    assert float(layer.width) == 70_000.0


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16"])
def test_a_window_in_half_precision_does_not_shrink_on_a_batch_without_spikes(policy: str) -> None:
    layer = single(policy, width=1001.23)
    layer(column(0.0), training=True)
    assert float(layer.width) == pytest.approx(1001.23, abs=1e-4)


@pytest.mark.parametrize(
    ("decoding", "limit", "values"),
    [("linear", None, [-1, 3, 9]), ("relu", None, [0, 3, 9]), ("relu", 6.0, [0, 3, 6])],
)
def test_a_readout_clips_like_the_source(decoding: str, limit: float | None, values: list[float]) -> None:
    readout = ttfs.Readout([[]], decoding=decoding, max_value=limit, dtype="float64")
    np.testing.assert_array_equal(readout(column(-1, 3, 9)), column(*values))
    again = ttfs.Readout.from_config(readout.get_config())
    assert (again.decoding, again.max_value) == (decoding, limit)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-300.0, -299.99), (-1.0, 254.0)])
def test_input_coding_maps_the_range_to_its_window_and_saturates_outside(low: float, high: float) -> None:
    coding = ttfs.InputCoding(low, high, dtype="float64")
    values = np.array([[low - 1, low, low + (high - low) / 4, high, high + 1]])
    np.testing.assert_allclose(coding(values), [[0, 0, 0.25, 1, 1]], atol=1e-9)


def test_a_relay_changes_nothing_in_local_time() -> None:
    relay = ttfs.Relay(["a"])
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_array_equal(relay(x), x)
    assert not relay.weights
    again = ttfs.Relay.from_config(relay.get_config())
    assert (again.source, again.name) == (("a",), relay.name)


# Whole networks.


def network(**options) -> keras.Model:
    """Input (4, 4, 2), a layer that reads it in several groups of synapses (alpha1: in one), and a readout; float64."""
    keras.utils.set_random_seed(0)
    with precision("float64"):
        start = keras.Input((4, 4, 2))
        x = ttfs.InputCoding(-1.0, 1.0)(start)
        groups: list[list] = [[L.Conv2D(2, 3, padding="same", use_bias=False)]]
        if "neuron" not in options:
            diagonal = ttfs.Diagonal(per_neuron=True)
            groups += [[L.AveragePooling2D(1), L.Conv2D(2, 1, use_bias=False)], [diagonal]]
        hidden = ttfs.SpikingLayer(groups, **options)
        x = hidden([x] * len(groups) if len(groups) > 1 else x)
        model = keras.Model(start, ttfs.Readout(L.Dense(3, use_bias=False))(L.Flatten()(x)))
        if "neuron" not in options:
            diagonal.kernel.assign(np.random.default_rng(0).uniform(0.1, 1, diagonal.kernel.shape))
    return model


def images(count: int = 30) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, 4, 4, 2))


def test_groups_of_synapses_are_summed() -> None:
    model, x = network(width=100.0), images()
    hidden = model.layers[2]
    left, right, diagonal = (part for part in hidden.synapses if part.weights)
    coded = (x + 1) / 2
    expected = np.maximum(np.asarray(left(coded)) + np.asarray(right(coded)) + coded * np.asarray(diagonal.kernel), 0)
    np.testing.assert_allclose(keras.Model(model.inputs[0], hidden.output)(x), expected, rtol=1e-12)


@pytest.mark.parametrize("options", [{"gamma": 2.0}, {"neuron": "alpha1"}, {"max_value": 1.5}, {"windows": "fixed"}])
def test_a_trained_network_is_restored_from_a_file_and_trains_on(options: dict, tmp_path) -> None:
    model, x, y = network(**options), images(), np.arange(30) % 3
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    model.fit(x, y, batch_size=10, verbose=0)
    assert (latency(model) > 2.0) == (options.get("windows") != "fixed")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert latency(loaded) == latency(model)
    restored, kept = (each.layers[2].get_config() for each in (loaded, model))
    assert all(restored[name] == kept[name] for name in ("neuron", "windows", "gamma", "max_value"))
    loaded.fit(x, y, verbose=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_to_one_synapses_weigh_channels_or_neurons(dtype: str) -> None:
    x = np.arange(12.0).reshape(1, 2, 3, 2).astype(dtype)
    for per_neuron, weights in ((False, np.array([2.0, -1.0], dtype)), (True, x[0])):
        synapses = ttfs.Diagonal(per_neuron=per_neuron, dtype=dtype)
        np.testing.assert_array_equal(synapses(x), x)
        synapses.kernel.assign(weights)
        np.testing.assert_array_equal(synapses(x), x * weights)
        assert synapses(x).dtype == dtype


def dense(**options) -> keras.layers.Layer:
    return L.Dense(2, **{"use_bias": False, **options})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ttfs.SpikingLayer(dense(use_bias=True)), "bias"),
        (lambda: ttfs.SpikingLayer(dense(activation="relu")), "activation"),
        (lambda: ttfs.SpikingLayer(dense(), gamma=0.5), "gamma"),
        (lambda: ttfs.SpikingLayer(dense(), width=0.0), "width"),
        (lambda: ttfs.SpikingLayer(dense(), neuron="lif"), "lif"),
        (lambda: ttfs.SpikingLayer(dense(), windows="shrink"), "shrink"),
        (lambda: ttfs.SpikingLayer(dense(), max_value=0.0), "max_value"),
        (lambda: ttfs.SpikingLayer(dense(), max_value=6.0, neuron="alpha1"), "b1"),
        (lambda: ttfs.SpikingLayer(dense(), dtype="float64"), "dtype"),
        (lambda: ttfs.InputCoding(1.0, 1.0), "range"),
        (lambda: ttfs.Readout(dense(), decoding="tanh"), "tanh"),
    ],
)
def test_bad_arguments_are_named(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
