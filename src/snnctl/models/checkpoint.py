"""The weights in a TensorFlow checkpoint that Keras 2 wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from snnctl.errors import ModelError
from snnctl.models.stored import MODELS, StoredLayer

VARIABLES = Path("variables") / "variables"
OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
VALUE = "VARIABLE_VALUE"


@dataclass(frozen=True)
class _Values:
    """One weight, read when ``[()]`` asks for it."""

    reader: Any
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, key: tuple[()]) -> np.ndarray:
        return np.asarray(self.reader.get_tensor(self.key))


def _counted_layers(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers of a model as Keras 2 counts them: a Sequential one's input layer does not count."""
    layers: list[dict[str, Any]] = config["config"]["layers"]
    skipped = config["class_name"] == "Sequential" and layers and layers[0]["class_name"] == "InputLayer"
    return layers[1:] if skipped else layers


class Checkpoint:
    """The checkpoint in a SavedModel folder.

    Args:
        folder: the SavedModel.

    Raises:
        ModelError: it states more weights than its files have room for.
    """

    def __init__(self, folder: Path) -> None:
        self._reader = tf.train.load_checkpoint(str(folder / VARIABLES))
        self._shapes = self._reader.get_variable_to_shape_map()
        self._dtypes = self._reader.get_variable_to_dtype_map()
        objects = trackable_object_graph_pb2.TrackableObjectGraph()
        objects.ParseFromString(self._reader.get_tensor(OBJECTS))
        self._nodes = objects.nodes
        self.values = sum(prod(shape) for shape in self._shapes.values())
        size = sum(file.stat().st_size for file in (folder / VARIABLES.parent).iterdir())
        if self.values > size:
            raise ModelError(
                f"{folder} is damaged: its weights have {self.values:,} values, its files {size:,} bytes.",
                todo="Copy or save it again.",
            )

    def layers(self, config: dict[str, Any]) -> Iterator[StoredLayer]:
        """The layers that have weights, named as in :class:`StoredLayer`.

        Args:
            config: the model that was saved, as Keras 2 serialised it.
        """
        yield from self._layers_of(self._nodes[0], config, "")

    def _layers_of(self, model: Any, config: dict[str, Any], prefix: str) -> Iterator[StoredLayer]:
        """Keras numbers the layers of a model, ``layer-0`` and so on, in the order of its configuration."""
        children = {child.local_name: self._nodes[child.node_id] for child in model.children}
        for number, layer in enumerate(_counted_layers(config)):
            node, name = children[f"layer-{number}"], f"{prefix}{layer['config']['name']}"
            if layer["class_name"] in MODELS:
                yield from self._layers_of(node, layer, f"{name}/")
            elif weights := tuple(self._weights(node, "", set())):
                yield StoredLayer(name, weights)

    def _weights(self, node: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, _Values]]:
        """The weights below an object, each once, in the order in which the layer made them."""
        for child in node.children:
            if child.node_id in seen:
                continue
            seen.add(child.node_id)
            found, name = self._nodes[child.node_id], f"{prefix}{child.local_name}"
            for value in found.attributes:
                if value.name == VALUE:
                    yield name, self._values(value.checkpoint_key)
            yield from self._weights(found, f"{name}/", seen)

    def _values(self, key: str) -> _Values:
        return _Values(self._reader, key, tuple(self._shapes[key]), np.dtype(self._dtypes[key].as_numpy_dtype))
