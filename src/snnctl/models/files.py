"""Opening ``.keras`` files and HDF5 files of Keras 2 and 3: full models, and weights for a network that is known."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.dtype import without_training
from snnctl.models.legacy import modernise
from snnctl.models.safety import AGAIN, budget, check_storage, check_tensors, opening, vet
from snnctl.models.weights import (
    WeightTable,
    fill,
    keras_2_weights,
    keras_3_weights,
    leaves,
    read_keras_3,
    stored_layers,
    text,
)

CONFIG, METADATA, WEIGHTS = PARTS = ("config.json", "metadata.json", "model.weights.h5")
LARGEST_TEXT = 64 << 20  # bytes; the configuration of a large network has a few hundred thousand
ALWAYS_UNPACKED = 64 << 20  # bytes; less than this is unpacked however small the file is
LARGEST_EXPANSION = 20  # how many times its own size a file may unpack to; Keras does not pack at all
STORED_CONFIG = "model_config"
ROOTS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}
"""What the classes of networks are called in ``keras``."""


def open_archive(path: Path, *, input_shape: tuple[int, ...] | None = None, allow_code: bool = False) -> keras.Model:
    """The model in a ``.keras`` file, not compiled.

    Args:
        path: the file.
        input_shape: shape of one sample, for a network that does not say it.
        allow_code: whether code in it may be run.

    Raises:
        ModelError: damaged, not a model, or with layers that are unknown or hold code.
    """
    with opening(path), TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _check_parts(archive, path)
                config, metadata = json.loads(archive.read(CONFIG)), json.loads(archive.read(METADATA))
                weights = archive.extract(WEIGHTS, folder)  # HDF5 moves about in a file: slow inside an archive
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ModelError(f"{path} is damaged: it breaks off early, or was changed.", todo=AGAIN) from error
        keras_3 = not str(metadata.get("keras_version", "")).startswith("2.")
        with h5py.File(weights, "r") as file:
            values = check_storage(file, path)
            model = build(config, path, values, keras_3=keras_3, input_shape=input_shape, allow_code=allow_code)
            if not keras_3:
                stored = read_keras_3(keras_3_weights(file) or file, config)
                fill(model, stored, [(name, layer) for _, name, layer in leaves(model)], path)
        if keras_3:
            model.load_weights(weights)
        return model


def _check_parts(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that lacks a part, or states sizes that Keras does not write; no more is unpacked later."""
    missing = sorted(set(PARTS) - set(archive.namelist()))
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        what = f"its {' and '.join(missing)} {verb} missing: it is not as Keras wrote it"
        raise ModelError(f"{path} is damaged: {what}.", todo=AGAIN)
    sizes = {name: archive.getinfo(name).file_size for name in PARTS}
    for name in (CONFIG, METADATA):
        if sizes[name] > LARGEST_TEXT:
            what = f"its {name} has {sizes[name]:,} bytes; at most {LARGEST_TEXT:,} are read"
            raise ModelError(f"{path} is damaged: {what}.", todo=AGAIN)
    unpacked, packed = sum(sizes.values()), path.stat().st_size
    if unpacked > max(ALWAYS_UNPACKED, LARGEST_EXPANSION * packed):
        what = f"it has {packed:,} bytes, but unpacks to {unpacked:,}: it is not as Keras wrote it"
        raise ModelError(f"{path} is damaged: {what}.", todo=AGAIN)


def holds_full_model(path: Path) -> bool:
    """Whether an HDF5 file holds a network with its weights, rather than weights alone.

    Raises:
        ModelError: damaged, or not written by Keras.
    """
    with open_hdf5(path) as (file, _):
        if STORED_CONFIG in file.attrs:
            return True
        if keras_2_weights(file) is not None or keras_3_weights(file) is not None:
            return False
        raise ModelError(f"{path} is an HDF5 file, but holds no Keras model and no Keras weights.")


def open_full_model(path: Path, *, input_shape: tuple[int, ...] | None = None, allow_code: bool = False) -> keras.Model:
    """The model in a full ``.h5`` file, not compiled; arguments and errors as of :func:`open_archive`."""
    with open_hdf5(path) as (file, values):
        config = json.loads(text(file.attrs[STORED_CONFIG]))
        keras_3 = text(file.attrs.get("keras_version", "")).startswith("3.")
        model = build(config, path, values, keras_3=keras_3, input_shape=input_shape, allow_code=allow_code)
        fill(model, *stored_layers(file, model), path)
        return model


def open_weights(path: Path, build: Callable[[], keras.Model]) -> tuple[keras.Model, WeightTable]:
    """The network that ``build`` makes, with the weights of an HDF5 file.

    Raises:
        ModelError: damaged, or the weights do not fit the network.
    """
    model = build()
    with open_hdf5(path) as (file, _):
        return model, fill(model, *stored_layers(file, model), path)


def stored_dtype(path: Path) -> str:
    """The widest floating-point type of the weights in an HDF5 file, "float32" or "float64".

    Raises:
        ModelError: damaged.
    """
    types: set[str] = set()
    with open_hdf5(path) as (file, _):
        file.visititems(lambda _, node: types.add(node.dtype.name) if isinstance(node, h5py.Dataset) else None)
    return "float64" if "float64" in types else "float32"


@contextmanager
def open_hdf5(path: Path) -> Iterator[tuple[h5py.File, int]]:
    """The file, open for reading, and how many values it holds; what h5py and Keras raise becomes a ModelError."""
    with opening(path), h5py.File(path, "r") as file:
        yield file, check_storage(file, path)


def build(
    config: dict[str, Any],
    path: Path,
    values: int,
    *,
    keras_3: bool,
    input_shape: tuple[int, ...] | None = None,
    allow_code: bool = False,
) -> keras.Model:
    """The network that ``config`` describes, freshly initialised; no larger than the weights that are there for it.

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
    config = without_training(config)
    if not keras_3:
        try:
            config = modernise(config)
        except ModelError as error:
            raise ModelError(error.what, where=str(path), todo=error.todo) from error
    vet(config, str(path), allow_code=allow_code)
    if config.get("module") is None and config["class_name"] in ROOTS:
        config |= {"module": "keras", "class_name": ROOTS[config["class_name"]]}
    with budget(values, path):
        model = keras.saving.deserialize_keras_object(config, safe_mode=not allow_code)
        if not isinstance(model, keras.Model):
            raise ModelError(f"{path} holds a {type(model).__name__}, which is no network.")
        if not model.built and input_shape is not None:
            model.build((None, *input_shape))
    if not model.built or not model.inputs:
        raise ModelError(
            f"{path} does not say the shape of the network's inputs.",
            todo="Name the data set with --data; or begin the network with an Input layer and save it again.",
        )
    check_tensors(model, path)
    return model
