"""Full models that Keras 2 wrote compute here what they computed there."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from loading import load_model
from snnctl.errors import ModelError
from snnctl.models import dtype_of

FILES = {
    "sequential": "sequential.h5",
    "functional": "functional.h5",
    "nested": "nested.h5",
    "sequential.keras": "sequential.keras",
}
MORE = [
    *("deep.h5", "deep.keras", "shared.h5", "separable.h5", "rectifiers.h5", "mobile.h5", "normalised.h5"),
    *("operations.h5", "operations.keras", "graph_operations.h5", "own_loss.h5", "own_loss.keras"),
    *("saved_deep", "saved_operations"),
]
EARLY = ["deep.keras", "separable.keras", "saved_deep"]
Config = dict[str, Any]


def outputs(path: Path, inputs: np.ndarray, **options: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(load_model(path, **options).model(inputs))


@pytest.mark.parametrize("name", FILES)
def test_same_outputs_as_keras_2_without_a_warning(name, keras2_folder, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = outputs(keras2_folder / FILES[name], expected[f"{name}/x"])
    np.testing.assert_allclose(found, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", MORE)
def test_same_outputs_as_the_last_keras_2(file, keras2_folder, expected):
    name = Path(file).stem
    found = outputs(keras2_folder / file, expected[f"{name}/x"])
    np.testing.assert_allclose(found, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", EARLY)
def test_same_outputs_as_an_early_keras_2(file, early_keras2_folder, early_expected):
    name = Path(file).stem
    found = outputs(early_keras2_folder / file, early_expected[f"{name}/x"])
    np.testing.assert_allclose(found, early_expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", ["deep.h5", "operations.keras", "saved_deep", "normalised.h5"])
def test_more_of_them_in_double_precision(file, keras2_folder, expected):
    name = Path(file).stem
    loaded = load_model(keras2_folder / file, dtype="float64")
    assert dtype_of(loaded.model) == "float64"
    found = keras.ops.convert_to_numpy(loaded.model(expected[f"{name}/x"].astype("float64")))
    np.testing.assert_allclose(found, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", MORE)
def test_what_was_read_can_be_saved_and_read_again(file, keras2_folder, expected, tmp_path):
    name = Path(file).stem
    load_model(keras2_folder / file).model.save(tmp_path / "again.keras")
    found = outputs(tmp_path / "again.keras", expected[f"{name}/x"])
    np.testing.assert_allclose(found, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_in_double_precision(name, keras2_folder, expected):
    loaded = load_model(keras2_folder / FILES[name], dtype="float64")
    assert dtype_of(loaded.model) == "float64"
    found = keras.ops.convert_to_numpy(loaded.model(expected[f"{name}/x"].astype("float64")))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


def test_is_a_relu_network_without_optimiser(keras2_folder):
    loaded = load_model(keras2_folder / "sequential.h5")
    assert (loaded.kind, loaded.run, loaded.notes) == ("relu", None, ())
    assert not loaded.model.compiled


def layers(config: Config) -> list[Config]:
    return config["config"]["layers"]


def as_bare_list(config: Config) -> None:
    config["config"] = layers(config)[1:]


def without_input_layer(config: Config) -> None:
    del layers(config)[0]
    config["config"]["build_input_shape"] = [None, 8, 8, 2]


def with_precision_policies(config: Config) -> None:
    for layer in layers(config)[1:]:
        layer["config"]["dtype"] = {"class_name": "Policy", "config": {"name": "float32"}}


def with_initializers_of_tensorflow_1(config: Config) -> None:
    for layer in layers(config):
        for key in layer["config"]:
            if key.endswith("_initializer"):
                scaling = {"scale": 1.0, "mode": "fan_avg", "distribution": "normal", "seed": None, "dtype": "float32"}
                layer["config"][key] = {"class_name": "VarianceScaling", "config": scaling}


def with_options_that_are_off(config: Config) -> None:
    for layer in layers(config):
        if layer["class_name"] == "BatchNormalization":
            layer["config"] |= {"renorm": False, "virtual_batch_size": None, "fused": None, "adjustment": None}


def with_options_of_training(config: Config) -> None:
    for layer in layers(config):
        if layer["class_name"] == "BatchNormalization":
            layer["config"] |= {"fused": True, "virtual_batch_size": 4, "renorm_momentum": 0.9}
            layer["class_name"] = "BatchNormalizationV1"


def with_numbers_as_arrays(config: Config) -> None:
    for layer in layers(config):
        if layer["class_name"] == "ReLU":
            layer["config"] |= {"threshold": {"type": "ndarray", "value": 0.0}}


def with_slashes_in_names(config: Config) -> None:
    config["config"]["name"] = "a/b"


def with_grouped_convolutions(config: Config) -> None:
    for layer in layers(config):
        if layer["class_name"] == "Conv2D":
            layer["config"] |= {"groups": 1, "implementation": 1}


def with_tagged_tuples(config: Config) -> None:
    for layer in layers(config):
        for key, value in layer["config"].items():
            if isinstance(value, list):
                layer["config"][key] = {"class_name": "__tuple__", "items": value}


@pytest.fixture
def respelled(keras2_folder: Path, tmp_path: Path) -> Callable[[Callable[[Config], None]], Path]:
    """The sequential file with its configuration changed by a function."""

    def write(change: Callable[[Config], None]) -> Path:
        path = tmp_path / "model.h5"
        shutil.copy(keras2_folder / "sequential.h5", path)
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return path

    return write


@pytest.mark.parametrize(
    "change",
    [
        as_bare_list,
        without_input_layer,
        with_precision_policies,
        with_initializers_of_tensorflow_1,
        with_options_that_are_off,
        with_options_of_training,
        with_numbers_as_arrays,
        with_slashes_in_names,
        with_grouped_convolutions,
        with_tagged_tuples,
    ],
)
def test_spellings_of_other_releases(change, respelled, expected):
    found = outputs(respelled(change), expected["sequential/x"])
    np.testing.assert_allclose(found, expected["sequential/y"], rtol=1e-5, atol=1e-6)


def test_an_option_that_is_on_and_unknown_is_not_dropped(respelled):
    def change(config: Config) -> None:
        layers(config)[1]["config"]["weight_standardisation"] = True

    with pytest.raises(ModelError, match="weight_standardisation"):
        load_model(respelled(change))


def test_batch_renormalisation_is_refused(respelled):
    def change(config: Config) -> None:
        layers(config)[2]["config"]["renorm"] = True

    with pytest.raises(ModelError, match=r"Layer 'batch_normalization' renormalises batches \(renorm=True\)") as caught:
        load_model(respelled(change))
    assert "renorm=False" in caught.value.todo


def test_keras_1_is_refused(respelled):
    def change(config: Config) -> None:
        layer = layers(config)[1]["config"]
        layer |= {"nb_filter": layer.pop("filters"), "border_mode": "same", "dim_ordering": "tf"}

    with pytest.raises(ModelError, match=r"'conv2d' was written by Keras 1 \(it has border_mode, dim_ordering, nb_f"):
        load_model(respelled(change))


def test_a_network_without_an_input_shape_takes_the_data_sets(respelled, expected):
    def change(config: Config) -> None:
        without_input_layer(config)
        del config["config"]["build_input_shape"]
        for layer in layers(config):
            layer["config"].pop("batch_input_shape", None)

    path = respelled(change)
    with pytest.raises(ModelError, match="does not say the shape of the network's inputs"):
        load_model(path)
    found = outputs(path, expected["sequential/x"], input_shape=(8, 8, 2))
    np.testing.assert_allclose(found, expected["sequential/y"], rtol=1e-5, atol=1e-6)


def test_names_stored_in_several_parts(keras2_folder, tmp_path, expected):
    """HDF5 limits the size of an attribute; Keras splits long ones."""
    path = tmp_path / "model.h5"
    shutil.copy(keras2_folder / "sequential.h5", path)
    with h5py.File(path, "r+") as file:
        for node, name in [(file["model_weights"], "layer_names"), (file["model_weights/conv2d"], "weight_names")]:
            values = list(node.attrs[name])
            del node.attrs[name]
            node.attrs[f"{name}0"], node.attrs[f"{name}1"] = values[:1], values[1:]
    np.testing.assert_allclose(outputs(path, expected["sequential/x"]), expected["sequential/y"], rtol=1e-5, atol=1e-6)


def test_h5_files_of_keras_3(small_model, tmp_path):
    path = tmp_path / "model.h5"
    small_model.save(path)
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 1))
    np.testing.assert_array_equal(outputs(path, x), keras.ops.convert_to_numpy(small_model(x)))


def test_a_functional_h5_file_of_keras_3(tmp_path):
    x = keras.Input((3,))
    hidden = keras.layers.Dense(4, activation="relu")(x)
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.Add()([hidden, keras.layers.Dense(4)(x)])))
    path = tmp_path / "model.hdf5"
    keras.saving.save_model(model, tmp_path / "model.h5")
    (tmp_path / "model.h5").rename(path)
    sample = np.ones((1, 3))
    np.testing.assert_array_equal(outputs(path, sample), keras.ops.convert_to_numpy(model(sample)))


def test_a_functional_model_takes_and_returns_one_tensor(keras2_folder):
    model = load_model(keras2_folder / "functional.h5").model
    assert model.input_shape == (None, 8, 8, 2)
    assert model.output_shape == (None, 3)
