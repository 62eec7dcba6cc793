"""Opening HDF5 files: full models of Keras 2 and of Keras 3, and weights for a network that is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.failures import opening
from snnctl.models.legacy_config import modernise
from snnctl.models.stored import text
from snnctl.models.vetting import vet
from snnctl.models.weights_h5 import WeightTable, fill, has_weights

Config = dict[str, Any]


def holds_full_model(path: Path) -> bool:
    """Whether the file holds a network with its weights, rather than weights alone.

    Raises:
        ModelError: damaged, or not written by Keras.
    """
    with _open(path) as file:
        if "model_config" in file.attrs:
            return True
        if has_weights(file):
            return False
        raise ModelError(f"{path} is an HDF5 file, but holds no Keras model and no Keras weights.")


def open_full_model(path: Path) -> keras.Model:
    """The model in a full ``.h5`` file, not compiled.

    Raises:
        ModelError: damaged, or with layers that are unknown or hold code.
    """
    with _open(path) as file:
        config = json.loads(text(file.attrs["model_config"]))
        vet(config, path)
        model = _build(modernise(config))
        fill(model, file, path)
        return model


def open_weights(path: Path, build: Callable[[], keras.Model]) -> tuple[keras.Model, WeightTable]:
    """The network that ``build`` makes, with the weights of the file.

    Raises:
        ModelError: damaged, or the weights do not fit the network.
    """
    model = build()
    with _open(path) as file:
        return model, fill(model, file, path)


def stored_dtype(path: Path) -> str:
    """The widest floating-point type of the weights in the file, "float32" or "float64".

    Raises:
        ModelError: damaged.
    """
    found: set[str] = set()
    with _open(path) as file:
        file.visititems(lambda _, node: found.add(node.dtype.name) if isinstance(node, h5py.Dataset) else None)
    return "float64" if "float64" in found else "float32"


def _build(config: Config) -> keras.Model:
    kind = keras.Sequential if config["class_name"] == "Sequential" else keras.Model
    return kind.from_config(config["config"])


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading; what h5py and Keras raise meanwhile becomes a ModelError."""
    with opening(path), h5py.File(path, "r") as file:
        yield file
