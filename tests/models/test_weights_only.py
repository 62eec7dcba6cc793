"""Weights-only files fill the architecture they were made for, completely or not at all."""

from __future__ import annotations

import re
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from model_files import hdf5, load_model, outputs, refusal, save_weights_keras2
from snnctl.builtin.architectures import FC, VGG16
from snnctl.errors import ModelError
from snnctl.models.load import LoadedModel
from snnctl.models.network import dtype_of, precision
from snnctl.plugins.architecture import Architecture

IMAGE = (8, 8, 2)
VGG: dict[str, Any] = {
    "arch": VGG16(),
    "arch_options": {"batch_norm": True, "width": 0.02},
    "input_shape": (32, 32, 3),
    "classes": 10,
}
FULL: dict[str, Any] = {"arch": FC(), "arch_options": {"widths": [5, 4]}, "input_shape": IMAGE, "classes": 3}


class Nested(Architecture):
    """A network inside a network, and a recurrent layer."""

    name = "nested"

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:  # type: ignore[override]
        layers = keras.layers
        inner = keras.Sequential([keras.Input(input_shape), layers.Dense(4), layers.BatchNormalization()])
        return keras.Sequential([keras.Input(input_shape), inner, layers.LSTM(3), layers.Dense(classes)])


def randomised(model: keras.Model) -> keras.Model:
    chance = np.random.default_rng(1)
    model.set_weights([chance.uniform(0.1, 1.0, weight.shape) for weight in model.weights])
    return model


@pytest.fixture(scope="module")
def vgg() -> keras.Model:
    return randomised(VGG16().build((32, 32, 3), 10, **VGG["arch_options"]))


@pytest.fixture(scope="module")
def fc() -> keras.Model:
    return randomised(FC().build(IMAGE, 3, **FULL["arch_options"]))


def check_same_weights(loaded: LoadedModel, model: keras.Model) -> None:
    for new, old in zip(loaded.model.weights, model.weights, strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("file", ["dense_weights.h5", "dense.weights.h5"])
def test_files_of_keras_2_with_a_softmax_layer(file, keras2_folder, expected):
    logits = load_model(keras2_folder / file, **FULL).model(expected["dense_weights/x"])
    y = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    np.testing.assert_allclose(y, expected["dense_weights/y"], rtol=1e-5, atol=1e-6)


def wrapped(file: h5py.File) -> None:
    """The same weights inside a group ``model_weights``."""
    names = list(file)
    group = file.create_group("model_weights")
    group.attrs.update(file.attrs)
    for name in names:
        file.move(name, f"model_weights/{name}")
    for name in list(file.attrs):
        del file.attrs[name]


def test_vgg16_by_the_names_of_cifar_vgg(vgg, tmp_path):
    path = hdf5(wrapped)(save_weights_keras2(vgg, tmp_path / "cifar10vgg.h5"))
    loaded = load_model(path, **VGG)
    assert "names are those of" in loaded.notes[0]
    check_same_weights(loaded, vgg)


def test_names_shifted_by_one_are_matched_by_order_and_said(vgg, tmp_path):
    """tf.keras counts conv2d, conv2d_1, ...; so conv2d_1 of the file is not conv2d_1 of the network."""
    names = {}
    for layer in vgg.layers:
        kind, _, number = layer.name.rpartition("_")
        names[layer.name] = kind if number == "1" else f"{kind}_{int(number) - 1}"
    loaded = load_model(save_weights_keras2(vgg, tmp_path / "shifted.h5", names), **VGG)
    assert "taken in order" in loaded.notes[0]
    assert re.search(r"conv2d +-> conv2d_1 ", loaded.notes[0])
    check_same_weights(loaded, vgg)


def test_weights_of_a_layer_are_told_by_name(fc, tmp_path):
    def turn(file: h5py.File) -> None:
        group = file[fc.layers[-1].name]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]

    check_same_weights(load_model(hdf5(turn)(save_weights_keras2(fc, tmp_path / "weights.h5")), **FULL), fc)


