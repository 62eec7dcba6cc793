"""Networks that are unusual, and convert exactly all the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest

from counting import batches_and_figures
from oracle import converted, spiking_form
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.logits import logits_of
from snnctl.models.network import precision

L, P = keras.layers, partial
VECTOR, IMAGE = (4,), (6, 6, 2)


def chain(shape: tuple[int, ...], *layers: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


def relu(units: int = 4, **options) -> keras.layers.Layer:
    return L.Dense(units, activation="relu", **options)


def our_own_names() -> keras.Model:
    names = ("input", "relu", "synapses", "input_coding_2", "input_coding_1")
    kinds = (P(L.Conv2D, 3, 3), L.ReLU, P(L.MaxPooling2D, 2), L.Flatten, P(L.Dense, 3))
    layers = [kind(name=name) for kind, name in zip(kinds, names, strict=True)]
    return keras.Sequential([keras.Input(IMAGE, name="input_coding"), *layers])


def low_rank_adapters() -> keras.Model:
    model = chain(VECTOR, relu(), L.Dense(3))
    model.layers[0].enable_lora(2)
    model.layers[0].lora_kernel_b.assign(np.ones(model.layers[0].lora_kernel_b.shape))
    return model


def channels_switched_off() -> keras.Model:
    model = chain(VECTOR, relu(), L.BatchNormalization(), L.Dense(3))
    model.layers[1].gamma.assign([0.0, 1.0, -1.0, 0.0])
    model.layers[1].beta.assign([0.5, 0.0, 1.0, 0.0])
    return model


def swapped_names() -> keras.Model:
    x, a, b = keras.Input(VECTOR), keras.Input(VECTOR, name="a"), keras.Input(VECTOR, name="b")
    inner = keras.Model([b, a], L.Subtract()([b, a]))
    return keras.Model(x, L.Dense(2)(inner({"a": relu()(x), "b": relu()(x)})))


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "our own names": our_own_names,
    "low-rank adapters": low_rank_adapters,
    "channels switched off": channels_switched_off,
    "swapped names": swapped_names,
    "just a readout": lambda: chain(VECTOR, L.Dense(3)),
    "ReLUs that change nothing": lambda: chain(
        VECTOR, L.ReLU(), relu(), L.ReLU(), L.Dropout(0.0), L.Activation("relu"), L.Dense(3)
    ),
    "normalised steps": lambda: chain(
        VECTOR, L.Dense(4), L.Reshape((2, 2)), L.TimeDistributed(L.BatchNormalization(axis=1)), L.ReLU(), L.Dense(2)
    ),
    "augmented": lambda: chain(
        IMAGE, L.RandomFlip(), L.RandomRotation(0.2), L.RandomContrast(0.5), L.Flatten(), L.Dense(2)
    ),
    "a regulariser of its own": lambda: chain(VECTOR, relu(3, kernel_regularizer=own_regularizer), L.Dense(2)),
    "the usual axis": lambda: chain(VECTOR, L.Dense(3), L.Activation(partial(keras.activations.softmax, axis=-1))),
}


def own_regularizer(weights) -> float:
    return 0.0


@pytest.mark.parametrize("case", NETWORKS)
def test_it_converts_exactly(case: str) -> None:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    with precision("float64"):
        model = NETWORKS[case]()
        for layer in model._flatten_layers():
            if isinstance(layer, L.BatchNormalization):
                layer.moving_mean.assign(rng.normal(size=layer.moving_mean.shape))
    x = rng.random((5, *model.input_shape[1:]))
    snn = converted(model, x, (0.0, 1.0), "float64")
    if case == "our own names":
        batches, _ = batches_and_figures(snn, x, 2)
        np.testing.assert_allclose(np.concatenate([batch.outputs[0] for batch in batches]), model(x), rtol=1e-9)


def test_a_position_dependent_threshold_survives_beside_a_large_channel() -> None:
    with precision("float64"):
        conv, dense = L.Conv2D(2, 3, padding="same"), L.Dense(1)
        model = chain((4, 4, 1), conv, L.ReLU(), L.Rescaling([1e-3, 1e10]), L.Flatten(), dense)
        kernel = np.zeros((3, 3, 1, 2))
        kernel[..., 0, 1] = 1e-10
        conv.kernel.assign(kernel)
        conv.bias.assign([1e3, 1e-10])
        weights = np.zeros((32, 1))
        weights[1::2, 0] = np.arange(16) + 1
        dense.kernel.assign(weights)
        inputs = np.random.default_rng(0).uniform(-1, 1, (5, 4, 4, 1))
        snn = spiking_form(model, inputs, (-1.0, 1.0), "float64")
    np.testing.assert_allclose(snn(inputs), model(inputs), rtol=1e-7)


def test_logits_leave_a_sigmoid_in_the_middle_alone() -> None:
    """A gate is part of the network, though the network would not convert."""
    keras.utils.set_random_seed(0)
    x = keras.Input(VECTOR)
    linear = keras.Model(x, L.Dense(3)(L.Multiply()([x, L.Dense(4, activation="sigmoid")(x)])))
    softmax = keras.Model(x, L.Softmax()(linear(x)))
    inputs = np.random.default_rng(0).random((5, 4), dtype="float32")
    np.testing.assert_array_equal(logits_of(linear)(inputs), linear(inputs))
    np.testing.assert_allclose(logits_of(softmax)(inputs), linear(inputs), rtol=1e-6)


def test_a_trained_spiking_network_is_saved_as_hdf5(tmp_path) -> None:
    snn = build_spiking(chain(VECTOR, relu(), relu(), L.Dense(3)), SpikingSettings())
    x, y = np.random.default_rng(0).random((30, 4), dtype="float32"), np.arange(30) % 3
    snn.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    snn.fit(x, y, verbose=0)
    snn.save(tmp_path / "model.h5")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.h5")(x), snn(x))
