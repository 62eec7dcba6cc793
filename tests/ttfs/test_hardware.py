"""Hardware constraints layer by layer, against plain NumPy in double precision."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import snnctl.layers as ttfs
from snnctl.ttfs.constraints import Constraints, JitterSeed, rounded_thresholds, rounded_weights

L = keras.layers


def array(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def gradient(function, x: np.ndarray, *layers: keras.layers.Layer) -> list[np.ndarray]:
    """Of the sum of ``function(x)``, with respect to x and to the layers' trainable weights."""
    import tensorflow as tf

    at = tf.Variable(x)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(at))
    weights = [weight.value for layer in layers for weight in layer.trainable_weights]
    return [array(part) for part in tape.gradient(total, [at, *weights])]


# What the definition says, once more.


def weights_by_hand(J: np.ndarray, bits: int, w_min: float | None, w_max: float | None) -> np.ndarray:
    low = J.min() if w_min is None else w_min
    high = J.max() if w_max is None else w_max
    integers = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    # The smallest step with which the integers reach both ends.
    step = max([end / integer for end, integer in ((low, integers[0]), (high, integers[-1])) if integer])
    if step <= 0:
        return np.zeros_like(J)
    within = np.clip(J, low, high)
    return step * integers[np.abs(within[..., None] / step - integers).argmin(-1)]


def times_by_hand(x: np.ndarray, low: float, width: float, bits: int) -> np.ndarray:
    levels = low + width * np.arange(2**bits) / (2**bits - 1)
    return levels[np.abs(x[..., None] - levels).argmin(-1)]


# Weights.

RANGES = [(None, None), (-0.5, 0.7), (None, 0.3), (-0.1, None), (0.2, 0.9), (-0.9, -0.2), (0.0, 0.5)]


@pytest.mark.parametrize(("w_min", "w_max"), RANGES)
def test_weights_are_signed_integers_of_b_bits_times_a_step(w_min, w_max):
    for bits in (1, 2, 3, 5, 8, 16):
        J = np.random.default_rng(bits).normal(scale=0.5, size=(7, 11))
        J[0, 0] = 0.0
        rounded = array(rounded_weights(J, bits, w_min, w_max))
        np.testing.assert_allclose(rounded, weights_by_hand(J, bits, w_min, w_max), atol=1e-12)
        assert len(np.unique(rounded)) <= 2**bits
        assert rounded[0, 0] == 0 or not (w_min or -1) <= 0 <= (w_max or 1)


@pytest.mark.parametrize(
    ("J", "options", "expected"),
    [
        *((np.full((3, 4), value, "float32"), {}, value) for value in (0.0, 0.4, -2.0)),
        (np.array([-1.0, 0.5, 1.0]), {"w_min": 2.0}, 2.0),
        (np.array([-1.0, 0.5, 1.0]), {"w_max": -3.0}, -3.0),
    ],
)
def test_weights_that_are_alike_stay_and_those_beyond_the_range_are_at_its_end(J, options, expected):
    rounded = array(rounded_weights(J, 4, **options))
    np.testing.assert_array_equal(rounded, np.full_like(J, expected))


def test_the_gradient_of_rounded_weights_is_that_of_the_rounded_network():
    layer = dense([[0.2, -0.7], [0.9, 0.4]], weight_bits=2)
    x = np.array([[0.5, 0.3]])
    at_x, at_D, at_J = gradient(layer, x, layer)
    J = weights_by_hand(np.array([[0.2, -0.7], [0.9, 0.4]]), 2, None, None)
    fires = (x @ J > 0)[0]
    np.testing.assert_allclose(at_J, x.T @ fires[None].astype(float))  # as if the weights were not rounded
    np.testing.assert_allclose(at_x, [J @ fires])  # through the rounded ones
    np.testing.assert_allclose(at_D, fires)


# Thresholds.


def test_thresholds_are_rounded_between_the_smallest_and_the_largest():
    for bits in (1, 3, 8):
        D = np.random.default_rng(bits).normal(size=(9, 5))
        rounded = array(rounded_thresholds(D, bits))
        np.testing.assert_allclose(rounded, times_by_hand(D, D.min(), D.max() - D.min(), bits), atol=1e-12)
        assert (rounded.min(), rounded.max()) == pytest.approx((D.min(), D.max()))
    D = np.full(5, -0.3, "float32")
    np.testing.assert_array_equal(array(rounded_thresholds(D, 4)), D)


def test_a_layer_integrates_up_to_the_rounded_threshold_and_tells_it():
    layer = dense(np.zeros((2, 4)), D=[0.0, 0.1, 0.4, 0.9], threshold_bits=2, width=2.0)
    np.testing.assert_allclose(array(layer(np.zeros((1, 2)))), [[0.0, 0.0, 0.3, 0.9]])
    np.testing.assert_allclose(array(layer.threshold()), [2.0, 2.0, 1.7, 1.1])
    np.testing.assert_allclose(gradient(layer, np.zeros((1, 2)), layer)[1], [0, 0, 1, 1])


# Times.


@pytest.mark.parametrize(("options", "width"), [({"width": 2.5}, 2.5), ({"max_value": 3.0}, 3.0)])
def test_times_are_rounded_to_the_levels_of_the_window(options, width):
    for bits in (1, 2, 4, 7):
        x = np.random.default_rng(bits).uniform(-1.0, 4.0, (5, 3))
        layer = identity(3, time_bits=bits, **options)
        np.testing.assert_allclose(array(layer(x)), times_by_hand(np.clip(x, 0, width), 0, width, bits), atol=1e-12)


