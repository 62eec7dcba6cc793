"""What cannot be converted is refused by name and place; nothing is guessed."""

from __future__ import annotations

import keras
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import ConversionError

L = keras.layers


def sequential(*middle, shape=(8, 8, 2)):
    return keras.Sequential([keras.Input(shape), *middle])


def flat(*middle):
    return sequential(*middle, shape=(8,))


class Doubling(L.Dense):
    """A subclass that computes something else."""

    def call(self, inputs):
        return 2 * super().call(inputs)


def two_inputs():
    a, b = keras.Input((3,)), keras.Input((3,))
    return keras.Model([a, b], L.Dense(2)(L.Concatenate()([a, b])))


def residual():
    x = keras.Input((4,))
    y = L.Dense(4, activation="relu")(x)
    return keras.Model(x, L.Dense(2)(L.Add()([y, L.Dense(4, activation="relu")(y)])))


def nested():
    return keras.Sequential([keras.Input((8,)), flat(L.Dense(8, activation="relu")), L.Dense(2)])


def quantised():
    model = flat(L.Dense(4, activation="relu", name="odd"), L.Dense(2))
    model.quantize("int8")
    return model


def whole_number_inputs():
    x = keras.Input((8,), dtype="uint8")
    return keras.Model(x, L.Dense(2)(L.Dense(4, activation="relu")(x)))


class Twice(keras.Model):
    """Functional, but with a computation of its own."""

    def call(self, inputs):
        return 2 * super().call(inputs)


def own_call():
    x = keras.Input((8,))
    return Twice(x, L.Dense(2)(x))


def any_size():
    x = keras.Input((None, None, 2))
    return keras.Model(x, L.Flatten(name="odd")(L.Conv2D(3, 3, activation="relu")(x)))


CASES = {
    "quantised": (quantised, ["odd", "int8"]),
    "whole numbers": (whole_number_inputs, ["uint8"]),
    "a call of its own": (own_call, ["Twice"]),
    "any size": (any_size, ["odd", "size"]),
    "tanh": (lambda: flat(L.Dense(4, activation="tanh", name="odd"), L.Dense(2)), ["odd", "tanh", "1 of 2"]),
    "layer normalization": (
        lambda: flat(L.Dense(4, activation="relu"), L.LayerNormalization(name="odd"), L.Dense(2)),
        ["odd", "LayerNormalization", "2 of 3", "BatchNormalization"],
    ),
    "lstm": (lambda: sequential(L.LSTM(3, name="odd"), L.Dense(2), shape=(5, 3)), ["odd", "LSTM"]),
    "softmax in the middle": (
        lambda: flat(L.Dense(4, activation="softmax", name="odd"), L.Dense(2, name="next")),
        ["odd", "goes on"],
    ),
    "subclass": (lambda: flat(Doubling(4, activation="relu", name="odd"), L.Dense(2)), ["odd", "Doubling"]),
    "two inputs": (two_inputs, ["2 inputs"]),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_name_and_place(case):
    make, words = CASES[case]
    model = make()
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.beta.assign([-1.0] * layer.beta.shape[0])
    with pytest.raises(ConversionError) as refusal:
        build_spiking(model, SpikingSettings())
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert refusal.value.todo, "a refusal says what would be accepted"


def test_a_subclassed_model_is_refused():
    class Hidden(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ConversionError, match="call method of its own"):
        build_spiking(Hidden(name="mine"), SpikingSettings())


def test_the_source_is_not_changed():
    model = flat(L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dense(2, activation="softmax"))
    before = [weight.copy() for weight in model.get_weights()]
    build_spiking(model, SpikingSettings(input_range=(-1.0, 1.0)))
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_sequential_model_without_an_input_shape_is_refused():
    with pytest.raises(ConversionError, match="hides its graph") as refusal:
        build_spiking(keras.Sequential([L.Dense(2)]), SpikingSettings())
    assert "input shape" in refusal.value.todo
