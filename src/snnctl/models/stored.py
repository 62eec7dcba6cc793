"""The weights in a file, by layer, in the layouts of Keras 2 and of Keras 3."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import h5py
import keras
import numpy as np

from snnctl.errors import ModelError

KERAS_3_GROUPS = ("layers", "_layer_checkpoint_dependencies")
UNREADABLE_BACKENDS = ("theano", "cntk")
MODELS = ("Functional", "Model", "Sequential")


class Values(Protocol):
    """Numbers in a file, read when ``[()]`` asks for them, as h5py does."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, key: tuple[()]) -> Any: ...


@dataclass(frozen=True)
class StoredLayer:
    """A layer's weights in an open file.

    Args:
        name: the layer's name in the file; in a nested model with the model's name before it: "inner/dense".
        weights: (name, values), in the order in which the layer holds them.
    """

    name: str
    weights: tuple[tuple[str, Values], ...]


def attribute(node: h5py.Group, name: str) -> list[str]:
    """A list of names that Keras stored as an attribute, in several parts (``name0``, ``name1``) if it was long."""
    parts = [name] if name in node.attrs else _parts(node, name)
    return [text(value) for part in parts for value in node.attrs[part]]


def text(value: object) -> str:
    """A stored text, which h5py returns as ``bytes`` or ``str``."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def keras_2_weights(file: h5py.File) -> h5py.Group | None:
    """The group with weights in Keras 2's layout (``layer_names``, a group a layer), or None."""
    for group in (file, file.get("model_weights")):
        if isinstance(group, h5py.Group) and ("layer_names" in group.attrs or "layer_names0" in group.attrs):
            return group
    return None


def keras_3_weights(model: h5py.Group) -> h5py.Group | None:
    """The group with the layers of a model in Keras 3's layout (nested groups, ``vars/0``, ``vars/1``), or None."""
    groups = (model.get(name) for name in KERAS_3_GROUPS)
    return next((group for group in groups if isinstance(group, h5py.Group)), None)


def read_keras_2(group: h5py.Group) -> list[StoredLayer]:
    """The layers that have weights, in the network's order; a nested model counts as one layer.

    Raises:
        ModelError: written by a Keras whose kernels are stored differently.
    """
    _refuse_other_kernels(group)
    layers = []
    for name in attribute(group, "layer_names"):
        node = group[name]
        weights = tuple((weight, node[weight]) for weight in attribute(node, "weight_names"))
        layers.append(StoredLayer(name, weights))
    return [layer for layer in layers if layer.weights]


def read_keras_3(group: h5py.Group, model: keras.Model) -> list[StoredLayer]:
    """The layers that have weights, in no particular order, under the names the network has for them.

    Keras 3 files a layer under its class and a number ("conv2d_1" is the second Conv2D), whatever its name is, and
    notes the name beside it. If all noted names are the network's they count, else class and number.
    """
    found = dict(_walk(group, ""))
    names = {key: text(node.attrs.get("name", key)) for key, node in found.items()}
    layers = dict(leaf_layers(model))
    known = {layer.name for layer in layers.values()}
    if not known.issuperset(names.values()):
        names |= {key: layers[key].name for key in found if key in layers}
    return [StoredLayer(names[key], tuple(_numbered(node))) for key, node in found.items()]


def read_described(group: h5py.Group, config: dict[str, Any], prefix: str = "") -> Iterator[StoredLayer]:
    """The layers that have weights in Keras 3's layout, named with the help of the model's configuration.

    The ``.keras`` files of Keras 2 do not note names; a layer's class and number follow from its place.

    Args:
        group: what holds the layers of the model.
        config: the model as it was serialised, unchanged.
        prefix: stands before the names; of a nested model, its name.
    """
    count: Counter[str] = Counter()
    for layer in config["config"]["layers"]:
        kind = snake_case(layer["class_name"].rpartition(">")[2])
        key = f"{kind}_{count[kind]}" if count[kind] else kind
        count[kind] += 1
        name = f"{prefix}{layer['config']['name']}"
        if key not in group:
            continue
        if layer["class_name"] in MODELS:
            if (inner := keras_3_weights(group[key])) is not None:
                yield from read_described(inner, layer, f"{name}/")
        elif weights := tuple(_everything(group[key])):
            yield StoredLayer(name, weights)


def leaf_layers(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, keras.Layer]]:
    """The layers of a model, those of nested models for the models, with the path Keras 3 files them under."""
    count: Counter[str] = Counter()
    for layer in model.layers:
        kind = snake_case(type(layer).__name__)
        key = prefix + (f"{kind}_{count[kind]}" if count[kind] else kind)
        count[kind] += 1
        if isinstance(layer, keras.Model):
            yield from leaf_layers(layer, f"{key}/layers/")
        else:
            yield key, layer


def named_leaves(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, keras.Layer]]:
    """The layers of a model, those of nested models for the models, with their names: "inner/dense"."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from named_leaves(layer, f"{prefix}{layer.name}/")
        else:
            yield f"{prefix}{layer.name}", layer


def snake_case(name: str) -> str:
    """``MaxPooling2D`` -> ``max_pooling2d``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def _walk(group: h5py.Group, prefix: str) -> Iterator[tuple[str, h5py.Group]]:
    """The ``vars`` groups that hold something, with the paths of their layers."""
    for key, node in group.items():
        if not isinstance(node, h5py.Group):
            continue
        if isinstance(node.get("vars"), h5py.Group) and len(node["vars"]):
            yield prefix + key, node["vars"]
        if (inner := keras_3_weights(node)) is not None:
            yield from _walk(inner, f"{prefix}{key}/layers/")


def _numbered(variables: h5py.Group) -> Iterator[tuple[str, Values]]:
    """The data sets ``0``, ``1``, ... of a ``vars`` group."""
    return ((name, variables[name]) for name in sorted(variables, key=int))


def _everything(layer: h5py.Group) -> Iterator[tuple[str, Values]]:
    """A layer's own weights, then those of the layers inside it, such as the cell of a recurrent one."""
    if "vars" in layer:
        yield from _numbered(layer["vars"])
    for name, node in layer.items():
        if name != "vars" and isinstance(node, h5py.Group):
            yield from ((f"{name}/{weight}", values) for weight, values in _everything(node))


def _parts(node: h5py.Group, name: str) -> Sequence[str]:
    count = 0
    while f"{name}{count}" in node.attrs:
        count += 1
    return [f"{name}{number}" for number in range(count)]


def _refuse_other_kernels(group: h5py.Group) -> None:
    """Theano and CNTK stored kernels flipped, Keras 1 in another order: read as they are, they would be wrong."""
    backend, version = (text(group.attrs.get(key, "")) for key in ("backend", "keras_version"))
    if backend in UNREADABLE_BACKENDS or version.startswith(("0.", "1.")):
        writer = f"Keras {version} on {backend}".replace("  ", " ").strip()
        raise ModelError(
            f"{group.file.filename} was written by {writer}, whose kernels are stored differently.",
            todo="Open it there with TensorFlow as backend and a Keras of version 2, and save it again.",
        )
