"""Keras's description of a network in a TensorFlow SavedModel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]
from tensorflow.core.protobuf import saved_model_pb2

from snnctl.errors import ModelError
from snnctl.models.entries import parsed_object

DESCRIPTION = "keras_metadata.pb"  # from TensorFlow 2.5 on; before, in the graph's file
GRAPH = "saved_model.pb"
LARGEST = 256 << 20  # bytes
MODELS = ("_tf_keras_sequential", "_tf_keras_network", "_tf_keras_model")
AGAIN = "Open it in the TensorFlow and Keras that wrote it and save it there: model.save('model.h5')."


def read_metadata(folder: Path) -> dict[str, Any]:
    """The serialised model that a SavedModel was made from.

    Raises:
        ModelError: damaged, without a description, or of a model that is neither Sequential nor functional.
    """
    for identifier, text in _described(folder):
        if identifier in MODELS and text:  # the graph's file names the kind, and often no more
            node = parsed_object(text, f"its {DESCRIPTION}", folder)
            return {"class_name": _class_name(node, folder), "config": node["config"]}
    raise ModelError(f"{folder} is a TensorFlow SavedModel without Keras's description of its layers.", todo=AGAIN)


def _class_name(node: dict[str, Any], folder: Path) -> str:
    """Sequential or Functional; a subclassed model's layers are in its code, not in its description."""
    config, name = node.get("config"), node.get("class_name")
    if name == "Sequential" or (isinstance(config, dict) and {"layers", "input_layers"} <= config.keys()):
        return "Sequential" if name == "Sequential" else "Functional"
    raise ModelError(
        f"{folder} is a SavedModel of class {name}, whose layers are described by code only.",
        todo="Build the network from standard layers (Sequential or functional) and save it again.",
    )


def _described(folder: Path) -> Iterator[tuple[str, str]]:
    """(kind, description as JSON) of the objects in the model, the model itself first."""
    try:
        if (folder / DESCRIPTION).is_file():
            nodes = _parsed(_saved_metadata(), folder / DESCRIPTION).nodes
            nodes = sorted(nodes, key=lambda node: node.node_id)
            yield from ((node.identifier, node.metadata) for node in nodes)
            return
        model = _parsed(saved_model_pb2.SavedModel(), folder / GRAPH)
        for graph in model.meta_graphs[:1]:
            for node in graph.object_graph_def.nodes[:1]:
                yield node.user_object.identifier, node.user_object.metadata
    except DecodeError as error:
        raise ModelError(f"{folder} is damaged: Keras's description cannot be read.", todo=AGAIN) from error


def _parsed(message: Any, path: Path) -> Any:
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path} has {path.stat().st_size:,} bytes; at most {LARGEST:,} are read.")
    message.ParseFromString(path.read_bytes())
    return message


def _saved_metadata() -> Message:
    """The message that Keras 2 writes; Keras 3 does not come with it, so its fields are stated here."""
    field, kinds = descriptor_pb2.FieldDescriptorProto, descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="snnctl/saved_metadata.proto", package="snnctl")
    node = file.message_type.add(name="SavedObject")
    for name, number, kind in (
        ("node_id", 2, kinds.TYPE_INT32),
        ("identifier", 4, kinds.TYPE_STRING),
        ("metadata", 5, kinds.TYPE_STRING),
    ):
        node.field.add(name=name, number=number, type=kind, label=field.LABEL_OPTIONAL)
    file.message_type.add(name="SavedMetadata").field.add(
        name="nodes",
        number=1,
        type=kinds.TYPE_MESSAGE,
        label=field.LABEL_REPEATED,
        type_name=".snnctl.SavedObject",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("snnctl.SavedMetadata"))()
