"""The same network in another precision."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loading import load_model
from snnctl.errors import ModelError
from snnctl.models import as_dtype, dtype_of, precision


def spiking_model() -> keras.Model:
    """A convolution and a readout, as conversion builds them."""
    from snnctl.layers import InputCoding, Readout, SpikingLayer

    image = keras.Input((4, 4, 2))
    x = InputCoding(0.0, 1.0)(image)
    x = SpikingLayer(keras.layers.Conv2D(3, 3, use_bias=False), width=2.5)(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, Readout(keras.layers.Dense(2, use_bias=False))(x))


def test_a_spiking_network_is_known_as_one_and_changes_precision(tmp_path):
    model = spiking_model()
    model.save(tmp_path / "snn.keras")
    x = np.random.default_rng(0).uniform(size=(3, 4, 4, 2))
    loaded = load_model(tmp_path / "snn.keras")
    assert loaded.kind == "snn"
    np.testing.assert_array_equal(loaded.model(x), model(x))

    double = load_model(tmp_path / "snn.keras", dtype="float64").model
    assert {weight.dtype for weight in double.weights} == {"float64"}
    for new, old in zip(double.weights, model.weights, strict=True):
        np.testing.assert_array_equal(new, old)
    assert double(x).dtype == "float64"
    np.testing.assert_allclose(double(x), model(x), rtol=1e-5, atol=1e-5)


def test_a_spiking_network_inside_a_model_counts(tmp_path):
    inner = spiking_model()
    keras.Sequential([keras.Input((4, 4, 2)), inner]).save(tmp_path / "outer.keras")
    assert load_model(tmp_path / "outer.keras").kind == "snn"


@settings(max_examples=10, deadline=None)
@given(
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    norm=st.booleans(),
    functional=st.booleans(),
    seed=st.integers(0, 99),
)
def test_double_precision_is_exact_to_the_last_digits(widths, norm, functional, seed):
    chance = np.random.default_rng(seed)
    layers = [keras.Input((3,))]
    for width in widths:
        layers.append(keras.layers.Dense(width, activation="relu"))
        layers += [keras.layers.BatchNormalization()] if norm else []
    model = keras.Sequential(layers)
    model.set_weights([chance.uniform(0.1, 1, weight.shape) for weight in model.weights])
    if functional:
        model = keras.Model(model.inputs, model.outputs)
    double = as_dtype(model, "float64")
    x = chance.normal(size=(4, 3))

    y = x
    for layer in model.layers:
        weights = [np.float64(weight) for weight in layer.weights]
        if isinstance(layer, keras.layers.Dense):
            y = np.maximum(y @ weights[0] + weights[1], 0)
        elif isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = weights
            y = gamma * (y - mean) / np.sqrt(variance + layer.epsilon) + beta
    with precision("float64"):
        np.testing.assert_allclose(double.predict(x, verbose=0), y, rtol=1e-12)


def test_there_and_back_again(small_model):
    again = as_dtype(as_dtype(small_model, "float64"), "float32")
    assert dtype_of(again) == "float32"
    for new, old in zip(again.weights, small_model.weights, strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("dtype", [None, "float32"])
def test_nothing_to_do(small_model, dtype):
    assert as_dtype(small_model, dtype) is small_model


def test_nested_and_compiled_models():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    inner.compile("sgd", "mse")
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(2)])
    model.compile("adam", "mse")
    double = as_dtype(model, "float64")
    assert not double.compiled
    assert {weight.dtype for weight in double.weights} == {"float64"}
    x = np.random.default_rng(1).normal(size=(2, 3))
    np.testing.assert_allclose(double(x), model(x), rtol=1e-5, atol=1e-6)


def test_integer_inputs_stay_integers():
    model = keras.Sequential([keras.Input((3,), dtype="int32"), keras.layers.Embedding(5, 2), keras.layers.Flatten()])
    double = as_dtype(model, "float64")
    assert double.inputs[0].dtype == "int32"
    assert dtype_of(double) == "float64"


def test_precision_ends_with_its_block_also_after_an_error():
    before = keras.config.floatx(), keras.config.dtype_policy().name
    with precision("float64"):
        assert (keras.config.floatx(), keras.config.dtype_policy().name) == ("float64", "float64")
    with pytest.raises(ZeroDivisionError), precision("float64"):
        1 / 0  # noqa: B018
    assert (keras.config.floatx(), keras.config.dtype_policy().name) == before


def test_no_precision_changes_nothing():
    with precision(None):
        assert keras.config.floatx() == "float32"


def test_a_network_that_cannot_be_rebuilt():
    class Own(keras.layers.Dense):
        """A layer that Keras does not know by name, and that takes more than its configuration says."""

        def __init__(self, units, needed, **options):
            super().__init__(units, **options)

    model = keras.Sequential([keras.Input((4,)), Own(2, needed=1)])
    with pytest.raises(ModelError, match="cannot be rebuilt in float64") as caught:
        as_dtype(model, "float64")
    assert "register_keras_serializable" in caught.value.todo
    assert as_dtype(model, "float32") is model
