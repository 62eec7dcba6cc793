"""Weights from files into networks, layer by layer: by name, else by order, completely or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.legacy import modern_name
from snnctl.models.safety import MODELS

KERAS_3_GROUPS = ("layers", "_layer_checkpoint_dependencies")
NUMBERS = "fiu"


@dataclass(frozen=True)
class StoredLayer:
    """A layer's weights in an open file.

    Args:
        name: the layer's name in the file; in a nested model with the model's name before it: "inner/dense".
        weights: (name, values), in the order in which the layer holds them; values have ``shape`` and ``dtype``, and
            are read when ``[()]`` asks for them.
    """

    name: str
    weights: tuple[tuple[str, Any], ...]


class MatchedLayer(NamedTuple):
    """Two layers that were taken for the same: names in the file and in the network, shapes in the file's order."""

    stored: str
    layer: str
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class WeightTable:
    """All layers with weights, those of the file beside those of the network.

    Args:
        rows: in the network's order.
        by: how they were matched: by their names, or by their order because the names differ.
    """

    rows: tuple[MatchedLayer, ...]
    by: Literal["name", "order"]

    def lines(self) -> list[str]:
        """The table as aligned text, a line a layer: name in the file, name in the network, shapes."""
        left = max((len(row.stored) for row in self.rows), default=0)
        right = max((len(row.layer) for row in self.rows), default=0)
        shapes = [", ".join("×".join(map(str, shape)) or "1" for shape in row.shapes) for row in self.rows]
        return [f"{row[0]:{left}} -> {row[1]:{right}}  {text}" for row, text in zip(self.rows, shapes, strict=True)]


Layer = tuple[str, keras.Layer]
"""A layer of a network, under the name that a file may have for it."""


def holds_weights(file: h5py.File) -> bool:
    """Whether an HDF5 file has the weights of a network, in the layout of Keras 2 or of Keras 3."""
    return _keras_2_weights(file) is not None or keras_3_weights(file) is not None


def stored_layers(file: h5py.File, network: keras.Model) -> tuple[list[StoredLayer], list[Layer]]:
    """The layers with weights in an HDF5 file, and the layers of the network that they are for; in its order.

    Keras 2 stored nested models whole.

    Raises:
        ModelError: written by a Keras whose kernels are stored differently.
    """
    if (group := _keras_2_weights(file)) is not None:
        return _read_keras_2(group), [(layer.name, layer) for layer in network.layers]
    group = keras_3_weights(file)
    stored = read_keras_3(group, network) if group is not None else []
    return stored, [(name, layer) for _, name, layer in leaves(network)]


def _keras_2_weights(file: h5py.File) -> h5py.Group | None:
    """The group with weights in Keras 2's layout (``layer_names``, a group a layer), or None."""
    groups = (group for group in (file, file.get("model_weights")) if isinstance(group, h5py.Group))
    return next((group for group in groups if {"layer_names", "layer_names0"} & group.attrs.keys()), None)


def keras_3_weights(model: h5py.Group) -> h5py.Group | None:
    """The group with the layers of a model in Keras 3's layout (nested groups, ``vars/0``, ``vars/1``), or None."""
    groups = (model.get(name) for name in KERAS_3_GROUPS)
    return next((group for group in groups if isinstance(group, h5py.Group)), None)


def _read_keras_2(group: h5py.Group) -> list[StoredLayer]:
    """The layers that have weights; Theano and CNTK stored kernels flipped, Keras 1 in another order: refused."""
    backend, version = (text(group.attrs.get(key, "")) for key in ("backend", "keras_version"))
    if backend in ("theano", "cntk") or version.startswith(("0.", "1.")):
        writer = f"Keras {version} on {backend}".replace("  ", " ").strip()
        raise ModelError(
            f"{group.file.filename} was written by {writer}, whose kernels are stored differently.",
            todo="Open it there with TensorFlow as backend and a Keras of version 2, and save it again.",
        )
    layers = []
    for name in _names(group, "layer_names"):
        node = group[name]
        layers.append(StoredLayer(name, tuple((weight, node[weight]) for weight in _names(node, "weight_names"))))
    return [layer for layer in layers if layer.weights]


def _names(node: h5py.Group, name: str) -> list[str]:
    """A list of names that Keras stored as an attribute, in several parts (``name0``, ``name1``) if it was long."""
    parts = [f"{name}{number}" for number in range(len(node.attrs)) if f"{name}{number}" in node.attrs]
    return [text(value) for part in parts or [name] for value in node.attrs[part]]


