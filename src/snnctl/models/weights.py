"""Weights from files into networks, layer by layer: by name, else by order, completely or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.legacy import modern_name
from snnctl.ttfs.keras_graph import all_layers

KERAS_2_NAMES, KERAS_3_GROUPS = {"layer_names", "layer_names0"}, ("layers", "_layer_checkpoint_dependencies")
PLACE = re.compile(f"(?:(?:{'|'.join(KERAS_3_GROUPS)})/[^/]+/)+")
"""Where Keras 3 files a layer, by class and number: "layers/dense_1/", in a model "layers/functional/layers/dense/"."""

Weights = dict[str, Any]
"""A layer's weights in an open file, by their names, as the layer orders them; they are read when ``[()]`` asks."""
Stored = dict[str, Weights]  # layers that have weights in a file, by name; in a nested model as "inner/dense"
Layers = dict[str, keras.Layer]  # by the names that a file may have for them


def holds_weights(file: h5py.File) -> bool:
    """Whether an HDF5 file has the weights of a network, in the layout of Keras 2 or of Keras 3."""
    return _keras_2_weights(file) is not None or any(isinstance(file.get(name), h5py.Group) for name in KERAS_3_GROUPS)


def stored_layers(file: h5py.File, network: keras.Model) -> tuple[Stored, Layers]:
    """The layers in an HDF5 file, and those of the network that they are for. Keras 2 stored nested models whole."""
    if (group := _keras_2_weights(file)) is not None:
        keys = {name: _names(group[name], "weight_names") for name in _names(group, "layer_names")}
        stored = {modern_name(name): {key: group[name][key] for key in keys[name]} for name in keys if keys[name]}
        return stored, {layer.name: layer for layer in network.layers}
    filed = _keras_3_weights(file)
    names = {place: name for place, name, _ in _places(network) if place in filed}
    return {names.get(place, place): filed[place] for place in [*names, *filed]}, leaves(network)


def check_writer(file: h5py.File) -> None:
    """Refuse weights of Theano and CNTK, which stored kernels flipped, and of Keras 1, in another order."""
    attributes = {} if (group := _keras_2_weights(file)) is None else group.attrs
    backend, version = (text(attributes.get(key, "")) for key in ("backend", "keras_version"))
    if backend in ("theano", "cntk") or version.startswith(("0.", "1.")):
        what = f"It was written by Keras {version} ({backend}), whose kernels are stored differently."
        todo = "Open it there with TensorFlow as backend and a Keras of version 2, and save it again."
        raise ModelError(what, todo=todo)


def _keras_2_weights(file: h5py.File) -> h5py.Group | None:
    """The group with weights in Keras 2's layout (``layer_names``, a group a layer), or None."""
    groups = (group for group in (file, file.get("model_weights")) if isinstance(group, h5py.Group))
    return next((group for group in groups if KERAS_2_NAMES & group.attrs.keys()), None)


def _names(node: h5py.Group, name: str) -> list[str]:
    """A list of names that Keras stored as an attribute, in several parts (``name0``, ``name1``) if it was long."""
    parts = [f"{name}{number}" for number in range(len(node.attrs)) if f"{name}{number}" in node.attrs]
    return [text(value) for part in parts or [name] for value in node.attrs[part]]


def text(value: object) -> str:
    """A stored text, which h5py returns as ``bytes`` or ``str``."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _keras_3_weights(file: h5py.File) -> Stored:
    """The weights in Keras 3's layout (nested groups, ``vars/0``, ``vars/1``), by the place of their layer."""
    filed: Stored = {}

    def visit(path: str, node: Any) -> None:
        if isinstance(node, h5py.Dataset) and (place := PLACE.match(path)):
            weights = filed.setdefault(place[0].replace(KERAS_3_GROUPS[1], KERAS_3_GROUPS[0]), {})
            weights[path[place.end() :]] = node

    file.visititems(visit)

    def order(item: tuple[str, Any]) -> tuple[int, str]:  # a layer's own before those of its cell; 9 before 10
        return item[0].count("/"), re.sub(r"\d+", lambda number: number[0].zfill(9), item[0])

    return {place: dict(sorted(weights.items(), key=order)) for place, weights in filed.items()}


def leaves(network: keras.Model) -> Layers:
    """The layers of a network in its order, those of nested models for the models: "inner/output"."""
    return {name: layer for _, name, layer in _places(network)}


