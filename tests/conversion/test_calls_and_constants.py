"""What a layer is called with, or computes in, besides the tensors of the network is never passed over in silence."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest

import oracle
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.logits import logits_of
from snnctl.errors import ConversionError
from snnctl.models import precision

L = keras.layers
MASK = np.array([[True, False, True, False]])


def added_constant(x):
    return L.Dense(2)(L.ReLU()(L.Add(name="odd")([L.Dense(4)(x), np.array([[1.0, 2.0, 3.0, 4.0]], "float32")])))


def averaged_constant(x):
    return L.Dense(2)(L.Average(name="odd")([L.Dense(4)(x), np.ones((1, 4), "float32")]))


def joined_constant(x):
    return L.Dense(2)(L.Concatenate(name="odd")([x, keras.ops.ones((1, 4))]))


def masked_softmax(x):
    return L.Softmax(name="odd")(L.Dense(4)(x), mask=MASK)


def masked_average(x):
    return L.Dense(2)(L.GlobalAveragePooling1D(name="odd")(L.Reshape((4, 1))(x), mask=MASK))


def masked_model(x):
    inner = keras.Sequential([keras.Input((4, 1)), L.GlobalAveragePooling1D()], name="odd")
    return L.Dense(2)(inner(L.Reshape((4, 1))(x), mask=MASK))


def unknown_names(x):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = keras.Model([a, b], L.Subtract()([a, b]), name="odd")
    return L.Dense(2)(inner({"a": x, "b": L.Dense(4)(x), "c": x}))


def whole_numbers_inside(x):
    start = keras.Input((4,), dtype="int32")
    return L.Dense(2)(keras.Model(start, L.Dense(3)(start), name="odd")(x))


def another_rank_inside(x):
    start = keras.Input((4, 1))
    return keras.Model(start, L.Dense(3)(start), name="odd")(x)


def rounding(x):
    return L.Dense(2)(L.Identity(dtype="int32", name="odd")(x))


def softmax_across(x):
    return L.Activation(partial(keras.activations.softmax, axis=1), name="odd")(L.Reshape((2, 2))(x))


def division_by_zero(x):
    return L.Dense(2)(x / np.array([1.0, 0.0, 1.0, 1.0], "float32"))


def enlarging(x):
    return L.Dense(2)(L.Rescaling([1.0, 2.0, 3.0], name="odd")(L.Dense(1)(x)))


def along_the_batch(x):
    return L.Dense(2)(L.Concatenate(axis=0, name="odd")([x, x]))


def prelu_as_activation(x):
    return L.Dense(2, activation=L.PReLU(), name="odd")(x)


REFUSED = [
    added_constant,
    averaged_constant,
    joined_constant,
    masked_softmax,
    masked_average,
    masked_model,
    unknown_names,
    whole_numbers_inside,
    another_rank_inside,
    rounding,
    softmax_across,
    division_by_zero,
    enlarging,
    along_the_batch,
    prelu_as_activation,
]


@pytest.mark.parametrize("make", REFUSED)
def test_it_is_refused(make):
    x = keras.Input((4,))
    with pytest.raises(ConversionError) as refusal:
        build_spiking(keras.Model(x, make(x)), SpikingSettings())
    assert "odd" in str(refusal.value) or "divide" in str(refusal.value)
    assert all(obstacle.todo for obstacle in refusal.value.obstacles)


def swapped_names(x):
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = keras.Model([b, a], L.Subtract()([b, a]))
    return L.Dense(2)(inner({"a": L.Dense(4, activation="relu")(x), "b": L.Dense(4, activation="relu")(x)}))


def normalised_steps(x):
    return L.Dense(2)(L.ReLU()(L.TimeDistributed(L.BatchNormalization(axis=1))(L.Reshape((2, 2))(L.Dense(4)(x)))))


def augmented(x):
    image = L.RandomContrast(0.5)(L.RandomRotation(0.2)(L.RandomFlip()(L.Reshape((2, 2, 1))(x))))
    return L.Dense(2)(L.Flatten()(image))


def own_regulariser(x):
    return L.Dense(2)(L.Dense(3, activation="relu", kernel_regularizer=lambda weights: 0.0)(x))


def axis_given_as_usual(x):
    return L.Activation(partial(keras.activations.softmax, axis=-1))(L.Dense(3)(x))


@pytest.mark.parametrize("make", [swapped_names, normalised_steps, augmented, own_regulariser, axis_given_as_usual])
def test_it_converts_exactly(make):
    inputs = np.random.default_rng(0).random((5, 4))
    with precision("float64"):
        x = keras.Input((4,))
        model = keras.Model(x, make(x))
        for layer in model._flatten_layers():
            if isinstance(layer, L.BatchNormalization):
                layer.moving_mean.assign([0.5, -1.0])
        snn = oracle.spiking_form(model, inputs, (0.0, 1.0), "float64")
        expected = logits_of(model)(inputs, training=False)
    np.testing.assert_allclose(snn(inputs), expected, rtol=1e-9, atol=1e-12)


def test_single_numbers_are_refused():
    x = keras.Input(())
    with pytest.raises(ConversionError, match="single numbers"):
        build_spiking(keras.Model(x, x * 2.0), SpikingSettings())


def test_a_position_dependent_threshold_survives_beside_a_large_channel():
    with precision("float64"):
        x = keras.Input((4, 4, 1))
        conv, scale, dense = L.Conv2D(2, 3, padding="same"), L.Rescaling([1e-3, 1e10]), L.Dense(1)
        model = keras.Model(x, dense(L.Flatten()(scale(L.ReLU()(conv(x))))))
        kernel = np.zeros((3, 3, 1, 2))
        kernel[..., 0, 1] = 1e-10
        conv.kernel.assign(kernel)
        conv.bias.assign([1e3, 1e-10])
        weights = np.zeros((32, 1))
        weights[1::2, 0] = np.arange(16) + 1
        dense.kernel.assign(weights)
        inputs = np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 1))
        snn = oracle.spiking_form(model, inputs, (-1.0, 1.0), "float64")
    np.testing.assert_allclose(snn(inputs), model(inputs), rtol=1e-7)
