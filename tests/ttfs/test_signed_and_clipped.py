"""The two variants of the b1 neuron: values of either sign, and clipped ReLUs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
import snnctl.layers as ttfs
from snnctl.ttfs.timeline import set_windows, timeline
from snnctl.ttfs.window import range_grown

Dense = keras.layers.Dense


def single(**options) -> ttfs.SpikingLayer:
    """One neuron for each input, weight 1."""
    layer = ttfs.SpikingLayer([[]], dtype="float64", **options)
    layer.build((None, 1))
    return layer


def column(*values: float) -> np.ndarray:
    return np.array(values, "float64")[:, None]


def range_of(layer) -> list[float]:
    return [float(end) for end in layer.range]


# Signed.


def test_signed_neurons_carry_values_of_their_range_and_saturate_at_both_ends():
    layer = single(signed=True, width=2.0)
    assert range_of(layer) == [-2.0, 2.0]
    np.testing.assert_array_equal(layer(column(-3, -2, -0.5, 0, 1.5, 2, 7)), column(-2, -2, -0.5, 0, 1.5, 2, 2))
    layer.low.assign(-1.0)
    layer.width.assign(5.0)
    np.testing.assert_array_equal(layer(column(-3, 3.5, 7)), column(-1, 3.5, 4))


def test_the_threshold_of_a_signed_neuron_counts_from_the_end_of_its_range():
    layer = single(signed=True, width=2.0)
    layer.D.assign([0.5])
    layer.low.assign(-1.0)
    np.testing.assert_allclose(layer.threshold(), [3.0 - 0.5])
    np.testing.assert_allclose(single(width=4.0).threshold(), [4.0])


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(1, 20), st.floats(0.1, 30), st.floats(0.1, 30))
@settings(deadline=None, max_examples=60)
def test_a_grown_range_holds_the_batch_with_head_room(values, gamma, below, width):
    low, new_width = (float(end) for end in range_grown(np.float64(-below), np.float64(width), np.array(values), gamma))
    high, rounding = low + new_width, 1e-9 * (100 * gamma + 100)
    assert low <= -below
    assert high >= width - below - rounding
    middle, half = (max(values) + min(values)) / 2, gamma * (max(values) - min(values)) / 2
    assert low <= middle - half + rounding
    assert high >= middle + half - rounding
    assert low == pytest.approx(min(-below, middle - half), abs=rounding)
    assert high == pytest.approx(max(width - below, middle + half), abs=rounding)


def test_signed_ranges_grow_while_training_and_never_shrink():
    layer = single(signed=True, width=1.0, gamma=3.0)
    batch = column(-4, 2)  # middle -1, half width 3: grown to -1 +- 9
    np.testing.assert_array_equal(layer(batch, training=True), batch)
    assert range_of(layer) == [-10.0, 8.0]
    layer(column(0.1, 0.2), training=True)
    layer(column(-100, 100), training=False)
    assert range_of(layer) == [-10.0, 8.0]


def test_signed_ranges_can_be_fixed():
    import tensorflow as tf

    layer = single(signed=True, width=1.0, windows="fixed")
    x = tf.constant([[-4.0], [0.5], [2.0]], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_array_equal(y, column(-1, 0.5, 1))
    np.testing.assert_array_equal(tape.gradient(y, x), column(0, 1, 0))
    assert range_of(layer) == [-1.0, 1.0]


def test_growing_takes_no_gradient_and_leaves_the_values_alone():
    import tensorflow as tf

    layer = single(signed=True, width=1.0)
    x = tf.constant([[-4.0], [0.5], [2.0]], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_array_equal(tape.gradient(y, x), np.ones((3, 1)))


# Clipped.


def test_clipped_neurons_are_clipped_relus_whatever_their_width():
    layer = single(max_value=6.0, width=50.0)
    assert float(layer.width.numpy()) == 6.0
    np.testing.assert_array_equal(layer(column(-1, 0, 3, 6, 9)), column(0, 0, 3, 6, 6))


def test_clipped_windows_do_not_grow():
    import tensorflow as tf

    layer = single(max_value=6.0, gamma=10.0)
    x = tf.constant([[-1.0], [3.0], [9.0]], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_array_equal(y, column(0, 3, 6))
    np.testing.assert_array_equal(tape.gradient(y, x), column(0, 1, 0))
    assert float(layer.width.numpy()) == 6.0


def test_a_readout_clips_like_the_source():
    start = keras.Input((1,), dtype="float64")
    for decoding, limit, values in (
        ("linear", None, [-1, 3, 9]),
        ("relu", None, [0, 3, 9]),
        ("relu", 6.0, [0, 3, 6]),
    ):
        readout = ttfs.Readout([[]], decoding=decoding, max_value=limit, dtype="float64")
        model = keras.Model(start, readout(start))
        np.testing.assert_array_equal(model(column(-1, 3, 9)), column(*values))
        again = ttfs.Readout.from_config(readout.get_config())
        assert (again.decoding, again.max_value) == (decoding, limit)


# Both, in networks.

KINDS = {"signed": {"signed": True}, "clipped": {"max_value": 1.5}, "plain": {}}


def network(options: dict) -> keras.Model:
    """Input (5,), a layer of the kind, one that reads it, a readout; float64."""
    keras.utils.set_random_seed(0)
    start = keras.Input((5,), dtype="float64")
    x = ttfs.InputCoding(-1.0, 1.0, dtype="float64")(start)
    for units, kind in ((7, options), (6, {})):
        synapses = Dense(units, use_bias=False, dtype="float64")
        x = ttfs.SpikingLayer(synapses, width=1.2, gamma=2.0, dtype="float64", **kind)(x)
    model = keras.Model(start, ttfs.Readout(Dense(3, use_bias=False, dtype="float64"), dtype="float64")(x))
    for layer in model.layers[2:]:
        layer.D.assign(np.random.default_rng(1).normal(0.0, 0.3, layer.D.shape))
    return model


def inputs(count: int = 40) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_they_fire_as_the_equations_say(kind):
    model, x = network(KINDS[kind]), inputs()
    found = reference.evaluate(model, x)
    np.testing.assert_allclose(model(x), found.logits[0], atol=1e-12)
    first = model.layers[2]
    local = np.asarray(keras.Model(model.inputs[0], first.output)(x))
    window = next(window for window in timeline(model) if window.layer == first.name)
    assert (window.low, window.width) == (range_of(first)[0], float(first.width.numpy()))
    np.testing.assert_allclose(window.times(local), found.times[first.name], atol=1e-12)
    assert np.isinf(window.times(local)).any()
    assert np.isfinite(window.times(local)).any()


def without_synapses(layer) -> dict:
    return {key: value for key, value in layer.get_config().items() if key not in ("synapses", "build_config")}


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_restored_from_their_config_and_from_a_file(kind, tmp_path):
    model, x = network(KINDS[kind]), inputs(30)
    model.compile("sgd", "mse")
    model.fit(x, np.ones((30, 3)), batch_size=10, verbose=0)  # windows have grown
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert timeline(loaded) == timeline(model)
    for kept, restored in zip(model.layers[2:4], loaded.layers[2:4], strict=True):
        assert without_synapses(restored) == without_synapses(kept)
        assert (restored.signed, restored.max_value) == (kept.signed, kept.max_value)
    loaded.fit(x, np.ones((30, 3)), verbose=0)


def test_fixing_the_windows_of_a_network_fixes_ranges_too():
    model = network(KINDS["signed"])
    before = timeline(model)
    set_windows(model, "fixed", 10.0)
    model(inputs(), training=True)
    assert timeline(model) == before
    set_windows(model, "grow", 10.0)
    model(inputs(), training=True)
    grown = timeline(model)
    assert grown[1].low < before[1].low
    assert grown[1].width > before[1].width
