"""TensorFlow SavedModels that Keras 2 wrote: the network is built again from Keras's description of it.

The graph in ``saved_model.pb`` is not loaded, so nothing in it can run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from snnctl.errors import ModelError
from snnctl.models.files import build
from snnctl.models.safety import AGAIN, MODELS, opening
from snnctl.models.weights import StoredLayer, fill, leaves

if TYPE_CHECKING:
    from snnctl.plugins.reader import ReadContext

DESCRIPTION = "keras_metadata.pb"  # from TensorFlow 2.5 on; before, in the graph's file
GRAPH = "saved_model.pb"
KINDS = ("_tf_keras_sequential", "_tf_keras_network", "_tf_keras_model")
ANEW = "Open it in the TensorFlow and Keras that wrote it and save it there: model.save('model.h5')."


def open_saved_model(folder: Path, context: ReadContext) -> keras.Model:
    """The model in a SavedModel folder, what ``model.save(folder)`` of tf.keras wrote; not compiled.

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
            what = f"its weights have {values:,} values, its files {size:,} bytes"
            raise ModelError(f"{folder} is damaged: {what}.", todo=AGAIN)
        model = build(config, folder, values, context, keras_3=False)
        fill(model, list(_stored(reader, config)), [(name, layer) for _, name, layer in leaves(model)])
        return model


def read_config(folder: Path) -> dict[str, Any]:
    """The serialised model that a SavedModel was made from.

    Raises:
        ModelError: damaged, without a description, or of a model that is neither Sequential nor functional: a
            subclassed model's layers are in its code, not in its description.
    """
    try:
        described = next((text for kind, text in _descriptions(folder) if kind in KINDS and text), None)
    except DecodeError as error:
        raise ModelError(f"{folder} is damaged: Keras's description cannot be read.", todo=ANEW) from error
    if described is None:
        raise ModelError(f"{folder} is a TensorFlow SavedModel without Keras's description of its layers.", todo=ANEW)
    node = json.loads(described)
    config, name = node.get("config"), node.get("class_name")
    if name == "Sequential" or (isinstance(config, dict) and {"layers", "input_layers"} <= config.keys()):
        return {"class_name": "Sequential" if name == "Sequential" else "Functional", "config": config}
    raise ModelError(
        f"{folder} is a SavedModel of class {name}, whose layers are described by code only.",
        todo="Build the network from standard layers (Sequential or functional) and save it again.",
    )


def _descriptions(folder: Path) -> Iterator[tuple[str, str]]:
    """(kind, description as JSON) of the objects in the model, the model itself first."""
    described = (folder / DESCRIPTION).is_file()
    path = folder / (DESCRIPTION if described else GRAPH)
    message = _metadata_message() if described else saved_model_pb2.SavedModel()
    message.ParseFromString(path.read_bytes())
    if described:
        yield from ((node.identifier, node.metadata) for node in sorted(message.nodes, key=lambda node: node.node_id))
    else:  # the graph's file names the kind, and often no more
        for graph in message.meta_graphs[:1]:
            for node in graph.object_graph_def.nodes[:1]:
                yield node.user_object.identifier, node.user_object.metadata


def _metadata_message() -> Any:
    """The message that Keras 2 writes; Keras 3 does not come with it, so its fields are stated here."""
    fields = {"node_id": (2, "TYPE_INT32"), "identifier": (4, "TYPE_STRING"), "metadata": (5, "TYPE_STRING")}
    saved_object = [{"name": name, "number": number, "type": kind} for name, (number, kind) in fields.items()]
    nodes = {"name": "nodes", "number": 1, "label": "LABEL_REPEATED", "type_name": ".snnctl.SavedObject"}
    messages = [{"name": "SavedObject", "field": saved_object}, {"name": "SavedMetadata", "field": [nodes]}]
    file = {"name": "snnctl/saved_metadata.proto", "package": "snnctl", "message_type": messages}
    pool = descriptor_pool.DescriptorPool()
    pool.Add(json_format.ParseDict(file, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("snnctl.SavedMetadata"))()


def _stored(reader: Any, config: dict[str, Any]) -> Iterator[StoredLayer]:
    """The layers that have weights in a checkpoint of the model that ``config`` describes."""
    objects = trackable_object_graph_pb2.TrackableObjectGraph()
    objects.ParseFromString(reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))

    def layers_of(model: Any, config: dict[str, Any], prefix: str) -> Iterator[StoredLayer]:
        """Keras numbers the layers of a model, ``layer-0`` and so on, but not a Sequential one's input layer."""
        children = {child.local_name: objects.nodes[child.node_id] for child in model.children}
        layers = config["config"]["layers"]
        skipped = config["class_name"] == "Sequential" and layers and layers[0]["class_name"] == "InputLayer"
        for number, layer in enumerate(layers[1:] if skipped else layers):
            node, name = children[f"layer-{number}"], f"{prefix}{layer['config']['name']}"
            if layer["class_name"] in MODELS:
                yield from layers_of(node, layer, f"{name}/")
            elif weights := tuple(weights_of(node, "", set())):
                yield StoredLayer(name, weights)

    def weights_of(node: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, np.ndarray]]:
        """The weights below an object, each once, in the order in which the layer made them."""
        for child in node.children:
            if child.node_id not in seen:
                seen.add(child.node_id)
                inner, name = objects.nodes[child.node_id], f"{prefix}{child.local_name}"
                keys = [value.checkpoint_key for value in inner.attributes if value.name == "VARIABLE_VALUE"]
                yield from ((name, np.asarray(reader.get_tensor(key))) for key in keys)
                yield from weights_of(inner, f"{name}/", seen)

    yield from layers_of(objects.nodes[0], config, "")
