"""What a network is and must be: its kind, its precision; finite, made for its data set, and such as can be saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, Literal

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.models.legacy import rewritten
from snnctl.models.safety import reason, vet
from snnctl.models.weights import finish
from snnctl.ttfs.keras_graph import all_layers

FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
REGISTER = "keras.saving.register_keras_serializable"
TRAINING = ("compile_config", "training_config")


def holds_spiking_layers(model: keras.Model) -> bool:
    """Whether any layer, nested ones included, is one of snnctl's."""
    return any(keras.saving.get_registered_name(type(layer)).startswith("snnctl>") for layer in all_layers(model))


def kind_of(model: keras.Model, where: str = "") -> Literal["relu", "snn"]:
    """Whether a network is a spiking one; all layers of a spiking network must be its own.

    Raises:
        ModelError: spiking layers stand in a model inside the network; names both, after ``where``, such as its file.
    """
    inner, way = model, ""
    while nested := [each for each in inner.layers if isinstance(each, keras.Model) and holds_spiking_layers(each)]:
        inner = nested[0]
        way += f".get_layer('{inner.name}')"
    if way:
        what = f"The spiking network '{inner.name}' is nested inside another model, '{model.name}'."
        todo = f"Save the inner one: model{way}.save('inner.keras'), where snnctl.load opens the outer model."
        raise ModelError(what, where=where, todo=todo)
    return "snn" if holds_spiking_layers(model) else "relu"


def dtype_of(model: keras.Model) -> str:
    """The type of the model's weights, e.g. "float32"; Keras's default for a model without any."""
    return str(model.weights[0].dtype) if model.weights else str(keras.config.floatx())


@contextmanager
def precision(dtype: str | None) -> Iterator[None]:
    """Within it, new layers compute in ``dtype``, and arrays given to fit and predict are taken in ``dtype``.

    Args:
        dtype: "float32" or "float64"; None changes nothing.
    """
    # Both matter: Keras casts the arrays it is given to its default type, whatever the model's own is.
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype or floatx)
    keras.config.set_dtype_policy(dtype or policy)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def as_dtype(model: keras.Model, dtype: str | None, *, allow_code: bool = False) -> keras.Model:
    """The same network, with the same weights, computing in ``dtype``; not compiled.

    Args:
        model: a built ReLU or spiking network; stays as it is.
        dtype: "float32" or "float64"; None, or what the model has, gives back ``model`` itself.
        allow_code: whether code in its Lambda layers may be run.

    Raises:
        ModelError: it holds what cannot be made anew from its configuration.
    """
    if dtype is None:
        return model

    def retyped(node: dict[str, Any]) -> dict[str, Any]:
        old = node.get("dtype")
        if isinstance(old, dict) and old.get("config", {}).get("name") in FLOATS:  # a policy
            return node | {"dtype": old | {"config": old["config"] | {"name": dtype}}}
        return node | {"dtype": dtype} if old in FLOATS else node

    config = without_training(keras.saving.serialize_keras_object(model))
    changed = rewritten(config, retyped)
    if changed == config:
        return model
    try:
        with precision(dtype):
            copy = keras.saving.deserialize_keras_object(changed, safe_mode=not allow_code)
    except (TypeError, ValueError, AttributeError) as error:
        todo = "Leave out the precision (dtype); or register its own layers, regularizers and functions with "
        todo += f"{REGISTER}, or build it in {dtype} (keras.config.set_floatx('{dtype}'))."
        what = f"the network cannot be rebuilt in {dtype}: {reason(error)}"
        raise ModelError(what, where=model.name, todo=todo) from error
    for new, old in zip(copy.weights, model.weights, strict=True):
        new.assign(keras.ops.convert_to_numpy(old))
    finish(copy)
    return copy


def without_training(config: Any) -> Any:
    """A serialised network without optimiser, loss and metrics, which may be anyone's; nested models too."""
    return rewritten(config, lambda node: {key: child for key, child in node.items() if key not in TRAINING})


def check_finite(model: keras.Model, where: str = "") -> None:
    """Refuse a model with NaN or infinite weights.

    Raises:
        ModelError: names the layer and the weight, after ``where``, such as the file it came from.
    """
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        if bad := values.size - np.count_nonzero(np.isfinite(values)):
            layer, _, name = weight.path.rpartition("/")
            what = f"Layer '{layer}' has NaN or infinite values in its {name}: {bad} of {values.size}."
            todo = "Its training diverged; take an earlier checkpoint or train again with a smaller learning rate."
            raise ModelError(what, where=where, todo=todo)


def check_fits(model: keras.Model, sample: tuple[int, ...], classes: int, dataset: str) -> None:
    """Refuse a model whose inputs or outputs are not those of the data set called ``dataset``.

    Args:
        model: a built model.
        sample: shape of one sample, channels last.
        classes: number of classes.

    Raises:
        ModelError: several inputs or outputs, or other shapes; says both.
    """
    inputs, outputs = list(model.inputs or ()), list(model.outputs or ())
    if not len(inputs) == len(outputs) == 1:
        what = f"The model has {len(inputs)} inputs and {len(outputs)} outputs; a classifier has one of each."
        raise ModelError(what)
    todo = "Choose the data set the model was made for with --data."
    taken, returned = tuple(inputs[0].shape[1:]), tuple(outputs[0].shape[1:])
    if len(taken) != len(sample) or any(size not in (None, have) for size, have in zip(taken, sample, strict=True)):
        if None not in taken and prod(taken) == prod(sample):
            flat = f"begin the model with Input({sample}) and Flatten()"
            way = flat if len(taken) == 1 else f"use a data set whose samples have the shape {taken}"
            todo = f"Both hold as many values: {way}."
        what = f"The model takes samples of shape {taken}, but those of data set {dataset} have shape {sample}."
        raise ModelError(what, todo=todo)
    if returned != (classes,):
        what = f"{returned[0]} classes" if len(returned) == 1 else f"outputs of shape {returned}"
        raise ModelError(f"The model has {what}, but data set {dataset} has {classes} classes.", todo=todo)


def check_savable(model: keras.Model, where: str = "") -> None:
    """Refuse, before it is trained, a network that snnctl would not read from the file it is saved to.

    Raises:
        ModelError: code, a class or function that Keras does not have, or what cannot be saved; names the layer,
            after ``where``, such as "architecture 'fc2'".
    """
    todo = "Use standard layers, or give the class get_config() and register it with "
    todo += f"@{REGISTER} in a module that the plugin imports."
    for layer in [*model.layers, model]:  # the parts first, for their names
        try:
            config = keras.saving.serialize_keras_object(layer)
            json.dumps(config)
        except Exception as error:
            what = f"Layer '{layer.name}' cannot be saved: {reason(error)}"
            raise ModelError(what, where=where, todo=todo) from error
    try:
        vet(config)
    except ModelError as error:
        raise ModelError(f"{error.what} It could be trained, but not read again.", where=where, todo=todo) from error
