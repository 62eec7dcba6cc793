"""Networks that are unusual, and convert exactly all the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from counting import batches_and_figures
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.logits import logits_of
from snnctl.models import precision

L = keras.layers


def called_twice():
    x = keras.Input((6,))
    shared = L.Dense(6, activation="relu", name="shared")
    return keras.Model(x, L.Dense(3)(shared(shared(x))))


def our_own_names():
    return keras.Sequential(
        [
            keras.Input((8, 8, 2), name="input_coding"),
            L.Conv2D(3, 3, name="input"),
            L.ReLU(),
            L.MaxPooling2D(2, name="synapses"),
            L.Flatten(name="input_coding_2"),
            L.Dense(3, name="input_coding_1"),
        ]
    )


def dense_on_every_pixel():
    return keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            L.BatchNormalization(),
            L.Dense(5, activation="relu"),
            L.BatchNormalization(),
            L.Flatten(),
            L.Dense(3),
        ]
    )


def ends_in_a_convolution():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            L.BatchNormalization(),
            L.Conv2D(3, 6),
            L.Flatten(),
            L.Softmax(),
        ]
    )


def just_a_readout():
    return keras.Sequential([keras.Input((6,)), L.Dense(3)])


def relus_that_change_nothing():
    return keras.Sequential(
        [
            keras.Input((6,)),
            L.ReLU(),
            L.Dense(4, activation="relu"),
            L.ReLU(),
            L.Dropout(0.0),
            L.Activation("relu"),
            L.Dense(3),
        ]
    )


def norm_without_scale_and_center():
    return keras.Sequential(
        [
            keras.Input((6,)),
            L.Dense(4),
            L.BatchNormalization(scale=False),
            L.ReLU(),
            L.BatchNormalization(center=False, axis=1),
            L.Dense(3),
        ]
    )


def softmax_before_dropout():
    return keras.Sequential(
        [
            keras.Input((6,)),
            L.Dense(4, activation="relu"),
            L.Dense(3, activation="softmax"),
            L.Dropout(0.1),
            L.Identity(),
        ]
    )


def low_rank_adapters():
    model = keras.Sequential([keras.Input((6,)), L.Dense(4, activation="relu"), L.Dense(3)])
    model.layers[0].enable_lora(2)
    model.layers[0].lora_kernel_b.assign(np.ones(model.layers[0].lora_kernel_b.shape))
    return model


NETWORKS = [
    softmax_before_dropout,
    low_rank_adapters,
    called_twice,
    our_own_names,
    dense_on_every_pixel,
    ends_in_a_convolution,
    just_a_readout,
    relus_that_change_nothing,
    norm_without_scale_and_center,
]


@pytest.mark.parametrize("make", NETWORKS)
def test_it_converts_exactly(make):
    keras.utils.set_random_seed(0)
    with precision("float64"):
        model = make()
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.moving_mean.assign(rng.normal(size=layer.moving_mean.shape))
    x = rng.random((5, *model.input_shape[1:]))
    snn = build_spiking(model, SpikingSettings(dtype="float64", width=100.0))
    expected = np.asarray(logits_of(model)(x))
    np.testing.assert_allclose(snn(x), expected, rtol=1e-10, atol=1e-12)
    batches, _ = batches_and_figures(snn, x, 2)
    logits = np.concatenate([batch.outputs[0] for batch in batches])
    np.testing.assert_allclose(logits, expected, rtol=1e-10, atol=1e-12)


def test_a_channel_that_is_switched_off_by_its_gamma_stays_off():
    with precision("float64"):
        model = keras.Sequential([keras.Input((6,)), L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dense(3)])
    model.layers[1].gamma.assign([0.0, 1.0, -1.0, 0.0])
    model.layers[1].beta.assign([0.5, 0.0, 1.0, 0.0])
    x = np.random.default_rng(0).random((5, 6))
    snn = build_spiking(model, SpikingSettings(dtype="float64", width=100.0))
    np.testing.assert_allclose(snn(x), model(x), rtol=1e-10)


def test_logits_leave_a_sigmoid_in_the_middle_alone():
    """A gate is part of the network, though the network would not convert."""
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    gated = L.Multiply()([x, L.Dense(4, activation="sigmoid")(x)])
    linear = keras.Model(x, L.Dense(3)(gated))
    softmax = keras.Model(x, L.Softmax()(linear(x)))
    inputs = np.random.default_rng(0).random((5, 4), dtype="float32")
    np.testing.assert_array_equal(logits_of(linear)(inputs), linear(inputs))
    np.testing.assert_allclose(logits_of(softmax)(inputs), linear(inputs), rtol=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_trained_spiking_network_is_saved_with_its_optimizer(tmp_path, suffix):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6,)), L.Dense(5, activation="relu"), L.Dense(5, activation="relu"), L.Dense(3)]
    )
    snn = build_spiking(model, SpikingSettings())
    x, y = np.random.default_rng(0).random((30, 6), dtype="float32"), np.arange(30) % 3
    snn.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    snn.fit(x, y, verbose=0)
    snn.save(tmp_path / f"model{suffix}")
    loaded = keras.saving.load_model(tmp_path / f"model{suffix}")
    np.testing.assert_array_equal(loaded(x), snn(x))
    if suffix == ".keras":  # Keras goes on training with the optimiser of no .h5 file, of plain networks neither
        loaded.fit(x, y, verbose=0)
