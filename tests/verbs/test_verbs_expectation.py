"""Data that is not what the network was trained on is noticed; data that is passes without a word."""

import keras
import numpy as np
import pytest

from snnctl.data.stream import ArrayStream
from snnctl.verbs.expectation import chance_level, unchecked_scale, unexpected_data

layers = keras.layers


def warnings(model: keras.Model, inputs: np.ndarray) -> list[str]:
    return unexpected_data(model, ArrayStream(lambda: inputs.astype("float32")))


def uniform(low: float, high: float, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (300, *shape))


@pytest.mark.parametrize(("high", "word"), [(1, ""), (1.4, ""), (255, "larger"), (0.004, "smaller")])
def test_the_statistics_of_batch_normalisation(net: keras.Model, high: float, word: str) -> None:
    inputs = keras.Input((6, 6, 1))
    x = layers.ZeroPadding2D(0)(inputs)
    nested = keras.Model(inputs, layers.Dense(2)(layers.Concatenate()([net(x), layers.Flatten()(x)])))
    for model in (net, nested):
        told = warnings(model, uniform(0, high, 6, 6, 1))
        assert len(told) == bool(word)
        for words in (f"data is {word} than what the network was trained on", "'batch_normal", "Check --preprocess"):
            assert not word or words in told[0]


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_range_from_minus_one_to_one(symmetric: bool) -> None:
    """Of a network that has seen blots of many sizes in one of the ranges."""
    rng = np.random.default_rng(1)
    near = np.exp(-(np.linspace(-2, 2, 8) ** 2))
    blots = rng.uniform(0.3, 1, (600, 1, 1, 1)) * np.multiply.outer(near, near)[..., None]
    unit = (blots + rng.uniform(0, 0.1, (600, 8, 8, 1))).clip(0, 1)
    right, wrong = (2 * unit - 1, unit) if symmetric else (unit, 2 * unit - 1)
    keras.utils.set_random_seed(2)
    hidden = [layers.Conv2D(8, 3), layers.BatchNormalization(momentum=0.0), layers.ReLU(), layers.Flatten()]
    model = keras.Sequential([keras.Input((8, 8, 1)), *hidden, layers.Dense(2)])
    model(right[:300].astype("float32"), training=True)
    assert not warnings(model, right[300:])
    assert len(told := warnings(model, wrong[300:])) == 1
    assert "standard deviations from where it lay in training" in told[0] or "times as far" in told[0]


def test_a_layer_that_is_called_twice_and_too_few_samples() -> None:
    norm, inputs = layers.BatchNormalization(momentum=0.0), keras.Input((5,))
    norm(uniform(0, 1, 5).astype("float32"), training=True)
    twice = keras.Model(inputs, layers.Dense(2)(norm(norm(inputs))))
    assert not warnings(twice, uniform(0, 1, 5))
    assert len(warnings(twice, uniform(0, 255, 5))) == 1
    once = keras.Sequential([keras.Input((5,)), norm, layers.Dense(2)])
    assert len(warnings(once, uniform(0, 255, 5))) == 1
    assert not warnings(once, uniform(0, 255, 5)[:3])


@pytest.mark.parametrize(
    ("scale", "offset", "high", "word"),
    [
        (1 / 255, 0, 255, ""),
        (1 / 127.5, -1, 255, ""),
        (2, -1, 1, ""),
        (255, 0, 1, ""),
        (1 / 127.5, -1, 1, "larger"),
        (1 / 255, 0, 65535, "smaller"),
        ([1 / 255, 1 / 250, 1 / 240], 0, 1, "larger"),
    ],
)
def test_rescaling_in_front(scale: float, offset: float, high: float, word: str) -> None:
    model = keras.Sequential([keras.Input((4, 3)), layers.Rescaling(scale, offset), layers.Flatten(), layers.Dense(2)])
    told = warnings(model, uniform(0, high, 4, 3))
    assert len(told) == bool(word)
    assert not word or f"made for {word} values" in told[0]


def test_an_adapted_normalization() -> None:
    normalization = layers.Normalization(axis=-1)
    normalization.adapt(uniform(0, 255, 4, 3))
    model = keras.Sequential([keras.Input((4, 3)), normalization, layers.Flatten(), layers.Dense(2)])
    assert [len(warnings(model, uniform(0, high, 4, 3))) for high in (255, 1)] == [0, 1]


@pytest.mark.parametrize(
    "layer",
    [
        layers.ReLU(),  # nothing to compare with
        layers.BatchNormalization(),  # statistics of the start
        layers.Rescaling(1e-4),  # further inside
    ],
)
def test_networks_that_say_nothing(layer: layers.Layer) -> None:
    assert not warnings(
        keras.Sequential([keras.Input((5,)), layers.Dense(3), layer, layers.Dense(2)]), uniform(0, 255, 5)
    )


@pytest.mark.parametrize(
    ("accuracy", "classes", "samples", "warned"),
    [
        (0.12, 10, 1000, True),
        (0.2, 10, 1000, False),
        (0.02, 10, 1000, True),
        (0.5, 2, 400, True),
        (0.65, 2, 400, False),
        (0.1, 10, 20, False),
    ],
)
def test_a_network_that_guesses(accuracy: float, classes: int, samples: int, warned: bool) -> None:
    assert (chance_level(accuracy, classes, samples) is not None) == warned


def test_what_is_said_of_one_that_guesses_on_the_data_of_its_training() -> None:
    assert "--preprocess" in (chance_level(0.1, 10, 1000) or "")
    told = chance_level(0.1, 10, 1000, as_trained=True) or ""
    assert "trained too little" in told
    assert "--preprocess" not in told


def test_large_values_that_cannot_be_checked(net: keras.Model) -> None:
    plain = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    large, small = (ArrayStream(lambda high=high: uniform(0, high, 5)) for high in (255, 1))  # type: ignore[misc]
    labelled = ArrayStream(lambda: uniform(0, 255, 5), np.zeros(300))
    assert "cannot be checked" in unchecked_scale(plain, large, "raw")[0]
    for model, stream, preprocess in (
        (plain, small, "raw"),
        (plain, labelled, "raw"),
        (plain, large, "mean=0.0,std=1.0"),
        (net, large, "raw"),
    ):
        assert not unchecked_scale(model, stream, preprocess)
