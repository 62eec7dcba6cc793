"""The weights in an HDF5 file, by layer, in the layouts of Keras 2 and of Keras 3."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import h5py
import keras

from snnctl.errors import ModelError

KERAS_3_GROUPS = ("layers", "_layer_checkpoint_dependencies")
UNREADABLE_BACKENDS = ("theano", "cntk")


@dataclass(frozen=True)
class StoredLayer:
    """A layer's weights in an open file.

    Args:
        name: the layer's name in the file.
        weights: (name, data), in the order in which the layer holds them; read when used.
    """

    name: str
    weights: tuple[tuple[str, h5py.Dataset], ...]


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


def keras_3_weights(file: h5py.File) -> h5py.Group | None:
    """The group with weights in Keras 3's layout (nested groups, ``vars/0``, ``vars/1``), or None."""
    groups = (file.get(name) for name in KERAS_3_GROUPS)
    return next((group for group in groups if isinstance(group, h5py.Group)), None)


def read_keras_2(group: h5py.Group) -> list[StoredLayer]:
    """The layers that have weights, in the network's order.

    Raises:
        ModelError: written by a Keras whose kernels are stored differently, or with data outside the file.
    """
    _refuse_other_kernels(group)
    layers = []
    for name in attribute(group, "layer_names"):
        node = group[name]
        weights = tuple((weight, _data(node, weight)) for weight in attribute(node, "weight_names"))
        layers.append(StoredLayer(name, weights))
    return [layer for layer in layers if layer.weights]


def read_keras_3(group: h5py.Group, model: keras.Model) -> list[StoredLayer]:
    """The layers that have weights, in no particular order, under the names the network has for them.

    Keras 3 files a layer under its class and a number ("conv2d_1" is the second Conv2D), whatever its name is, and
    notes the name beside it. If all noted names are the network's they count, else class and number.

    Raises:
        ModelError: with data outside the file.
    """
    found = dict(_walk(group, ""))
    names = {key: text(node.attrs.get("name", key)) for key, node in found.items()}
    layers = dict(leaf_layers(model))
    known = {layer.name for layer in layers.values()}
    if not known.issuperset(names.values()):
        names |= {key: layers[key].name for key in found if key in layers}
    return [
        StoredLayer(names[key], tuple((weight, _data(node, weight)) for weight in sorted(node, key=int)))
        for key, node in found.items()
    ]


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
        if isinstance(node.get("layers"), h5py.Group):
            yield from _walk(node["layers"], f"{prefix}{key}/layers/")


def _parts(node: h5py.Group, name: str) -> Sequence[str]:
    count = 0
    while f"{name}{count}" in node.attrs:
        count += 1
    return [f"{name}{number}" for number in range(count)]


def _data(group: h5py.Group, name: str) -> h5py.Dataset:
    """A data set inside the file; HDF5 can refer to other files, which a model has no reason to."""
    data = group[name]
    if data.file.filename != group.file.filename or data.external:
        raise ModelError(f"{group.file.filename} takes weight {name} from another file, which is not followed.")
    return data


def _refuse_other_kernels(group: h5py.Group) -> None:
    """Theano and CNTK stored kernels flipped, Keras 1 in another order: read as they are, they would be wrong."""
    backend, version = (text(group.attrs.get(key, "")) for key in ("backend", "keras_version"))
    if backend in UNREADABLE_BACKENDS or version.startswith(("0.", "1.")):
        writer = f"Keras {version} on {backend}".replace("  ", " ").strip()
        raise ModelError(
            f"{group.file.filename} was written by {writer}, whose kernels are stored differently.",
            todo="Open it there with TensorFlow as backend and a Keras of version 2, and save it again.",
        )
