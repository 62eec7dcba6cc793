"""Weights-only files fill the architecture they were made for, completely or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from helpers.keras2_weights import save_weights_keras2
from loading import load_model
from snnctl.builtin.architectures import FC, VGG16
from snnctl.errors import ModelError
from snnctl.models import LoadedModel, dtype_of
from snnctl.plugins.architecture import Architecture

VGG_OPTIONS = {"batch_norm": True, "width": 0.02}
FC_OPTIONS = {"widths": [5, 4]}
IMAGE = (8, 8, 2)


def load_fc(path: Path, classes: int = 3, **options: Any) -> LoadedModel:
    return load_model(path, arch=FC(), arch_options=FC_OPTIONS | options, input_shape=IMAGE, classes=classes)


def randomised(model: keras.Model) -> keras.Model:
    chance = np.random.default_rng(1)
    model.set_weights([chance.uniform(0.1, 1.0, weight.shape) for weight in model.weights])
    return model


def outputs(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


@pytest.fixture(scope="module")
def vgg() -> keras.Model:
    return randomised(VGG16().build((32, 32, 3), 10, **VGG_OPTIONS))


@pytest.fixture
def fc() -> keras.Model:
    return randomised(FC().build(IMAGE, 3, **FC_OPTIONS))


def test_a_file_of_keras_2_with_a_softmax_layer(keras2_folder, expected):
    loaded = load_fc(keras2_folder / "dense_weights.h5")
    logits = loaded.model(expected["dense_weights/x"])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.softmax(logits)), expected["dense_weights/y"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_vgg16_by_the_names_of_cifar_vgg(vgg, wrapped, tmp_path):
    path = save_weights_keras2(vgg, tmp_path / "cifar10vgg.h5")
    if wrapped:
        path = wrap(path, tmp_path / "wrapped.h5")
    loaded = load_model(path, arch=VGG16(), arch_options=VGG_OPTIONS, input_shape=(32, 32, 3), classes=10)
    assert "names are those of" in loaded.notes[0]
    for new, old in zip(loaded.model.weights, vgg.weights, strict=True):
        np.testing.assert_array_equal(new, old)


def wrap(path: Path, target: Path) -> Path:
    """The same weights inside a group ``model_weights``."""
    with h5py.File(path) as old, h5py.File(target, "w") as new:
        group = new.create_group("model_weights")
        group.attrs.update(old.attrs)
        for name in old:
            old.copy(name, group)
    return target


def test_names_shifted_by_one_are_matched_by_order_and_said(vgg, tmp_path):
    """tf.keras counts conv2d, conv2d_1, ...; so conv2d_1 of the file is not conv2d_1 of the network."""
    names = {}
    for layer in vgg.layers:
        kind, _, number = layer.name.rpartition("_")
        names[layer.name] = kind if number == "1" else f"{kind}_{int(number) - 1}"
    path = save_weights_keras2(vgg, tmp_path / "shifted.h5", names)
    loaded = load_model(path, arch=VGG16(), arch_options=VGG_OPTIONS, input_shape=(32, 32, 3), classes=10)
    assert "taken in order" in loaded.notes[0]
    assert re.search(r"conv2d +-> conv2d_1 ", loaded.notes[0])
    for new, old in zip(loaded.model.weights, vgg.weights, strict=True):
        np.testing.assert_array_equal(new, old)


def test_weights_of_a_layer_are_told_by_name(fc, tmp_path):
    path = save_weights_keras2(fc, tmp_path / "weights.h5")
    with h5py.File(path, "r+") as file:
        group = file[fc.layers[-1].name]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]
    x = np.ones((1, *IMAGE))
    np.testing.assert_array_equal(outputs(load_fc(path).model, x), outputs(fc, x))


@pytest.mark.parametrize("name", ["model.weights.h5", "renamed.h5"])
def test_weights_of_keras_3_whatever_the_layers_are_called(fc, name, tmp_path):
    fc.save_weights(tmp_path / "model.weights.h5")
    path = (tmp_path / "model.weights.h5").rename(tmp_path / name)
    x = np.ones((1, *IMAGE))
    np.testing.assert_array_equal(outputs(load_fc(path).model, x), outputs(fc, x))


def test_weights_of_keras_3_with_more_than_ten_layers(vgg, tmp_path):
    vgg.save_weights(tmp_path / "model.weights.h5")
    loaded = load_model(
        tmp_path / "model.weights.h5", arch=VGG16(), arch_options=VGG_OPTIONS, input_shape=(32, 32, 3), classes=10
    )
    for new, old in zip(loaded.model.weights, vgg.weights, strict=True):
        np.testing.assert_array_equal(new, old)


class Nested(Architecture):
    """A network inside a network."""

    name = "nested"

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:  # type: ignore[override]
        inner = keras.Sequential([keras.Input(input_shape), keras.layers.Dense(4), keras.layers.BatchNormalization()])
        return keras.Sequential([keras.Input(input_shape), inner, keras.layers.Dense(classes)])


def test_weights_of_keras_3_in_nested_networks(tmp_path):
    model = randomised(Nested().build((3,), 2))
    model.save_weights(tmp_path / "nested.weights.h5")
    loaded = load_model(tmp_path / "nested.weights.h5", arch=Nested(), input_shape=(3,), classes=2)
    x = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(outputs(loaded.model, x), outputs(model, x))


def test_double_precision_weights_stay_double(tmp_path):
    keras.config.set_dtype_policy("float64")
    try:
        model = randomised(FC().build(IMAGE, 3, **FC_OPTIONS))
    finally:
        keras.config.set_dtype_policy("float32")
    loaded = load_fc(save_weights_keras2(model, tmp_path / "weights.h5"))
    assert dtype_of(loaded.model) == "float64"
    np.testing.assert_array_equal(loaded.model.weights[0], model.weights[0])
    assert keras.config.floatx() == "float32"


def test_without_an_architecture(keras2_folder):
    with pytest.raises(ModelError, match="weights only") as caught:
        load_model(keras2_folder / "dense_weights.h5")
    assert "--arch vgg16 --arch-opt batch_norm=true --data cifar10" in str(caught.value)


def test_without_a_data_set(keras2_folder):
    with pytest.raises(ModelError, match="--data"):
        load_model(keras2_folder / "dense_weights.h5", arch=FC())


def test_another_number_of_classes_is_named(keras2_folder):
    with pytest.raises(ModelError) as caught:
        load_fc(keras2_folder / "dense_weights.h5", classes=7)
    assert "kernel: (4, 7) in the network, (4, 3) in the file" in str(caught.value)
    assert "made for 3 classes, the network is for 7" in caught.value.todo


def test_everything_that_does_not_fit_is_listed(vgg, tmp_path):
    path = save_weights_keras2(vgg, tmp_path / "weights.h5", {"conv2d_2": "first", "dense_1": "hidden"})
    with h5py.File(path, "r+") as file:
        del file["conv2d_13/conv2d_13/bias:0"]
        file["conv2d_13/conv2d_13/bias:0"] = np.zeros(99)
        file["batch_normalization_1"].attrs["weight_names"] = file["batch_normalization_1"].attrs["weight_names"][:2]
        file.attrs["layer_names"] = np.array([*file.attrs["layer_names"], "more"], dtype="S")
        more = file.create_group("more")
        more.attrs["weight_names"] = [b"kernel:0"]
        more["kernel:0"] = np.zeros(3)
    with pytest.raises(ModelError) as caught:
        load_model(path, arch=VGG16(), arch_options=VGG_OPTIONS, input_shape=(32, 32, 3), classes=10)
    for problem in (
        "layer 'conv2d_2' is not in the file",
        "layer 'dense_1' is not in the file",
        "layer 'first' of the file is not in the network",
        "layer 'hidden' of the file is not in the network",
        "layer 'more' of the file is not in the network",
        "layer 'conv2d_13', bias: (10,) in the network, (99,) in the file",
        "layer 'batch_normalization_1' has 4 weights in the network, 2 in the file",
    ):
        assert problem in caught.value.what
    assert caught.value.where == str(path)


def test_vgg16_without_batch_normalisation_says_what_is_too_much(vgg, tmp_path):
    path = save_weights_keras2(vgg, tmp_path / "weights.h5")
    with pytest.raises(ModelError, match="layer 'batch_normalization_14' of the file is not in the network") as caught:
        load_model(path, arch=VGG16(), arch_options={"width": 0.02}, input_shape=(32, 32, 3), classes=10)
    assert "--arch-opt" in caught.value.todo


def test_weights_that_are_no_numbers(fc, tmp_path):
    path = save_weights_keras2(fc, tmp_path / "weights.h5")
    name = fc.layers[-1].name
    with h5py.File(path, "r+") as file:
        del file[f"{name}/{name}/bias:0"]
        file[f"{name}/{name}/bias:0"] = [b"a", b"b", b"c"]
    with pytest.raises(ModelError, match=r"bias: \(3,\) in the network, \(3,\) of type"):
        load_fc(path)


@pytest.mark.parametrize(("key", "value"), [("backend", b"theano"), ("keras_version", b"1.2.2")])
def test_files_with_other_kernels_are_refused(fc, key, value, tmp_path):
    path = save_weights_keras2(fc, tmp_path / "weights.h5")
    with h5py.File(path, "r+") as file:
        file.attrs[key] = value
    with pytest.raises(ModelError, match="kernels are stored differently"):
        load_fc(path)


def test_weights_in_another_file_are_not_followed(fc, tmp_path):
    path = save_weights_keras2(fc, tmp_path / "weights.h5")
    save_weights_keras2(fc, tmp_path / "other.h5")
    name = f"{fc.layers[-1].name}/{fc.layers[-1].name}/kernel:0"
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = h5py.ExternalLink(str(tmp_path / "other.h5"), name)
    with pytest.raises(ModelError, match="is a link to somewhere else"):
        load_fc(path)


def test_a_missing_group(fc, tmp_path):
    path = save_weights_keras2(fc, tmp_path / "weights.h5")
    with h5py.File(path, "r+") as file:
        del file[fc.layers[-1].name]
    with pytest.raises(ModelError, match="cannot be opened"):
        load_fc(path)


def test_hdf5_without_a_model(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros(3)
    with pytest.raises(ModelError, match="no Keras model and no Keras weights"):
        load_model(path)


def test_the_table_says_what_went_where(keras2_folder):
    table = load_fc(keras2_folder / "dense_weights.h5").table
    assert table is not None
    assert next((row.stored, row.layer, row.shapes) for row in table.rows) == (
        "dense",
        "dense_1",
        ((128, 5), (5,)),
    )
    assert table.by == "order"
    assert table.lines() == [
        "dense   -> dense_1  128×5, 5",
        "dense_1 -> dense_2  5×4, 4",
        "dense_2 -> dense_3  4×3, 3",
    ]


def test_weights_only_files_of_keras_2_in_the_layout_of_keras_3(keras2_folder, expected):
    loaded = load_fc(keras2_folder / "dense.weights.h5")
    assert loaded.table is not None
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.softmax(loaded.model(expected["dense_weights/x"]))),
        expected["dense_weights/y"],
        rtol=1e-5,
        atol=1e-6,
    )
