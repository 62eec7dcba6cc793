"""Full models that Keras 2 wrote compute here what they computed there."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from model_files import Config, config, hdf5, load_model, loaded_outputs, outputs, refusal
from snnctl.errors import ModelError
from snnctl.models.files import build
from snnctl.models.network import dtype_of
from snnctl.plugins import ReadContext

FILES = [
    *("sequential.h5", "sequential.keras", "functional.h5", "nested.h5", "deep.h5", "deep.keras", "shared.h5"),
    *("separable.h5", "rectifiers.h5", "mobile.h5", "normalised.h5", "operations.h5", "operations.keras"),
    *("graph_operations.h5", "own_loss.h5", "own_loss.keras", "saved_deep", "saved_operations"),
]
DOUBLE = ["sequential.keras", "deep.h5", "operations.keras", "saved_deep", "normalised.h5"]


@pytest.mark.parametrize("file", FILES)
def test_same_outputs_as_in_keras_2_also_once_saved_again(file, keras2_folder, expected, tmp_path):
    name = file if file == "sequential.keras" else Path(file).stem
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        loaded = load_model(keras2_folder / file)
    assert (loaded.kind, loaded.run, loaded.notes, loaded.model.compiled) == ("relu", None, (), False)
    loaded.model.save(tmp_path / "again.keras")
    x, y = expected[f"{name}/x"], expected[f"{name}/y"]
    np.testing.assert_allclose(outputs(loaded.model, x), y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded_outputs(tmp_path / "again.keras", x), y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", ["deep.keras", "separable.keras", "saved_deep"])
def test_same_outputs_as_in_tensorflow_2_12(file, keras2_folder):
    folder = keras2_folder.with_name("keras2-12")
    expected, name = np.load(folder / "expected.npz"), Path(file).stem
    y = loaded_outputs(folder / file, expected[f"{name}/x"])
    np.testing.assert_allclose(y, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("file", DOUBLE)
def test_in_double_precision(file, keras2_folder, expected):
    name = file if file == "sequential.keras" else Path(file).stem
    model = load_model(keras2_folder / file, dtype="float64").model
    assert dtype_of(model) == "float64"
    y = outputs(model, expected[f"{name}/x"].astype("float64"))
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, expected[f"{name}/y"], rtol=1e-5, atol=1e-6)


# Spellings of other releases


def without_input_layer(stored: Config) -> None:
    del stored["config"]["layers"][0]
    stored["config"]["build_input_shape"] = [None, 8, 8, 2]


def each(change: Callable[[Config, Config], Any]) -> Callable[[Config], None]:
    """A change of every layer but the input: of its configuration, and of what is around that."""

    def changed(stored: Config) -> None:
        for layer in stored["config"]["layers"][1:]:
            change(layer["config"], layer)

    return changed


def of(name: str, **options: Any) -> Callable[[Config], None]:
    """Keys added to the layers of one class."""
    return each(lambda inner, layer: inner.update(options) if layer["class_name"] == name else None)


def scaled(inner: Config, layer: Config) -> None:
    """Initialisers as TensorFlow 1 had them."""
    scaling = {"scale": 1.0, "mode": "fan_avg", "distribution": "normal", "seed": None, "dtype": "float32"}
    scaling = {"class_name": "VarianceScaling", "config": scaling}
    inner.update({key: scaling for key in inner if key.endswith("_initializer")})


def tagged(inner: Config, layer: Config) -> None:
    """Lists as tagged tuples."""
    lists = {key: value for key, value in inner.items() if isinstance(value, list)}
    inner.update({key: {"class_name": "__tuple__", "items": value} for key, value in lists.items()})


def versioned(inner: Config, layer: Config) -> None:
    """Classes with a version."""
    if layer["class_name"] == "BatchNormalization":
        layer["class_name"] = "BatchNormalizationV1"


SPELLINGS: dict[str, Callable[[Config], Any]] = {
    "bare list of layers": lambda stored: stored | {"config": stored["config"]["layers"][1:]},
    "no input layer": without_input_layer,
    "policies": each(lambda inner, _: inner.update(dtype={"class_name": "Policy", "config": {"name": "float32"}})),
    "initialisers of TensorFlow 1": each(scaled),
    "options that are off": of(
        "BatchNormalization", renorm=False, virtual_batch_size=None, fused=None, adjustment=None
    ),
    "options of training": of("BatchNormalization", fused=True, virtual_batch_size=4, renorm_momentum=0.9),
    "classes with a version": each(versioned),
    "numbers as arrays": of("ReLU", threshold={"type": "ndarray", "value": 0.0}),
    "slashes": lambda stored: stored["config"].update(name="a/b"),
    "groups": of("Conv2D", groups=1, implementation=1),
    "tagged tuples": each(tagged),
}


@pytest.fixture
def respelled(keras2_folder: Path, tmp_path: Path) -> Callable[[Callable[[Config], Any]], Path]:
    """The sequential file with its configuration changed by a function."""
    path = Path(shutil.copy(keras2_folder / "sequential.h5", tmp_path))
    return lambda change: config(change)(path)


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_of_other_releases(name, respelled, expected):
    y = loaded_outputs(respelled(SPELLINGS[name]), expected["sequential/x"])
    np.testing.assert_allclose(y, expected["sequential/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (of("Conv2D", weight_standardisation=True), "weight_standardisation"),
        (of("Conv2D", nb_filter=3, dim_ordering="tf"), "nb_filter"),
    ],
)
def test_what_keras_3_cannot_compute_is_refused(change, message, respelled):
    assert message in refusal(respelled(change))


def test_a_network_without_an_input_shape_takes_the_data_sets(respelled, expected):
    def change(stored: Config) -> None:
        without_input_layer(stored)
        del stored["config"]["build_input_shape"]
        for layer in stored["config"]["layers"]:
            layer["config"].pop("batch_input_shape", None)

    path = respelled(change)
    assert "does not say the shape of the network's inputs" in refusal(path)
    y = loaded_outputs(path, expected["sequential/x"], input_shape=(8, 8, 2))
    np.testing.assert_allclose(y, expected["sequential/y"], rtol=1e-5, atol=1e-6)


def test_names_stored_in_several_parts(keras2_folder, tmp_path, expected):
    """HDF5 limits the size of an attribute; Keras splits long ones."""

    def split(file: Any) -> None:
        for node, name in [(file["model_weights"], "layer_names"), (file["model_weights/conv2d"], "weight_names")]:
            values = list(node.attrs[name])
            del node.attrs[name]
            node.attrs[f"{name}0"], node.attrs[f"{name}1"] = values[:1], values[1:]

    path = hdf5(split)(Path(shutil.copy(keras2_folder / "sequential.h5", tmp_path)))
    np.testing.assert_allclose(
        loaded_outputs(path, expected["sequential/x"]), expected["sequential/y"], rtol=1e-5, atol=1e-6
    )


def test_h5_files_of_keras_3(small_model, tmp_path):
    x = keras.Input((3,))
    joined = keras.layers.Add()([keras.layers.Dense(4, activation="relu")(x), keras.layers.Dense(4)(x)])
    functional = keras.Model(x, keras.layers.Dense(2)(joined))
    for model, sample in ((small_model, np.ones((2, 6, 6, 1))), (functional, np.ones((1, 3)))):
        model.save(tmp_path / "model.h5")
        path = (tmp_path / "model.h5").rename(tmp_path / "model.hdf5")
        np.testing.assert_array_equal(loaded_outputs(path, sample), outputs(model, sample))


# Operations of TensorFlow

X = np.array([[-3.0, -0.5, 0.0, 2.0], [1.0, 4.0, 7.0, -1.0]], "float32")
LABEL, OTHER = ["x", 0, 0], ["y", 0, 0]
CONSTANT = ["_CONSTANT_VALUE", -1, 5.0]


def called(function: str, first: Any = LABEL, **arguments: Any) -> Config:
    """A ``TFOpLambda``."""
    node = [[*call, arguments] for call in first] if isinstance(first[0], list) else [*first, arguments]
    inner = {"name": "op", "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": "TFOpLambda", "name": "op", "config": inner, "inbound_nodes": [node]}


def graph_node(op: str, *tensors: Any, constants: Config | None = None, **attributes: Any) -> Config:
    """A ``TensorFlowOpLayer``."""
    definition = {"name": "op", "op": op, "attr": {key: {"f": value} for key, value in attributes.items()}}
    inner = {"name": "op", "node_def": definition, "constants": constants or {}}
    node = [[*tensor, {}] for tensor in tensors]
    return {"class_name": "TensorFlowOpLayer", "name": "op", "config": inner, "inbound_nodes": [node]}


def computed(layer: Config, folder: Path) -> np.ndarray:
    """What an operation between two inputs and an output computes, X and X upside down."""
    inputs = [
        {
            "class_name": "InputLayer",
            "name": name,
            "inbound_nodes": [],
            "config": {"name": name, "batch_shape": [None, 4]},
        }
        for name in ("x", "y")
    ]
    ends = {"input_layers": [LABEL, OTHER], "output_layers": [["op", 0, 0]]}
    network = {"class_name": "Functional", "config": {"name": "net", "layers": [*inputs, layer], **ends}}
    return outputs(build(network, folder, 0, ReadContext(), keras_3=False), [X, X[::-1]])


# Besides those in the files operations and graph_operations.
OPERATIONS: list[tuple[Config, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = [
    (called("math.add", y=[1.0, 2.0, 3.0, 4.0]), lambda x, y: x + np.arange(1, 5)),
    (called("math.add", CONSTANT, y=LABEL), lambda x, y: x + 5),
    (called("math.subtract", y=OTHER), lambda x, y: x - y),
    (called("math.subtract", y=[1, 2, 3, 4]), lambda x, y: x - np.arange(1, 5)),
    (called("math.multiply", CONSTANT, y=LABEL), lambda x, y: 5 * x),
    (called("math.negative"), lambda x, y: -x),
    (called("math.maximum", y=OTHER), np.maximum),
    (called("math.maximum", y=0), lambda x, y: np.maximum(x, 0)),
    (called("math.minimum", y=OTHER), np.minimum),
    (called("clip_by_value", clip_value_min=0, clip_value_max=3), lambda x, y: np.clip(x, 0, 3)),
    (called("nn.leaky_relu"), lambda x, y: np.where(x < 0, 0.2 * x, x)),
    (called("math.tanh"), lambda x, y: np.tanh(x)),
    (called("identity"), lambda x, y: x),
    (called("nn.softmax", axis=None), lambda x, y: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    (called("reshape", shape=[-1, 2, 2]), lambda x, y: x.reshape(-1, 2, 2)),
    (graph_node("Sub", LABEL, constants={"1": 1.0}), lambda x, y: x - 1),
    (graph_node("Neg", LABEL), lambda x, y: -x),
    (graph_node("Reshape", LABEL, constants={"1": [-1, 4, 1]}), lambda x, y: x[:, :, None]),
]


@pytest.mark.parametrize(("layer", "function"), OPERATIONS)
def test_the_layer_computes_what_the_operation_did(layer, function, tmp_path):
    np.testing.assert_allclose(computed(layer, tmp_path), function(X, X[::-1]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (called("math.minimum", y=3.0), "math.minimum"),
        (called("math.truediv", y=0.0), "math.truediv"),
        (called("math.truediv", CONSTANT, y=LABEL), "math.truediv"),
        (called("clip_by_value", clip_value_min=-1, clip_value_max=1), "clip_by_value"),
        (called("math.square"), "math.square"),
        (called("math.multiply", y=[[1.0], [2.0]]), "math.multiply"),
        (called("math.multiply", y=2.0, name="named", z=OTHER), "math.multiply"),
        (called("reshape", shape=[2, 4]), "reshape"),
        (called("nn.relu") | {"inbound_nodes": called("nn.relu")["inbound_nodes"] * 2}, "nn.relu"),
        (graph_node("Sqrt", LABEL), "Sqrt"),
        ({"class_name": "SlicingOpLambda", "name": "op", "config": {"name": "op"}, "inbound_nodes": []}, "SlicingOpL"),
    ],
)
def test_other_operations_are_refused_by_name(layer, name, tmp_path):
    with pytest.raises(ModelError, match=f"Layer 'op' is the operation '{name}.*' of TensorFlow") as caught:
        computed(layer, tmp_path)
    assert "standard layers" in caught.value.todo
