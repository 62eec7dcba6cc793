"""Opening HDF5 files: full models of Keras 2 and of Keras 3, and weights for a network that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.building import build
from snnctl.models.entries import parsed_object
from snnctl.models.failures import opening
from snnctl.models.filling import fill
from snnctl.models.matching import Layer
from snnctl.models.probing import check_survivable
from snnctl.models.stored import (
    StoredLayer,
    keras_2_weights,
    keras_3_weights,
    leaf_layers,
    read_keras_2,
    read_keras_3,
    text,
)
from snnctl.models.stored_types import check_storage
from snnctl.models.weight_table import WeightTable

CONFIG = "model_config"


def holds_full_model(path: Path) -> bool:
    """Whether the file holds a network with its weights, rather than weights alone.

    Raises:
        ModelError: damaged, or not written by Keras.
    """
    with _open(path) as file:
        if CONFIG in file.attrs:
            return True
        if keras_2_weights(file) is not None or keras_3_weights(file) is not None:
            return False
        raise ModelError(f"{path} is an HDF5 file, but holds no Keras model and no Keras weights.")


def open_full_model(path: Path, *, input_shape: tuple[int, ...] | None = None, allow_code: bool = False) -> keras.Model:
    """The model in a full ``.h5`` file, not compiled.

    Args:
        path: the file.
        input_shape: shape of one sample, for a network that does not say it.
        allow_code: whether code in it may be run.

    Raises:
        ModelError: damaged, or with layers that are unknown or hold code.
    """
    with _open(path) as file:
        values = check_storage(file, path)
        config = parsed_object(text(file.attrs[CONFIG]), "its configuration", path)
        keras_3 = text(file.attrs.get("keras_version", "")).startswith("3.")
        model = build(config, path, values, keras_3=keras_3, input_shape=input_shape, allow_code=allow_code)
        _fill_from(file, model, path)
        return model


def open_weights(path: Path, build: Callable[[], keras.Model]) -> tuple[keras.Model, WeightTable]:
    """The network that ``build`` makes, with the weights of the file.

    Raises:
        ModelError: damaged, or the weights do not fit the network.
    """
    model = build()
    with _open(path) as file:
        check_storage(file, path)
        return model, _fill_from(file, model, path)


def stored_dtype(path: Path) -> str:
    """The widest floating-point type of the weights in the file, "float32" or "float64".

    Raises:
        ModelError: damaged.
    """
    found: set[str] = set()
    with _open(path) as file:
        file.visititems(lambda _, node: found.add(node.dtype.name) if isinstance(node, h5py.Dataset) else None)
    return "float64" if "float64" in found else "float32"


def _fill_from(file: h5py.File, model: keras.Model, path: Path) -> WeightTable:
    """Fill the network from an open file, in either layout."""
    stored, layers = _both_sides(file, model)
    return fill(model, stored, layers, path)


def _both_sides(file: h5py.File, model: keras.Model) -> tuple[list[StoredLayer], list[Layer]]:
    """The layers with weights in the file, and those of the network by name; Keras 2 stored nested models whole."""
    group = keras_2_weights(file)
    if group is not None:
        return read_keras_2(group), [(layer.name, layer) for layer in model.layers]
    found = keras_3_weights(file)
    stored = read_keras_3(found, model) if found is not None else []
    return stored, [(layer.name, layer) for _, layer in leaf_layers(model)]


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading; what h5py and Keras raise meanwhile becomes a ModelError."""
    with opening(path):
        check_survivable(path, path)
        with h5py.File(path, "r") as file:
            yield file
