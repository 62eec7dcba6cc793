"""Data that is not what the network was trained on is noticed; data that is passes without a word."""

from __future__ import annotations

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
    found = warnings(net, uniform(0, high, 6, 6, 1))
    assert len(found) == (1 if word else 0)
    if word:
        assert f"the data is {word} than what the network was trained on" in found[0]
        assert "'batch_normalization" in found[0]
        assert "Check --preprocess" in found[0]


def test_a_normalisation_within_a_nested_model_and_a_branch(net: keras.Model) -> None:
    inputs = keras.Input((6, 6, 1))
    x = layers.ZeroPadding2D(0)(inputs)
    outputs = layers.Dense(2)(layers.Concatenate()([net(x), layers.Flatten()(x)]))
    outer = keras.Model(inputs, outputs)
    assert not warnings(outer, uniform(0, 1, 6, 6, 1))
    assert len(warnings(outer, uniform(0, 255, 6, 6, 1))) == 1


@pytest.mark.parametrize(
    ("scale", "offset", "high", "word"),
    [
        (1 / 255, 0, 255, ""),
        (1 / 127.5, -1, 255, ""),
        (2, -1, 1, ""),
        (255, 0, 1, ""),
        (1 / 255, 0, 1, "larger"),
        (1 / 127.5, -1, 1, "larger"),
        (1 / 255, 0, 65535, "smaller"),
        ([1 / 255, 1 / 250, 1 / 240], 0, 1, "larger"),
    ],
)
def test_rescaling_in_front(scale: float, offset: float, high: float, word: str) -> None:
    model = keras.Sequential([keras.Input((4, 3)), layers.Rescaling(scale, offset), layers.Flatten(), layers.Dense(2)])
    found = warnings(model, uniform(0, high, 4, 3))
    assert len(found) == (1 if word else 0)
    if word:
        assert f"made for {word} values" in found[0]


@pytest.mark.parametrize(("high", "count"), [(255, 0), (1, 1)])
def test_an_adapted_normalization(high: float, count: int) -> None:
    normalization = layers.Normalization(axis=-1)
    normalization.adapt(uniform(0, 255, 4, 3))
    model = keras.Sequential([keras.Input((4, 3)), normalization, layers.Flatten(), layers.Dense(2)])
    assert len(warnings(model, uniform(0, high, 4, 3))) == count


@pytest.mark.parametrize(
    "model",
    [
        keras.Sequential([keras.Input((5,)), layers.Dense(3, activation="relu"), layers.Dense(2)]),
        keras.Sequential([keras.Input((5,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)]),
        keras.Sequential([keras.Input((5,)), layers.Dense(3), layers.Rescaling(1e-4), layers.Dense(2)]),
    ],
    ids=["nothing to compare with", "statistics of the start", "rescaling further inside"],
)
def test_networks_that_say_nothing(model: keras.Model) -> None:
    assert not warnings(model, uniform(0, 255, 5))


def test_too_few_samples_say_nothing(net: keras.Model) -> None:
    dense = keras.Sequential([keras.Input((5,)), layers.BatchNormalization(momentum=0.0), layers.Dense(2)])
    dense(uniform(0, 1, 5).astype("float32"), training=True)
    assert not warnings(dense, uniform(0, 255, 5)[:3])
    assert warnings(dense, uniform(0, 255, 5))


def test_a_layer_that_is_called_twice() -> None:
    norm, inputs = layers.BatchNormalization(momentum=0.0), keras.Input((5,))
    model = keras.Model(inputs, layers.Dense(2)(norm(norm(inputs))))
    norm(uniform(0, 1, 5).astype("float32"), training=True)
    assert not warnings(model, uniform(0, 1, 5))
    assert len(warnings(model, uniform(0, 255, 5))) == 1


@pytest.mark.parametrize(
    ("accuracy", "classes", "samples", "warned"),
    [
        (0.1, 10, 1000, True),
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


def trained(low: float, high: float) -> tuple[keras.Model, np.ndarray]:
    """A network that has learned to tell blots of two sizes, on values in a range; others from 0 to 1."""
    rng = np.random.default_rng(1)
    near = np.exp(-(np.linspace(-2, 2, 8) ** 2))
    sizes = rng.uniform(0.3, 1, (600, 1, 1, 1))
    blots = (sizes * near[:, None, None] * near[None, :, None] + rng.uniform(0, 0.1, (600, 8, 8, 1))).clip(0, 1)
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(8, 3), layers.BatchNormalization(momentum=0.9)])
    for layer in (layers.ReLU(), layers.Flatten(), layers.Dense(2)):
        model.add(layer)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(low + (high - low) * blots[:300], sizes[:300, 0, 0, 0] > 0.65, epochs=10, verbose=0)
    return model, blots[300:]


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_range_from_minus_one_to_one(symmetric: bool) -> None:
    model, unit = trained(-1 if symmetric else 0, 1)
    right, wrong = (2 * unit - 1, unit) if symmetric else (unit, 2 * unit - 1)
    assert not warnings(model, right)
    assert len(found := warnings(model, wrong)) == 1
    assert "standard deviations from where it lay in training" in found[0] or "times as far" in found[0]


def test_large_values_that_cannot_be_checked(net: keras.Model) -> None:
    plain = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    large, small = (ArrayStream(lambda high=high: uniform(0, high, 5)) for high in (255, 1))  # type: ignore[misc]
    labelled = ArrayStream(lambda: uniform(0, 255, 5), np.zeros(300))
    assert "cannot be checked" in unchecked_scale(plain, large, "raw")[0]
    assert not unchecked_scale(plain, small, "raw")
    assert not unchecked_scale(plain, labelled, "raw")
    assert not unchecked_scale(plain, large, "mean=0.0,std=1.0")
    assert not unchecked_scale(net, large, "raw")
