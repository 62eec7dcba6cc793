"""Telling objects from the paths of files, for callers in Python; Keras is not imported for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnctl.errors import UsageError
from snnctl.verbs.result import Given


def given_objects(
    model: Any, calibration: Any, labels: Any, options: Mapping[str, Any]
) -> tuple[dict[str, Any], Given]:
    """What ``snnctl.convert`` was given: the options that name files, and the objects in place of files.

    Args:
        model: a Keras model or a path.
        calibration: samples, the path of a file, or None.
        labels: of samples in an array, or None.
        options: the other options.

    Raises:
        UsageError: neither a model nor a path, calibration data given twice, or labels for a file.
    """
    named = {"model": model_name(model)}
    network = model if is_keras_model(model) else None
    if calibration is not None and options.get("calibrate") is not None:
        raise UsageError("calibration and calibrate are both given", todo="Leave out one of them.")
    _refuse_objects(calibration, options.get("calibrate"))
    if isinstance(calibration, str | os.PathLike):
        named["calibrate"] = os.fspath(calibration)
        calibration = None
    if labels is not None and calibration is None:
        raise UsageError(
            "labels are given without an array they belong to",
            todo="Give the array as calibration; a file brings its own labels.",
        )
    return named, Given(network, calibration, labels)


def output_path(out: Any, overwrite: Any) -> Path | None:
    """Where a caller wants the result; None for nowhere.

    Raises:
        UsageError: ``out`` is no path or empty, or ``overwrite`` is neither True nor False.
    """
    if not isinstance(overwrite, bool):
        raise UsageError(f"overwrite is {overwrite!r}", todo="Give True or False.")
    if out is None:
        return None
    path = os.fspath(out) if isinstance(out, str | os.PathLike) else out
    if not isinstance(path, str):
        raise UsageError(f"out is {out!r}, which is no path", todo="Give a path as a text or a pathlib.Path.")
    if not path:
        raise UsageError("out is empty", todo="Give a path, or leave it out.")
    return Path(path)


def _refuse_objects(calibration: Any, calibrate: Any) -> None:
    """``calibrate`` names a file; and a list could be samples as well as batches."""
    if not isinstance(calibrate, str | os.PathLike | int | None):
        raise UsageError(
            f"calibrate= takes the path of a file or folder, not an object of type {type(calibrate).__name__}",
            todo="Hand over arrays, data sets and generators with calibration=.",
        )
    if isinstance(calibration, list | tuple):
        raise UsageError(
            f"calibration= takes no {type(calibration).__name__}s",
            todo="Make an array of the samples, numpy.asarray(samples), or a function that yields batches.",
        )


def model_name(model: Any) -> str:
    """The path of a model, or what it is called in messages and records.

    Raises:
        UsageError: neither a Keras model nor a path.
    """
    if is_keras_model(model):
        return f"<{type(model).__name__} {model.name}>"
    try:
        return os.fspath(model)
    except TypeError:
        raise UsageError(
            f"a model is a Keras model or its path, not of type {type(model).__name__}", todo=_way_out(model)
        ) from None


def is_keras_model(model: Any) -> bool:
    """Whether it is a model of Keras 3."""
    return "keras" in _origins(model)


def _origins(model: Any) -> set[str]:
    """The packages whose class Model it descends from."""
    return {cls.__module__.partition(".")[0] for cls in type(model).__mro__ if cls.__name__ == "Model"}


def _way_out(model: Any) -> str:
    if "tf_keras" in _origins(model):
        return "This is a model of Keras 2: save it as .h5 and give the path."
    return "Give a model of Keras 3, or the path of a file."