def _places(network: keras.Model, place: str = "", prefix: str = "") -> Iterator[tuple[str, str, keras.Layer]]:
    """The place of each layer in Keras 3's layout, its name and itself, those of nested models for the models."""
    count: Counter[str] = Counter()
    for layer in network.layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", type(layer).__name__).lower()
        own = f"{place}layers/{kind}_{count[kind]}/" if count[kind] else f"{place}layers/{kind}/"
        count[kind] += 1
        if isinstance(layer, keras.Model):
            yield from _places(layer, own, f"{prefix}{layer.name}/")
        else:
            yield own, f"{prefix}{layer.name}", layer


def fill(model: keras.Model, stored: Stored, layers: Layers) -> tuple[bool, list[str]]:
    """Set all weights of ``model``, or none unless all that is stored fits the layers that it is for.

    Layers are matched by name; by order if names differ and that leaves fewer problems.

    Returns:
        Whether by name; and a line for each layer: its name in the file, in the network, and the shapes of its weights.

    Raises:
        ModelError: lists every layer that is missing, superfluous or of another shape.
    """
    layers = {name: layer for name, layer in layers.items() if layer.weights}
    strangers = [f"layer '{name}' is not in the file" for name in layers if name not in stored]
    strangers += [f"layer '{name}' of the file is not in the network" for name in stored if name not in layers]
    pairs = [(name, name) for name in layers if name in stored]
    problems = [*strangers, *_misfits(pairs, stored, layers)]
    if strangers and len(stored) == len(layers):
        in_order = list(zip(stored, layers, strict=True))
        if len(misfits := _misfits(in_order, stored, layers)) < len(problems):
            pairs, problems = in_order, misfits
    if problems:
        what = f"The weights do not fit the network: {'; '.join(problems)}."
        raise ModelError(what, todo="Check --arch, --arch-opt and --data.")
    lines = []
    for source, target in pairs:
        for variable, values in _side_by_side(stored[source], layers[target]):
            variable.assign(values[()])
        shapes = ["×".join(map(str, values.shape)) or "1" for values in stored[source].values()]
        lines.append(f"{source:{max(map(len, stored))}} -> {target:{max(map(len, layers))}}  {', '.join(shapes)}")
    finish(model)
    return all(source == target for source, target in pairs), lines


def finish(model: keras.Model) -> None:
    """Let Normalization layers, nested ones included, make the constants they compute with from their weights."""
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def _misfits(pairs: list[tuple[str, str]], stored: Stored, layers: Layers) -> list[str]:
    """What does not fit in pairs of a layer of the file and one of the network."""
    problems = []
    for weights, layer in ((stored[source], layers[target]) for source, target in pairs):
        if (own := len(layer.weights)) != len(weights):
            problems.append(f"layer '{layer.name}' has {own} weights in the network, {len(weights)} in the file")
            continue
        for variable, values in _side_by_side(weights, layer):
            expected, form = f"{tuple(variable.shape)}", f"{tuple(values.shape)}"
            form += "" if values.dtype.kind in "fiu" else f" of type {values.dtype}"  # floating point and integers
            if expected != form:
                problems.append(f"layer '{layer.name}', {variable.name}: {expected} in the network, {form} in the file")
    return problems


def _side_by_side(weights: Weights, layer: keras.Layer) -> list[tuple[keras.Variable, Any]]:
    """The layer's weights with their values: by names where these tell, else in order; those that are trained first."""
    nested = isinstance(layer, keras.Model)
    inner = list(leaves(layer).values()) if nested else [layer]
    own = [(leaf, variable) for leaf in inner for variable in leaf.trainable_weights]
    own += [(leaf, variable) for leaf in inner for variable in leaf.non_trainable_weights]
    names = [f"{leaf.name}_{variable.name}" if nested else variable.name for leaf, variable in own]
    # dense/kernel:0 in a file is the kernel of a layer, and the dense_kernel of a nested model.
    paths = [modern_name(name) if nested else name.rpartition("/")[2] for name in weights]
    by_name = dict(zip((path.partition(":")[0] for path in paths), weights.values(), strict=True))
    named = len(by_name) == len(weights) == len(names) and by_name.keys() == set(names)
    values = [by_name[name] for name in names] if named else list(weights.values())
    return list(zip((variable for _, variable in own), values, strict=True))
