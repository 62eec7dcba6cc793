"""From a configuration to a network, no larger than the weights that are there for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from snnctl.errors import ModelError
from snnctl.models.budget import budget, check_tensors
from snnctl.models.legacy_config import modernise
from snnctl.models.vetting import check_form, refuse_code, vet

Config = dict[str, Any]
MODELS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}
"""What the classes of networks are called in ``keras``."""

COMPILED = ("compile_config", "training_config")


def build(
    config: Config,
    path: Path,
    values: int,
    *,
    keras_3: bool,
    input_shape: tuple[int, ...] | None = None,
    allow_code: bool = False,
) -> keras.Model:
    """The network that ``config`` describes, freshly initialised.

    Args:
        config: a serialised Keras model.
        path: the file it came from, for messages.
        values: how many weights the file holds.
        keras_3: whether Keras 3 wrote it.
        input_shape: shape of one sample, for a network that does not say it.
        allow_code: whether code in it may be run.

    Raises:
        ModelError: damaged, too large, or with layers that are unknown or hold code.
    """
    modern = _modern(config, path, keras_3, allow_code)
    with budget(values, path):
        model = keras.saving.deserialize_keras_object(modern, safe_mode=not allow_code)
        _check_model(model, path)
        if not model.built and input_shape is not None:
            model.build((None, *input_shape))
    if not model.built or not model.inputs:
        raise ModelError(
            f"{path} does not say the shape of the network's inputs.",
            todo="Name the data set with --data; or begin the network with an Input layer and save it again.",
        )
    check_tensors(model, path)
    return model


def _modern(config: Config, path: Path, keras_3: bool, allow_code: bool) -> Config:
    """The configuration as Keras 3 writes it, without what it must not hold."""
    config = _uncompiled(config)
    if not keras_3:
        check_form(config, path)
        if not allow_code:
            refuse_code(config, path)  # before any of it is left out as unknown
        config = _modernised(config, path)
    vet(config, path, allow_code=allow_code)
    if config.get("module") is None and config["class_name"] in MODELS:
        config = config | {"module": "keras", "class_name": MODELS[config["class_name"]]}
    return config


def _modernised(config: Config, path: Path) -> Config:
    try:
        return modernise(config)
    except ModelError as error:
        raise ModelError(error.what, where=str(path), todo=error.todo) from error


def _uncompiled(node: Any) -> Any:
    """Without optimiser, loss and metrics, which may be anyone's; of nested models too."""
    if isinstance(node, list):
        return [_uncompiled(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {key: _uncompiled(child) for key, child in node.items() if key not in COMPILED}


def _check_model(model: object, path: Path) -> None:
    if not isinstance(model, keras.Model):
        raise ModelError(f"{path} holds a {type(model).__name__}, which is no network.")