def test_weights_of_keras_3_whatever_the_layers_are_called(vgg, tmp_path):
    vgg.save_weights(tmp_path / "vgg.weights.h5")
    check_same_weights(load_model((tmp_path / "vgg.weights.h5").rename(tmp_path / "renamed.h5"), **VGG), vgg)


def test_weights_of_keras_3_in_nested_networks_and_recurrent_layers(tmp_path):
    model = randomised(Nested().build((5, 3), 2))
    model.save_weights(tmp_path / "nested.weights.h5")
    loaded = load_model(tmp_path / "nested.weights.h5", arch=Nested(), input_shape=(5, 3), classes=2)
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    np.testing.assert_array_equal(outputs(loaded.model, x), outputs(model, x))


def test_double_precision_weights_stay_double(tmp_path):
    with precision("float64"):
        model = randomised(FC().build(IMAGE, 3, **FULL["arch_options"]))
    loaded = load_model(save_weights_keras2(model, tmp_path / "weights.h5"), **FULL)
    assert dtype_of(loaded.model) == "float64"
    check_same_weights(loaded, model)
    assert keras.config.floatx() == "float32"


def test_the_note_says_what_went_where(keras2_folder):
    (note,) = load_model(keras2_folder / "dense_weights.h5", **FULL).notes
    assert note.splitlines()[1:] == [
        "  dense   -> dense_1  128×5, 5",
        "  dense_1 -> dense_2  5×4, 4",
        "  dense_2 -> dense_3  4×3, 3",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ["holds weights only", "--arch vgg16 --arch-opt batch_norm=true --data cifar10"]),
        ({"arch": FC()}, ["needs the input shape and the number of classes", "--data"]),
        (FULL | {"classes": 7}, ["kernel: (4, 7) in the network, (4, 3) in the file", "Check --arch"]),
    ],
)
def test_what_the_file_does_not_say(options, words, keras2_folder, tmp_path):
    with pytest.raises(ModelError) as caught:
        load_model(keras2_folder / "dense_weights.h5", **options)
    assert [word for word in words if word not in str(caught.value)] == []


def test_everything_that_does_not_fit_is_listed(vgg, tmp_path):
    def change(file: h5py.File) -> None:
        del file["conv2d_13/conv2d_13/bias:0"]
        file["conv2d_13/conv2d_13/bias:0"] = np.zeros(99)
        file["batch_normalization_1"].attrs["weight_names"] = file["batch_normalization_1"].attrs["weight_names"][:2]
        file.attrs["layer_names"] = np.array([*file.attrs["layer_names"], "more"], dtype="S")
        more = file.create_group("more")
        more.attrs["weight_names"] = [b"kernel:0"]
        more["kernel:0"] = np.zeros(3)

    path = save_weights_keras2(vgg, tmp_path / "weights.h5", {"conv2d_2": "first", "dense_1": "hidden"})
    message = refusal(hdf5(change)(path), **VGG)
    for problem in (
        "layer 'conv2d_2' is not in the file",
        "layer 'dense_1' is not in the file",
        "layer 'first' of the file is not in the network",
        "layer 'hidden' of the file is not in the network",
        "layer 'more' of the file is not in the network",
        "layer 'conv2d_13', bias: (10,) in the network, (99,) in the file",
        "layer 'batch_normalization_1' has 4 weights in the network, 2 in the file",
        "--arch-opt",
    ):
        assert problem in message


def without_a_group(file: h5py.File) -> None:
    del file[next(iter(file))]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.attrs.modify("backend", b"theano"), "kernels are stored differently"),
        (lambda file: file.attrs.modify("keras_version", b"1.2.2"), "kernels are stored differently"),
        (without_a_group, "cannot be opened"),
        (lambda file: file.attrs.pop("layer_names"), "no Keras model and no Keras weights"),
    ],
)
def test_files_of_something_else(change, reason, fc, tmp_path):
    assert reason in refusal(hdf5(change)(save_weights_keras2(fc, tmp_path / "weights.h5")), **FULL)