def test_both_ends_of_the_window_are_levels_in_single_precision_as_well():
    for bits in range(1, 17):
        width = np.float32(3.3) * bits
        layer = identity(3, width=float(width), time_bits=bits, dtype="float32")
        np.testing.assert_array_equal(array(layer(np.array([[-1.0, 1e-9, 1e9]], "float32"))), [[0.0, 0.0, width]])


def test_the_input_is_rounded_and_does_not_jitter():
    values = np.linspace(-2, 5, 29)[None]
    coding = ttfs.InputCoding(-1.0, 4.0, constraints={"time_bits": 3, "noise": 5.0}, dtype="float64")
    np.testing.assert_allclose(array(coding(values)), times_by_hand(np.clip((values + 1) / 5, 0, 1), 0, 1, 3))


def test_the_gradient_of_times_is_1_within_the_window_and_0_beyond():
    layer = identity(5, width=1.0, time_bits=2, noise=0.3)
    x = np.array([[-1.5, -0.2, 0.05, 0.9, 1.2]])
    np.testing.assert_allclose(gradient(layer, x)[0], [[0, 0, 1, 1, 0]])


def test_a_growing_window_grows_from_ideal_times_and_then_rounds():
    layer = identity(3, width=1.0, gamma=2.0, windows="grow", time_bits=2, dtype="float32")
    found = layer(np.array([[0.1, 2.0, 3.0]], "float32"), training=True)
    assert float(layer.width) == 6.0
    np.testing.assert_array_equal(array(found), [[0.0, 2.0, 4.0]])


# Jitter.


def test_jitter_is_normal_with_the_given_deviation():
    x = np.full((200, 500), 50.0)
    moved = array(identity(500, width=100.0, noise=0.7)(x)) - x
    assert abs(moved.mean()) < 0.01
    assert moved.std() == pytest.approx(0.7, rel=0.01)
    assert np.mean(np.abs(moved) < 0.7) == pytest.approx(0.6827, abs=0.005)


@pytest.mark.parametrize("options", [{}, {"time_bits": 4}])
def test_silent_neurons_stay_silent_and_nobody_leaves_the_window(options):
    x = np.random.default_rng(0).uniform(-1, 2, (100, 50))
    found = array(identity(50, width=1.0, noise=3.0, **options)(x))
    assert (found[x <= 0] == 0).all()
    assert (found.min(), found.max()) == (0, 1)


def test_jitter_comes_before_rounding():
    x = np.full((50, 50), 1.0)
    found = array(identity(50, width=2.0, noise=0.4, time_bits=2)(x))
    np.testing.assert_allclose(np.unique(found), np.array([0, 1, 2, 3]) * 2 / 3)


def test_jitter_differs_from_call_to_call_and_comes_again_from_the_start():
    layer = identity(4, width=9.0, noise=0.1)
    x = np.full((3, 4), 4.0)
    first, second = array(layer(x)), array(layer(x))
    assert not np.array_equal(first, second)
    layer.jitter_seed.restart()
    np.testing.assert_array_equal(array(layer(x)), first)


def test_every_seed_and_every_layer_jitters_in_its_own_way():
    x = np.full((3, 4), 4.0)
    kinds = [Constraints(noise=1.0, seed=1), Constraints(noise=1.0, seed=2)]
    drawn = [
        array(constraints.times(x, 9, JitterSeed(constraints.seed, name)))
        for constraints in kinds
        for name in ("a", "b")
    ]
    assert len({one.tobytes() for one in drawn}) == 4
    again = kinds[1].times(x, 9, JitterSeed(2, "b"))
    np.testing.assert_array_equal(array(again), drawn[3])


# What cannot be.


@pytest.mark.parametrize(
    "values",
    [
        {"noise": -0.1},
        {"time_bits": 17},
        {"threshold_bits": 2.5},
        {"w_min": 1.0, "w_max": 1.0},
        {"w_max": float("inf")},
        {"colour": "red"},
    ],
)
def test_constraints_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError, match=r"\w"):
        ttfs.InputCoding(constraints=values)


def test_a_relay_that_stands_alone_does_not_know_its_window():
    relay = ttfs.Relay(constraints={"time_bits": 3})
    with pytest.raises(AttributeError, match="never been called"):
        relay(np.ones((1, 2), "float32"))


# Layers.


def dense(J, D=None, width: float = 1e3, **constraints) -> ttfs.SpikingLayer:
    J = np.asarray(J, "float64")
    layer = ttfs.SpikingLayer(
        L.Dense(J.shape[1], use_bias=False, dtype="float64"), width=width, constraints=constraints, dtype="float64"
    )
    layer.build((None, J.shape[0]))
    layer.synapses[0].kernel.assign(J)
    layer.D.assign(np.zeros(J.shape[1]) if D is None else D)
    return layer


def identity(
    neurons: int, dtype: str = "float64", noise: float = 0.0, time_bits: int = 0, **options
) -> ttfs.SpikingLayer:
    synapses = ttfs.Diagonal(dtype=dtype)
    constraints = {"noise": noise, "time_bits": time_bits}
    layer = ttfs.SpikingLayer(synapses, constraints=constraints, dtype=dtype, **options)
    layer.build((None, neurons))
    return layer
