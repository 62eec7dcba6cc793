"""What a network must be, and the same network in another precision."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from model_files import load_model, outputs
from snnctl.errors import ModelError
from snnctl.models.network import as_dtype, check_finite, check_fits, check_savable, dtype_of, kind_of, precision

L = keras.layers


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_weights_that_are_not_finite_are_named(small_model, value):
    model = keras.models.clone_model(small_model)
    kernel = np.array(model.layers[5].kernel)
    kernel[0, 0] = value
    model.layers[5].kernel.assign(kernel)
    with pytest.raises(ModelError, match=f"{model.layers[5].name}' has NaN .* kernel: 1 of {kernel.size}"):
        check_finite(model)
    check_finite(small_model)


def test_the_data_set_it_was_made_for(small_model):
    check_fits(small_model, (6, 6, 1), 3, "tiny")
    any_size = keras.Sequential([keras.Input((None, None, 1)), L.Conv2D(3, 1), L.GlobalAveragePooling2D()])
    check_fits(any_size, (28, 28, 1), 3, "mnist")


@pytest.mark.parametrize(
    ("layers", "sample", "classes", "words"),
    [
        (
            [(6, 6, 1), L.Flatten(), L.Dense(3)],
            (6, 6, 3),
            3,
            ["(6, 6, 1)", "data set d have shape (6, 6, 3)", "--data"],
        ),
        ([(6, 6, 1), L.Flatten(), L.Dense(3)], (36,), 3, ["use a data set whose samples have the shape (6, 6, 1)"]),
        ([(36,), L.Dense(3)], (6, 6, 1), 3, ["begin the model with Input((6, 6, 1)) and Flatten()"]),
        ([(3,), L.Dense(3)], (3,), 100, ["The model has 3 classes, but data set d has 100 classes", "--data"]),
        ([(6, 6, 1), L.Conv2D(3, 1)], (6, 6, 1), 3, ["outputs of shape (6, 6, 3)"]),
    ],
)
def test_another_data_set_says_both_shapes(layers, sample, classes, words):
    model = keras.Sequential([keras.Input(layers[0]), *layers[1:]])
    with pytest.raises(ModelError) as caught:
        check_fits(model, sample, classes, "d")
    assert [word for word in words if word not in str(caught.value)] == []


def test_several_inputs():
    first, second = keras.Input((3,)), keras.Input((3,))
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        check_fits(keras.Model([first, second], L.Add()([first, second])), (3,), 3, "tiny")


class Shrink(L.Layer):
    """Not registered."""

    def call(self, inputs: Any) -> Any:
        return inputs / 2


class Stretch(L.Layer):
    """Cannot be written down."""

    def __init__(self, factor: object, name: str) -> None:
        super().__init__(name=name)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs


def squish(x: Any) -> Any:
    """A function that is not registered."""
    return x


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: L.Lambda(lambda x: x, name="odd"), "Layer 'odd' holds Python code"),
        (lambda: Shrink(name="odd"), "Layer 'odd' is of class Shrink"),
        (lambda: Stretch(object(), name="odd"), "Layer 'odd' cannot be saved"),
        (lambda: L.Dense(2, activation=squish, name="odd"), "Layer 'odd' uses the function squish"),
        (lambda: keras.Sequential([keras.Input((3,)), Shrink(name="odd")]), "Layer 'odd' is of class Shrink"),
    ],
)
def test_what_could_not_be_read_again_is_refused(layer: Any, message: str) -> None:
    model = keras.Sequential([keras.Input((3,)), layer()])
    with pytest.raises(ModelError, match=message) as caught:
        check_savable(model, "architecture 'odd'")
    assert caught.value.where == "architecture 'odd'"
    assert len(str(caught.value).splitlines()) == 2


def test_what_can_be_read_again_passes(small_model: keras.Model) -> None:
    check_savable(small_model)
    check_savable(keras.Sequential([keras.Input((3,)), L.Dense(2, activation=keras.activations.relu)]))


def spiking_model() -> keras.Model:
    """A convolution and a readout, as conversion builds them."""
    from snnctl.layers import InputCoding, Readout, SpikingLayer

    image = keras.Input((4, 4, 2))
    x = InputCoding(0.0, 1.0)(image)
    x = SpikingLayer(L.Conv2D(3, 3, use_bias=False), width=2.5)(x)
    return keras.Model(image, Readout(L.Dense(2, use_bias=False))(L.Flatten()(x)), name="spiking")


def test_a_spiking_network_is_recognised_and_changes_precision(tmp_path):
    model = spiking_model()
    model.save(tmp_path / "snn.keras")
    x = np.random.default_rng(0).uniform(size=(3, 4, 4, 2))
    loaded = load_model(tmp_path / "snn.keras")
    assert (loaded.kind, kind_of(loaded.model)) == ("snn", "snn")
    np.testing.assert_array_equal(loaded.model(x), model(x))
    double = load_model(tmp_path / "snn.keras", dtype="float64").model
    assert {weight.dtype for weight in double.weights} == {"float64"}
    np.testing.assert_allclose(double(x), model(x), rtol=1e-5, atol=1e-5)


def test_a_spiking_network_inside_a_model_is_named_with_the_way_to_it(tmp_path):
    middle = keras.Sequential([keras.Input((4, 4, 2)), spiking_model()], name="middle")
    keras.Sequential([keras.Input((4, 4, 2)), middle], name="outer").save(tmp_path / "outer.keras")
    loaded = load_model(tmp_path / "outer.keras")
    assert loaded.kind == "snn"
    with pytest.raises(ModelError, match="'spiking' is nested inside another model, 'outer'") as caught:
        kind_of(loaded.model)
    assert "model.get_layer('middle').get_layer('spiking').save('inner.keras')" in caught.value.todo


@pytest.mark.parametrize("functional", [False, True])
def test_double_precision_is_exact_to_the_last_digits(functional):
    chance = np.random.default_rng(1)
    layers = [keras.Input((3,)), L.Dense(5, activation="relu"), L.BatchNormalization(), L.Dense(2, activation="relu")]
    model = keras.Sequential(layers)
    model.set_weights([chance.uniform(0.1, 1, weight.shape) for weight in model.weights])
    model = keras.Model(model.inputs, model.outputs) if functional else model
    double, x = as_dtype(model, "float64"), chance.normal(size=(4, 3))
    kernel, bias, gamma, beta, mean, variance, last, end = map(np.float64, model.get_weights())
    y = gamma * (np.maximum(x @ kernel + bias, 0) - mean) / np.sqrt(variance + layers[2].epsilon) + beta
    with precision("float64"):
        np.testing.assert_allclose(double.predict(x, verbose=0), np.maximum(y @ last + end, 0), rtol=1e-12)


def test_there_and_back_again(small_model):
    again = as_dtype(as_dtype(small_model, "float64"), "float32")
    assert dtype_of(again) == "float32"
    for new, old in zip(again.weights, small_model.weights, strict=True):
        np.testing.assert_array_equal(new, old)
    assert as_dtype(small_model, None) is as_dtype(small_model, "float32") is small_model


def test_nested_and_compiled_models():
    inner = keras.Sequential([keras.Input((3,)), L.Dense(2), L.BatchNormalization()])
    inner.compile("sgd", "mse")
    model = keras.Sequential([keras.Input((3,)), inner, L.Dense(2)])
    model.compile("adam", "mse")
    double = as_dtype(model, "float64")
    assert not double.compiled
    assert {weight.dtype for weight in double.weights} == {"float64"}
    x = np.random.default_rng(1).normal(size=(2, 3))
    np.testing.assert_allclose(outputs(double, x), outputs(model, x), rtol=1e-5, atol=1e-6)


def test_integer_inputs_stay_integers():
    double = as_dtype(keras.Sequential([keras.Input((3,), dtype="int32"), L.Embedding(5, 2), L.Flatten()]), "float64")
    assert (double.inputs[0].dtype, dtype_of(double)) == ("int32", "float64")


def test_precision_ends_with_its_block_also_after_an_error():
    before = keras.config.floatx(), keras.config.dtype_policy().name
    with precision("float64"):
        assert (keras.config.floatx(), keras.config.dtype_policy().name) == ("float64", "float64")
    with pytest.raises(ZeroDivisionError), precision("float64"):
        1 / 0  # noqa: B018
    with precision(None):
        assert (keras.config.floatx(), keras.config.dtype_policy().name) == before


def test_a_network_that_cannot_be_rebuilt():
    class Own(L.Dense):
        """A layer that Keras does not know by name, and that takes more than its configuration says."""

        def __init__(self, units, needed, **options):
            super().__init__(units, **options)

    model = keras.Sequential([keras.Input((4,)), Own(2, needed=1)])
    with pytest.raises(ModelError, match="cannot be rebuilt in float64: Could not locate class 'Own'") as caught:
        as_dtype(model, "float64")
    assert "register_keras_serializable" in caught.value.todo
    assert as_dtype(model, "float32") is model
