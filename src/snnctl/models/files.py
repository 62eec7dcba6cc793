"""Opening what Keras 2 and 3 wrote: ``.keras`` files, HDF5 files with models or weights, SavedModel folders."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from snnctl.errors import ModelError
from snnctl.models.legacy import modern, modern_name, rewritten
from snnctl.models.network import precision, without_training
from snnctl.models.safety import AGAIN, MODELS, budget, check_heaps, check_storage, check_tensors, opening, vet
from snnctl.models.weights import Stored, check_writer, fill, holds_weights, leaves, stored_layers, text

if TYPE_CHECKING:
    from snnctl.plugins.reader import ReadContext

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
ALWAYS_UNPACKED = 64 << 20  # bytes; less than this is unpacked however small the file is
LARGEST_EXPANSION = 20  # how many times its own size a file may unpack to; Keras does not pack at all
STORED_CONFIG = "model_config"
DESCRIPTION = "keras_metadata.pb"  # from TensorFlow 2.5 on; before, in the graph's file
GRAPH = "saved_model.pb"


def open_archive(path: Path, context: ReadContext) -> keras.Model:
    """The model in a ``.keras`` file, not compiled.

    Raises:
        ModelError: damaged, not a model, or with layers that are unknown or hold code.
    """
    with opening(path), TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            unpacked, packed = sum(part.file_size for part in archive.infolist()), path.stat().st_size
            if unpacked > max(ALWAYS_UNPACKED, LARGEST_EXPANSION * packed):
                raise ModelError(f"It has {packed:,} bytes, but unpacks to {unpacked:,} bytes.", todo=AGAIN)
            if missing := {CONFIG, METADATA, WEIGHTS} - {*archive.namelist()}:
                raise ModelError(f"It is damaged: {', '.join(sorted(missing))} is missing.", todo=AGAIN)
            config, metadata = json.loads(archive.read(CONFIG)), json.loads(archive.read(METADATA))
            weights = archive.extract(WEIGHTS, folder)  # HDF5 moves about in a file: slow inside an archive
        keras_3 = not str(metadata.get("keras_version", "")).startswith("2.")
        with opened_hdf5(Path(weights)) as (file, values):
            model = build(config, path, values, context, keras_3=keras_3)
            if not keras_3:
                fill(model, *stored_layers(file, model))
        if keras_3:
            model.load_weights(weights)
        return model


def open_hdf5(path: Path, context: ReadContext) -> tuple[keras.Model, tuple[str, ...]]:
    """The model in a full ``.h5`` file, not compiled; or the named architecture with the weights of the file.

    Returns:
        The model, and of weights alone a note: which went where.

    Raises:
        ModelError: damaged, not written by Keras, with layers that are unknown or hold code, or weights that do not
            fit or that no architecture is named for.
    """
    with opening(path), opened_hdf5(path) as (file, values):
        if STORED_CONFIG in file.attrs:
            config = json.loads(text(file.attrs[STORED_CONFIG]))
            keras_3 = text(file.attrs.get("keras_version", "")).startswith("3.")
            model = build(config, path, values, context, keras_3=keras_3)
            fill(model, *stored_layers(file, model))
            return model, ()
        if not holds_weights(file):
            raise ModelError(f"{path} is an HDF5 file, but holds no Keras model and no Keras weights.")
        if context.build is None:
            example = "--arch vgg16 --arch-opt batch_norm=true --data cifar10"
            todo = f"Name it, for example: {example}; or save the whole model: model.save('model.keras')."
            raise ModelError(f"{path} holds weights only: which network they belong to must be said.", todo=todo)
        double = file.visititems(lambda _, node: getattr(node, "dtype", None) == "float64" or None)  # None: go on
        with precision(context.dtype or ("float64" if double else "float32")):
            model = context.build()
        by_name, lines = fill(model, *stored_layers(file, model))
        how = "those of {}; weights of each layer:" if by_name else "not {}'s; its layers were taken in order:"
        return model, ("\n  ".join([f"The file's layer names are {how.format(context.arch)}", *lines]),)


@contextmanager
def opened_hdf5(path: Path) -> Iterator[tuple[h5py.File, int]]:
    """A file, open for reading, and how many values it holds; refused if it cannot be read as it should be."""
    check_heaps(path)
    with h5py.File(path, "r") as file:
        values = check_storage(file)
        check_writer(file)
        yield file, values


def open_saved_model(folder: Path, context: ReadContext) -> keras.Model:
    """The model in a SavedModel folder, what ``model.save(folder)`` of tf.keras wrote; not compiled.

    It is built from Keras's description of it. The graph is not loaded, so nothing in it can run.

    Raises:
        ModelError: damaged, not written by Keras, a model that is not Sequential or functional, or with layers that
            are unknown or hold code.
    """
    with opening(folder):
        config = read_config(folder)
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        values = sum(prod(shape) for shape in reader.get_variable_to_shape_map().values())
        size = sum(file.stat().st_size for file in (folder / "variables").iterdir())
        if values > size:
            raise ModelError(f"Its weights have {values:,} values, its files {size:,} bytes.", todo=AGAIN)
        model = build(config, folder, values, context, keras_3=False)
        fill(model, _stored(reader, config), leaves(model))
        return model


def build(config: dict[str, Any], path: Path, values: int, context: ReadContext, *, keras_3: bool) -> keras.Model:
    """The network that ``config``, as Keras 2 or 3 serialised it, describes; freshly initialised.

    It came from ``path``, with as many weights as ``values``; a larger network is not built.
    """
    config = without_training(config)
    if not keras_3:
        config = rewritten(config, modern)
    vet(config, allow_code=context.allow_code)
    if config.get("module") is None and config["class_name"] in MODELS:
        config |= {"module": "keras", "class_name": config["class_name"].replace("Functional", "Model")}
    with budget(values, path):
        model = keras.saving.deserialize_keras_object(config, safe_mode=not context.allow_code)
        if not isinstance(model, keras.Model):
            raise ModelError(f"{path} holds a {type(model).__name__}, which is no network.")
        if not model.built and context.input_shape is not None:
            model.build((None, *context.input_shape))
    if not model.built or not model.inputs:
        todo = "Name the data set with --data; or begin the network with an Input layer and save it again."
        raise ModelError(f"{path} does not say the shape of the network's inputs.", todo=todo)
    check_tensors(model, path)
    return model


def read_config(folder: Path) -> dict[str, Any]:
    """The serialised model, Sequential or functional, that a SavedModel was made from."""
    if (folder / DESCRIPTION).is_file():
        # A list of messages: 2 is the number of an object, from 0 on, which is not written; 5 its description.
        objects = (dict(_fields(node)) for _, node in _fields((folder / DESCRIPTION).read_bytes()))
        described = next((node[5].decode() for node in objects if 2 not in node), "")
    else:
        graphs = saved_model_pb2.SavedModel.FromString((folder / GRAPH).read_bytes()).meta_graphs
        described = graphs[0].object_graph_def.nodes[0].user_object.metadata
    if not described:
        todo = "Open it in the TensorFlow and Keras that wrote it and save it there: model.save('model.h5')."
        raise ModelError(f"{folder} is a TensorFlow SavedModel without Keras's description of its layers.", todo=todo)
    node = json.loads(described)
    config, name = node.get("config"), node.get("class_name")
    if name == "Sequential" or (isinstance(config, dict) and {"layers", "input_layers"} <= config.keys()):
        return {"class_name": "Sequential" if name == "Sequential" else "Functional", "config": config}
    todo = "Build the network from standard layers (Sequential or functional) and save it again."
    raise ModelError(f"{folder} is a SavedModel of class {name}, whose layers are described by code only.", todo=todo)


def _fields(message: bytes) -> list[tuple[int, Any]]:
    """(number, value) of the fields of a protobuf message whose definition does not come with Keras 3."""
    return [(field.field_number, field.data) for field in UnknownFieldSet(Empty.FromString(message))]


def _stored(reader: Any, config: dict[str, Any]) -> Stored:
    """The layers that have weights in a checkpoint of the model that ``config`` describes."""
    graph = reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
    objects = trackable_object_graph_pb2.TrackableObjectGraph.FromString(graph).nodes
    stored: Stored = {}

    def visit_model(model: Any, config: dict[str, Any], prefix: str) -> None:
        """Keras numbers the layers of a model, ``layer-0`` and so on, but not a Sequential one's input layer."""
        children = {child.local_name: objects[child.node_id] for child in model.children}
        layers = config["config"]["layers"]
        skipped = config["class_name"] == "Sequential" and layers and layers[0]["class_name"] == "InputLayer"
        for number, layer in enumerate(layers[1:] if skipped else layers):
            node, name = children[f"layer-{number}"], prefix + modern_name(layer["config"]["name"])
            if layer["class_name"] in MODELS:
                visit_model(node, layer, f"{name}/")
            elif weights := dict(weights_of(node, "", set())):
                stored[name] = weights

    def weights_of(node: Any, path: str, seen: set[int]) -> Iterator[tuple[str, np.ndarray]]:
        """The weights of an object and below it, each once, in the order in which the layer made them."""
        keys = [value.checkpoint_key for value in node.attributes if value.name == "VARIABLE_VALUE"]
        yield from ((path, np.asarray(reader.get_tensor(key))) for key in keys)
        for child in node.children:
            if child.node_id not in seen:
                seen.add(child.node_id)
                yield from weights_of(objects[child.node_id], f"{path}/{child.local_name}", seen)

    visit_model(objects[0], config, "")
    return stored
