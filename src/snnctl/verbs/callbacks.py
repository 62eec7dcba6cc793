"""The callbacks of a training, made by what plugins register; their failures are told as the plugin's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import keras

from snnctl.data.dataset import Samples
from snnctl.errors import PluginError
from snnctl.models.network import kind_of
from snnctl.plugins import TrainingContext
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.options import check_options
from snnctl.verbs.result import Run

METHODS = (*(name for name in dir(keras.callbacks.Callback) if name.startswith("on_")), "set_model", "set_params")
"""What Keras calls in a training."""


def context_of(
    verb: str, options: Any, model: keras.Model, train: Samples, validation: Samples | None, run: Run
) -> TrainingContext:
    """What callbacks are told of a training.

    Args:
        verb: its name.
        options: of the verb.
        model: what is trained.
        train: samples, preprocessed.
        validation: looked at after every epoch.
        run: takes notes.
    """
    return TrainingContext(
        verb=verb,
        model=model,
        kind="snn" if kind_of(model) == "snn" else "relu",
        epochs=options.epochs,
        batch_size=options.batch_size,
        train=train,
        validation=validation,
        settings=options.model_dump(mode="json"),
        reporter=run.reporter,
    )


def made(
    chosen: Mapping[str, Mapping[str, Any]] | None, context: TrainingContext, run: Run
) -> list[keras.callbacks.Callback]:
    """Callbacks of Keras, in the order in which they are chosen.

    Args:
        chosen: options by name.
        context: of the training.
        run: knows them.

    Raises:
        PluginError: one does not exist, or its own code fails, now or in training.
        UsageError: options that do not fit.
    """
    found = []
    for name, given in (chosen or {}).items():
        callback = run.registry.callback(name)
        options, where = check_options(callback, given), origin(callback)
        with guard("make failed", where=where):
            one = callback.make(context, **options)
        if not isinstance(one, keras.callbacks.Callback):
            raise PluginError(f"make returned {type(one).__name__}, which is no callback of Keras", where=where)
        found.append(_guarded(one, where))
    return found


def _guarded(callback: keras.callbacks.Callback, where: str) -> keras.callbacks.Callback:
    """The same object, with the failures of the methods that Keras calls told as the plugin's."""
    with guard("its methods cannot be watched", where=where):
        for name in METHODS:
            method = getattr(callback, name)
            if callable(method) and not _is_computed(callback, name):
                setattr(callback, name, _told(method, name, where))
    return callback


def _is_computed(callback: keras.callbacks.Callback, name: str) -> bool:
    """Whether the class decides what is found by that name, such as a property: nothing can be put in its place."""
    return hasattr(inspect.getattr_static(type(callback), name, None), "__set__")


def _told(method: Callable[..., Any], name: str, where: str) -> Callable[..., Any]:
    @wraps(method)  # Keras asks methods whether they are its own, and does not call those
    def told(*arguments: Any, **named: Any) -> Any:
        with guard(f"{name} failed", where=where):
            return method(*arguments, **named)

    return told
