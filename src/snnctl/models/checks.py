"""What a network must be: of a kind, finite, made for its data set, and such that it can be read again once saved."""

from __future__ import annotations

import json
from math import prod
from typing import Literal

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.models.safety import PACKAGE, reason, vet


def holds_spiking_layers(model: keras.Model) -> bool:
    """Whether any layer, nested ones included, is one of snnctl's."""
    return any(
        keras.saving.get_registered_name(type(layer)).startswith(PACKAGE)
        or (isinstance(layer, keras.Model) and holds_spiking_layers(layer))
        for layer in model.layers
    )


def kind_of(model: keras.Model, where: str = "") -> Literal["relu", "snn"]:
    """Whether a network is a spiking one; all layers of a spiking network must be its own.

    Args:
        model: the network.
        where: what the message begins with, such as the file it came from.

    Raises:
        ModelError: spiking layers stand in a model inside the network; names both.
    """
    outer, way = model, ""
    while nested := [each for each in outer.layers if isinstance(each, keras.Model) and holds_spiking_layers(each)]:
        outer = nested[0]
        way += f".get_layer('{outer.name}')"
    if way:
        raise ModelError(
            f"The spiking network '{outer.name}' is nested inside another model, '{model.name}'.",
            where=where,
            todo=f"Save the inner model by itself: model{way}.save('inner.keras'), where model is the outer one "
            "(snnctl.load opens files).",
        )
    return "snn" if holds_spiking_layers(model) else "relu"


def check_finite(model: keras.Model, where: str = "") -> None:
    """Refuse a model with NaN or infinite weights.

    Args:
        model: a built network.
        where: what the message begins with, such as the file it came from.

    Raises:
        ModelError: names the layer and the weight.
    """
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        if bad := values.size - np.count_nonzero(np.isfinite(values)):
            layer, _, name = weight.path.rpartition("/")
            raise ModelError(
                f"Layer '{layer}' has NaN or infinite values in its {name}: {bad} of {values.size}.",
                where=where,
                todo="Its training diverged; take an earlier checkpoint or train again with a smaller learning rate.",
            )


def check_fits(model: keras.Model, sample: tuple[int, ...], classes: int, dataset: str) -> None:
    """Refuse a model whose inputs or outputs are not those of the data set.

    Args:
        model: a built model with one input and one output.
        sample: shape of one sample, channels last.
        classes: number of classes.
        dataset: its name, for the message.

    Raises:
        ModelError: says both shapes.
    """
    inputs, outputs = list(model.inputs or ()), list(model.outputs or ())
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(
            f"The model has {len(inputs)} inputs and {len(outputs)} outputs; a classifier has one of each."
        )
    todo = "Choose the data set the model was made for with --data."
    taken, returned = tuple(inputs[0].shape[1:]), tuple(outputs[0].shape[1:])
    if len(taken) != len(sample) or any(size not in (None, have) for size, have in zip(taken, sample, strict=True)):
        if None not in taken and prod(taken) == prod(sample):
            way = f"use a data set whose samples have the shape {taken}"
            way = f"begin the model with Input({sample}) and Flatten()" if len(taken) == 1 else way
            todo = f"Both hold as many values: {way}."
        raise ModelError(
            f"The model takes samples of shape {taken}, but those of data set {dataset} have shape {sample}.", todo=todo
        )
    if returned != (classes,):
        what = f"{returned[0]} classes" if len(returned) == 1 else f"outputs of shape {returned}"
        raise ModelError(f"The model has {what}, but data set {dataset} has {classes} classes.", todo=todo)


def check_savable(model: keras.Model, where: str = "") -> None:
    """Refuse, before it is trained, a network that snnctl would not read from the file it is saved to.

    Args:
        model: a built network.
        where: what the message begins with, such as "architecture 'fc2'".

    Raises:
        ModelError: a Lambda layer, a layer or function of a class that is not registered with Keras, or one that
            cannot be saved; names the layer.
    """
    todo = (
        "Use standard layers, or give the class get_config() and register it with "
        "@keras.saving.register_keras_serializable in a module that the plugin imports."
    )
    for layer in [*model.layers, model]:  # the parts first, for their names
        try:
            config = keras.saving.serialize_keras_object(layer)
            json.dumps(config)
        except Exception as error:
            raise ModelError(
                f"Layer '{layer.name}' cannot be saved: {reason(error)}", where=where, todo=todo
            ) from error
    try:
        vet(config)
    except ModelError as error:
        raise ModelError(f"{error.what} It could be trained, but not read again.", where=where, todo=todo) from error
