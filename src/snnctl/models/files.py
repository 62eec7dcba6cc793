"""Opening ``.keras`` files and HDF5 files of Keras 2 and 3: full models, and weights for a network that is named."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.dtype import precision, without_training
from snnctl.models.legacy import modernise
from snnctl.models.safety import AGAIN, budget, check_heaps, check_storage, check_tensors, opening, vet
from snnctl.models.weights import (
    WeightTable,
    fill,
    holds_weights,
    keras_3_weights,
    leaves,
    read_keras_3,
    stored_layers,
    text,
)

if TYPE_CHECKING:
    from snnctl.plugins.reader import ReadContext

CONFIG, METADATA, WEIGHTS = PARTS = ("config.json", "metadata.json", "model.weights.h5")
LARGEST_TEXT = 64 << 20  # bytes; the configuration of a large network has a few hundred thousand
ALWAYS_UNPACKED = 64 << 20  # bytes; less than this is unpacked however small the file is
LARGEST_EXPANSION = 20  # how many times its own size a file may unpack to; Keras does not pack at all
STORED_CONFIG = "model_config"
ROOTS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}
"""What the classes of networks are called in ``keras``."""


def open_archive(path: Path, context: ReadContext) -> keras.Model:
    """The model in a ``.keras`` file, not compiled.

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
        check_heaps(Path(weights))
        with h5py.File(weights, "r") as file:
            model = build(config, path, check_storage(file), context, keras_3=keras_3)
            if not keras_3:
                stored = read_keras_3(keras_3_weights(file) or file, config)
                fill(model, stored, [(name, layer) for _, name, layer in leaves(model)])
        if keras_3:
            model.load_weights(weights)
        return model


def _check_parts(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that lacks a part, or states sizes that Keras does not write; no more is unpacked later."""
    missing = " and ".join(sorted(set(PARTS) - set(archive.namelist())))
    sizes = {name: archive.getinfo(name).file_size for name in PARTS if not missing}
    unpacked, packed = sum(sizes.values()), path.stat().st_size
    if missing:
        problem = f"it has no {missing}: it is not as Keras wrote it"
    elif large := [name for name in (CONFIG, METADATA) if sizes[name] > LARGEST_TEXT]:
        problem = f"its {large[0]} has {sizes[large[0]]:,} bytes; at most {LARGEST_TEXT:,} are read"
    elif unpacked > max(ALWAYS_UNPACKED, LARGEST_EXPANSION * packed):
        problem = f"it has {packed:,} bytes, but unpacks to {unpacked:,}: it is not as Keras wrote it"
    else:
        return
    raise ModelError(f"{path} is damaged: {problem}.", todo=AGAIN)


def open_hdf5(path: Path, context: ReadContext) -> tuple[keras.Model, WeightTable | None]:
    """The model in a full ``.h5`` file, not compiled; or the named architecture with the weights of the file.

    Returns:
        The model, and of weights alone which went where.

    Raises:
        ModelError: damaged, not written by Keras, with layers that are unknown or hold code, or weights that do not
            fit or that no architecture is named for.
    """
    with opened_hdf5(path) as (file, values):
        if STORED_CONFIG in file.attrs:
            config = json.loads(text(file.attrs[STORED_CONFIG]))
            keras_3 = text(file.attrs.get("keras_version", "")).startswith("3.")
            model = build(config, path, values, context, keras_3=keras_3)
            fill(model, *stored_layers(file, model))
            return model, None
        if not holds_weights(file):
            raise ModelError(f"{path} is an HDF5 file, but holds no Keras model and no Keras weights.")
        if context.build is None:
            raise ModelError(
                f"{path} holds weights only: which network they belong to must be said.",
                todo="Name it, for example: --arch vgg16 --arch-opt batch_norm=true --data cifar10; "
                "or save the whole model: model.save('model.keras').",
            )
        types: set[str] = set()
        file.visititems(lambda _, node: types.add(node.dtype.name) if isinstance(node, h5py.Dataset) else None)
        with precision(context.dtype or ("float64" if "float64" in types else "float32")):
            model = context.build()
        return model, fill(model, *stored_layers(file, model))


@contextmanager
def opened_hdf5(path: Path) -> Iterator[tuple[h5py.File, int]]:
    """The file, open for reading, and how many values it holds; what h5py and Keras raise becomes a ModelError."""
    with opening(path):
        check_heaps(path)
        with h5py.File(path, "r") as file:
            yield file, check_storage(file)


def build(config: dict[str, Any], path: Path, values: int, context: ReadContext, *, keras_3: bool) -> keras.Model:
    """The network that ``config`` describes, freshly initialised; no larger than the weights that are there for it.

    Args:
        config: a serialised Keras model.
        path: the file it came from, for messages.
        values: how many weights the file holds.
        context: says the shape of a sample, for a network that does not, and whether code in it may be run.
        keras_3: whether Keras 3 wrote it.

    Raises:
        ModelError: damaged, too large, or with layers that are unknown or hold code.
    """
    config = without_training(config)
    if not keras_3:
        config = modernise(config)
    vet(config, allow_code=context.allow_code)
    if config.get("module") is None and config["class_name"] in ROOTS:
        config |= {"module": "keras", "class_name": ROOTS[config["class_name"]]}
    with budget(values, path):
        model = keras.saving.deserialize_keras_object(config, safe_mode=not context.allow_code)
        if not isinstance(model, keras.Model):
            raise ModelError(f"{path} holds a {type(model).__name__}, which is no network.")
        if not model.built and context.input_shape is not None:
            model.build((None, *context.input_shape))
    if not model.built or not model.inputs:
        raise ModelError(
            f"{path} does not say the shape of the network's inputs.",
            todo="Name the data set with --data; or begin the network with an Input layer and save it again.",
        )
    check_tensors(model, path)
    return model
