"""What plugins add to the numerical core, found by name among the objects that are registered with Keras.

A network's file names the neuron models and constraints of plugins; before it is opened they must be registered, as
custom layers must be: ``keras.saving.register_keras_serializable(package="snnctl.neuron_models", name=NAME)(model)``.
snnctl does so with those of all plugins before it opens a file.
"""

from __future__ import annotations

from typing import Any, Literal

import keras

Kind = Literal["neuron_models", "constraints"]
WORDS = {"neuron_models": "neuron model", "constraints": "hardware constraint"}


def register(kind: Kind, name: str, thing: Any) -> None:
    """Let files that name ``thing`` be opened.

    Args:
        kind: what it is.
        name: what files call it, ``package:name``.
        thing: an instance of a neuron model, or a class of constraints.
    """
    keras.saving.get_custom_objects()[f"snnctl.{kind}>{name}"] = thing


def registered(kind: Kind, name: str) -> Any:
    """What is registered by that name.

    Raises:
        ValueError: nothing is.
    """
    thing = keras.saving.get_registered_object(f"snnctl.{kind}>{name}")
    if thing is None:
        raise ValueError(f"the {WORDS[kind]} {name!r} is not known; the plugin that has it must be installed")
    return thing