def text(value: object) -> str:
    """A stored text, which h5py returns as ``bytes`` or ``str``."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def read_keras_3(group: h5py.Group, network: keras.Model | dict[str, Any]) -> list[StoredLayer]:
    """The layers that have weights, in the network's order, under the names that the network has for them.

    Args:
        group: what holds the layers of the model.
        network: the network, or its configuration as it was serialised.
    """
    stored = dict(_filed(group, ""))
    names = {place: name for place, name, _ in leaves(network)}
    places = [*(place for place in names if place in stored), *(place for place in stored if place not in names)]
    return [StoredLayer(names.get(place, place), stored[place]) for place in places]


def leaves(network: Any, place: str = "", prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """The layers of a network or of its configuration, those of nested models for the models, in its order.

    Yields:
        Where Keras 3 files a layer, by class and number: "functional/layers/dense_1" is the second Dense of the first
        nested model; its name: "inner/output"; the layer.
    """
    count: Counter[str] = Counter()
    for layer in network["config"]["layers"] if isinstance(network, dict) else network.layers:
        if isinstance(layer, dict):
            cls, name, nested = layer["class_name"], layer["config"]["name"], layer["class_name"] in MODELS
        else:
            cls, name, nested = type(layer).__name__, layer.name, isinstance(layer, keras.Model)
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", cls.rpartition(">")[2]).lower()
        own = f"{place}{kind}_{count[kind]}" if count[kind] else f"{place}{kind}"
        count[kind] += 1
        if nested:
            yield from leaves(layer, f"{own}/layers/", f"{prefix}{name}/")
        else:
            yield own, f"{prefix}{name}", layer


def _filed(group: h5py.Group, prefix: str) -> Iterator[tuple[str, tuple[tuple[str, Any], ...]]]:
    """(place, weights) of the layers that have weights, those of nested models for the models."""
    for key, node in group.items():
        if isinstance(node, h5py.Group) and (inner := keras_3_weights(node)) is not None:
            yield from _filed(inner, f"{prefix}{key}/layers/")
        elif isinstance(node, h5py.Group) and (weights := tuple(_weights_in(node))):
            yield prefix + key, weights


def _weights_in(layer: h5py.Group) -> Iterator[tuple[str, Any]]:
    """A layer's own weights, then those of the layers inside it, such as the cell of a recurrent one."""
    own = layer.get("vars", {})
    yield from ((name, own[name]) for name in sorted(own, key=int))
    for name, node in layer.items():
        if name != "vars" and isinstance(node, h5py.Group):
            yield from ((f"{name}/{weight}", values) for weight, values in _weights_in(node))


def fill(model: keras.Model, stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> WeightTable:
    """Set all weights of ``model``, or none unless all that is stored fits the layers that it is for.

    Returns:
        Which layer of the file went to which of the network.

    Raises:
        ModelError: lists every layer that is missing, superfluous or of another shape.
    """
    by, pairs, problems = _match(stored, [(name, layer) for name, layer in layers if layer.weights])
    if problems:
        raise ModelError(
            f"The weights do not fit the network: {'; '.join(problems)}.",
            todo="Check --arch, --arch-opt and --data.",
        )
    for source, (_, layer) in pairs:
        for variable, values in _side_by_side(source, layer):
            variable.assign(values[()])
    finish(model)
    rows = [
        MatchedLayer(source.name, name, tuple(tuple(values.shape) for _, values in source.weights))
        for source, (name, _) in pairs
    ]
    return WeightTable(tuple(rows), by)


def finish(model: keras.Model) -> None:
    """Let Normalization layers, nested ones included, make the constants they compute with from their weights."""
    for _, _, layer in leaves(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


Pairs = list[tuple[StoredLayer, Layer]]


def _match(stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> tuple[Literal["name", "order"], Pairs, list[str]]:
    """Pairs of layers, and what stands in the way of loading them.

    By name; by order if the names differ, or are not unique, and that leaves fewer problems.
    """
    sources = {modern_name(source.name): source for source in stored}
    targets = {modern_name(layer[0]): layer for layer in layers}
    unique = len(sources) == len(stored) and len(targets) == len(layers)
    pairs = [(sources[name], layer) for name, layer in targets.items() if name in sources]
    missing = [f"layer '{layer[0]}' is not in the file" for name, layer in targets.items() if name not in sources]
    extra = [f"layer '{sources[name].name}' of the file is not in the network" for name in sources.keys() - targets]
    problems = [*missing, *sorted(extra), *_misfits(pairs), *([] if unique else ["several layers have the same name"])]
    if problems and len(stored) == len(layers) and not (unique and sources.keys() == targets.keys()):
        in_order = list(zip(stored, layers, strict=True))
        if len(misfits := _misfits(in_order)) < len(problems):
            return "order", in_order, misfits
    return "name", pairs, problems


def _misfits(pairs: Pairs) -> list[str]:
    """What does not fit in each pair of layers."""
    problems = []
    for source, (_, layer) in pairs:
        wanted, held = len(layer.weights), len(source.weights)
        if wanted != held:
            problems.append(f"layer '{layer.name}' has {wanted} weights in the network, {held} in the file")
            continue
        for variable, values in _side_by_side(source, layer):
            shape, own, is_number = tuple(values.shape), tuple(variable.shape), values.dtype.kind in NUMBERS
            if own != shape or not is_number:
                form = f"{shape} in the file" if is_number else f"{shape} of type {values.dtype} in the file"
                problems.append(f"layer '{layer.name}', {variable.name}: {own} in the network, {form}")
    return problems


def _side_by_side(source: StoredLayer, layer: keras.Layer) -> list[tuple[keras.Variable, Any]]:
    """The layer's weights with their values: by names where these tell, else in order; those that are trained first.

    ``dense/kernel:0`` in a file is the ``kernel`` of a layer, and the ``dense_kernel`` of a nested model.
    """
    nested = isinstance(layer, keras.Model)
    inner = [leaf for _, _, leaf in leaves(layer)] if nested else [layer]
    own = [(leaf, variable) for leaf in inner for variable in leaf.trainable_weights]
    own += [(leaf, variable) for leaf in inner for variable in leaf.non_trainable_weights]
    names = [f"{leaf.name}_{variable.name}" if nested else variable.name for leaf, variable in own]
    plain = [
        name.partition(":")[0] if nested else name.partition(":")[0].rpartition("/")[2] for name, _ in source.weights
    ]
    values = [value for _, value in source.weights]
    stored = dict(zip(map(modern_name, plain), values, strict=True))
    if len(stored) == len(names) and stored.keys() == set(names):
        values = [stored[name] for name in names]
    return list(zip((variable for _, variable in own), values, strict=True))
