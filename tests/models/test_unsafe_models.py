"""No code in a model file is run, and nothing unknown is guessed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest

from loading import load_model
from snnctl.errors import ModelError


class Shrink(keras.layers.Layer):
    """Registered nowhere."""

    def call(self, inputs: Any) -> Any:
        return inputs / 2


def with_layer(layer: keras.layers.Layer, path: Path) -> Path:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), layer])
    model.save(path)
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file with its configuration changed."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return path
    target = path.with_name("edited.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return target


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_lambda_layers_are_refused_by_name(suffix, tmp_path):
    path = with_layer(keras.layers.Lambda(lambda x: x * 2, name="twice"), tmp_path / f"model{suffix}")
    with pytest.raises(ModelError, match="Layer 'twice' holds Python code") as caught:
        load_model(path)
    assert caught.value.where == str(path)


def test_lambda_layers_of_keras_2_are_refused(tmp_path):
    """Keras 2 stored the code as a list: bytecode, defaults, closure."""

    def change(config: dict[str, Any]) -> None:
        code = {"name": "twice", "function": ["4wEAAAAA", None, None], "function_type": "lambda"}
        config["config"]["layers"][-1] = {"class_name": "Lambda", "config": code}

    path = edit(with_layer(keras.layers.ReLU(), tmp_path / "model.h5"), change)
    with pytest.raises(ModelError, match="'twice' holds Python code"):
        load_model(path)


def test_code_hidden_inside_a_layer_is_refused(tmp_path):
    def change(config: dict[str, Any]) -> None:
        hidden = {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}}
        config["config"]["layers"][1]["config"]["activation"] = hidden

    path = edit(with_layer(keras.layers.ReLU(), tmp_path / "model.keras"), change)
    with pytest.raises(ModelError, match="Python code"):
        load_model(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_unknown_layers_are_named_with_their_class(suffix, tmp_path):
    path = with_layer(Shrink(name="half"), tmp_path / f"model{suffix}")
    with pytest.raises(ModelError, match="Layer 'half' is of class Shrink") as caught:
        load_model(path)
    assert "install the plugin that brings it (docs/plugins.md, Layer rules)" in caught.value.todo


def test_an_unknown_layer_in_a_nested_model(tmp_path):
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Shrink(name="half")])
    keras.Sequential([keras.Input((3,)), inner]).save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="Layer 'half' is of class Shrink"):
        load_model(tmp_path / "model.keras")


def test_registered_layers_of_others_are_welcome(tmp_path):
    @keras.saving.register_keras_serializable("somebody")
    class Halve(Shrink):
        pass

    loaded = load_model(with_layer(Halve(), tmp_path / "model.keras"))
    assert loaded.kind == "relu"


def test_an_unknown_activation_is_named(tmp_path):
    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"][1]["config"]["activation"] = "squish"

    path = edit(with_layer(keras.layers.ReLU(), tmp_path / "model.h5"), change)
    with pytest.raises(ModelError, match="squish"):
        load_model(path)


def test_a_model_that_is_a_class_of_its_own(tmp_path):
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    net = Net()
    net(keras.ops.ones((1, 3)))
    net.save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="of class Net"):
        load_model(tmp_path / "model.keras")
