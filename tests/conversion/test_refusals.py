"""What cannot be converted is refused by name and place; nothing is guessed, or passed over in silence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import ConversionError

L = keras.layers
MASK = np.array([[True, False, True, False]])


class Doubling(L.Dense):
    """A subclass that computes something else."""

    def call(self, inputs):
        return 2 * super().call(inputs)


class Twice(keras.Model):
    """Functional, but with a computation of its own."""

    def call(self, inputs):
        return 2 * super().call(inputs)


class Hidden(keras.Model):
    """No graph at all."""

    def call(self, inputs):
        return inputs


def behind(*layers: Callable, shape: tuple = (4,), **options: Any) -> Callable[[], keras.Model]:
    """A network of an input and layers in a row."""

    def make() -> keras.Model:
        x = start = keras.Input(shape, **options)
        for layer in layers:
            x = layer(x)
        return keras.Model(start, x)

    return make


def quantised() -> keras.Model:
    model = behind(L.Dense(4, activation="relu", name="odd"), L.Dense(2))()
    model.quantize("int8")
    return model


def two_inputs() -> keras.Model:
    a, b = keras.Input((3,)), keras.Input((3,))
    return keras.Model([a, b], L.Dense(2)(L.Concatenate()([a, b])))


def own_call() -> keras.Model:
    x = keras.Input((8,))
    return Twice(x, L.Dense(2)(x))


def unknown_names(x: Any) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = keras.Model([a, b], L.Subtract()([a, b]), name="odd")
    return L.Dense(2)(inner({"a": x, "b": L.Dense(4)(x), "c": x}))


def inside(shape: tuple, **options: Any) -> Callable:
    """A model in the model that wants another input."""
    start = keras.Input(shape, **options)
    return keras.Model(start, L.Dense(3)(start), name="odd")


def masked(layer: Callable) -> Callable:
    return lambda x: layer(x, mask=MASK)


def beside(layer: Callable, constant: np.ndarray) -> Callable:
    return lambda x: layer([x, constant])


POOLED = keras.Sequential([keras.Input((4, 1)), L.GlobalAveragePooling1D()], name="odd")
ACROSS = partial(keras.activations.softmax, axis=1)
CASES: dict[str, tuple[Callable[[], keras.Model], list[str]]] = {
    "quantised": (quantised, ["odd", "int8"]),
    "whole numbers": (behind(L.Dense(4), dtype="uint8"), ["uint8"]),
    "a call of its own": (own_call, ["Twice"]),
    "a subclassed model": (lambda: Hidden(name="mine"), ["call method of its own"]),
    "no input shape": (lambda: keras.Sequential([L.Dense(2)]), ["hides its graph"]),
    "any size": (
        behind(L.Conv2D(3, 3, activation="relu"), L.Flatten(name="odd"), shape=(None, None, 2)),
        ["odd", "size"],
    ),
    "single numbers": (behind(lambda x: x * 2.0, shape=()), ["single numbers"]),
    "two inputs": (two_inputs, ["2 inputs"]),
    "tanh": (behind(L.Dense(4, activation="tanh", name="odd"), L.Dense(2)), ["odd", "tanh", "1 of 2"]),
    "layer normalization": (
        behind(L.Dense(4, activation="relu"), L.LayerNormalization(name="odd"), L.Dense(2)),
        ["odd", "LayerNormalization", "2 of 3", "BatchNormalization"],
    ),
    "lstm": (behind(L.LSTM(3, name="odd"), L.Dense(2), shape=(5, 3)), ["odd", "LSTM"]),
    "subclass": (behind(Doubling(4, activation="relu", name="odd"), L.Dense(2)), ["odd", "Doubling"]),
    "softmax in the middle": (behind(L.Dense(4, activation="softmax", name="odd"), L.Dense(2)), ["odd", "goes on"]),
    "softmax across": (behind(L.Reshape((2, 2)), L.Activation(ACROSS, name="odd")), ["odd"]),
    "PReLU as activation": (behind(L.Dense(2, activation=L.PReLU(), name="odd")), ["odd"]),
    # What a layer is called with, or computes in, besides the tensors of the network.
    "added constant": (behind(L.Dense(4), beside(L.Add(name="odd"), np.ones((1, 4), "float32"))), ["odd"]),
    "masked softmax": (behind(L.Dense(4), masked(L.Softmax(name="odd"))), ["odd"]),
    "masked average": (behind(L.Reshape((4, 1)), masked(L.GlobalAveragePooling1D(name="odd")), L.Dense(2)), ["odd"]),
    "masked model": (behind(L.Reshape((4, 1)), masked(POOLED), L.Dense(2)), ["odd"]),
    "unknown names": (behind(unknown_names), ["odd"]),
    "whole numbers inside": (behind(inside((4,), dtype="int32"), L.Dense(2)), ["odd"]),
    "another rank inside": (behind(inside((4, 1))), ["odd"]),
    "rounding": (behind(L.Identity(dtype="int32", name="odd"), L.Dense(2)), ["odd"]),
    "division by zero": (behind(lambda x: x / np.array([1.0, 0.0, 1.0, 1.0], "float32"), L.Dense(2)), ["divide"]),
    "enlarging": (behind(L.Dense(1), L.Rescaling([1.0, 2.0, 3.0], name="odd"), L.Dense(2)), ["odd"]),
    "along the batch": (behind(lambda x: L.Concatenate(axis=0, name="odd")([x, x]), L.Dense(2)), ["odd"]),
}


@pytest.mark.filterwarnings("ignore:Layer:UserWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_name_and_place(case: str) -> None:
    make, words = CASES[case]
    with pytest.raises(ConversionError) as refusal:
        build_spiking(make(), SpikingSettings())
    assert all(word in str(refusal.value) for word in words), str(refusal.value)
    assert refusal.value.todo, "a refusal says what would be accepted"
    assert all(obstacle.todo for obstacle in getattr(refusal.value, "obstacles", []))


def test_the_source_is_not_changed() -> None:
    model = behind(L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dense(2, activation="softmax"))()
    before = [weight.copy() for weight in model.get_weights()]
    build_spiking(model, SpikingSettings(input_range=(-1.0, 1.0)))
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
