"""Weights from files into networks, layer by layer: by name, else by order, completely or not at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.legacy import modern_name
from snnctl.ttfs.keras_graph import all_layers

KERAS_2_NAMES, KERAS_3_GROUPS = {"layer_names", "layer_names0"}, ("layers", "_layer_checkpoint_dependencies")
NUMBERS = "fiu"


class StoredLayer(NamedTuple):
    """A layer's weights in an open file.

    Args:
        name: the layer's name in the file; in a nested model with the model's name before it: "inner/dense".
        weights: (name, values), in the order in which the layer holds them; values have ``shape`` and ``dtype``, and
            are read when ``[()]`` asks for them.
    """

    name: str
    weights: tuple[tuple[str, Any], ...]


Layer = tuple[str, keras.Layer]
"""A layer of a network, under the name that a file may have for it."""
Pairs = list[tuple[StoredLayer, Layer]]


def holds_weights(file: h5py.File) -> bool:
    """Whether an HDF5 file has the weights of a network, in the layout of Keras 2 or of Keras 3."""
    return _keras_2_weights(file) is not None or _keras_3_weights(file) is not None


def stored_layers(file: h5py.File, network: keras.Model) -> tuple[list[StoredLayer], list[Layer]]:
    """The layers with weights in an HDF5 file, and the layers of the network that they are for; in its order.

    Keras 2 stored nested models whole.
    """
    if (group := _keras_2_weights(file)) is not None:
        return _read_keras_2(group), [(layer.name, layer) for layer in network.layers]
    group = _keras_3_weights(file)
    stored = {} if group is None else dict(_filed(group, ""))
    names = {place: name for place, name, _ in _places(network) if place in stored}
    names |= {place: place for place in stored if place not in names}
    return [StoredLayer(name, stored[place]) for place, name in names.items()], leaves(network)


def _keras_2_weights(file: h5py.File) -> h5py.Group | None:
    """The group with weights in Keras 2's layout (``layer_names``, a group a layer), or None."""
    groups = (group for group in (file, file.get("model_weights")) if isinstance(group, h5py.Group))
    return next((group for group in groups if KERAS_2_NAMES & group.attrs.keys()), None)


def _keras_3_weights(model: h5py.Group) -> h5py.Group | None:
    """The group with the layers of a model in Keras 3's layout (nested groups, ``vars/0``, ``vars/1``), or None."""
    groups = (model.get(name) for name in KERAS_3_GROUPS)
    return next((group for group in groups if isinstance(group, h5py.Group)), None)


def check_writer(file: h5py.File) -> None:
    """Refuse weights of Theano and CNTK, which stored kernels flipped, and of Keras 1, in another order.

    Raises:
        ModelError: they are.
    """
    attributes = {} if (group := _keras_2_weights(file)) is None else group.attrs
    backend, version = (text(attributes.get(key, "")) for key in ("backend", "keras_version"))
    if backend in ("theano", "cntk") or version.startswith(("0.", "1.")):
        raise ModelError(
            f"It was written by Keras {version} ({backend}), whose kernels are stored differently.",
            todo="Open it there with TensorFlow as backend and a Keras of version 2, and save it again.",
        )


def _read_keras_2(group: h5py.Group) -> list[StoredLayer]:
    """The layers that have weights."""
    weights = {name: _names(group[name], "weight_names") for name in _names(group, "layer_names")}
    return [StoredLayer(name, tuple((key, group[name][key]) for key in keys)) for name, keys in weights.items() if keys]


def _names(node: h5py.Group, name: str) -> list[str]:
    """A list of names that Keras stored as an attribute, in several parts (``name0``, ``name1``) if it was long."""
    parts = [f"{name}{number}" for number in range(len(node.attrs)) if f"{name}{number}" in node.attrs]
    return [text(value) for part in parts or [name] for value in node.attrs[part]]


def text(value: object) -> str:
    """A stored text, which h5py returns as ``bytes`` or ``str``."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def leaves(network: keras.Model) -> list[Layer]:
    """The layers of a network in its order, those of nested models for the models: "inner/output"."""
    return [(name, layer) for _, name, layer in _places(network)]


def _places(network: keras.Model, place: str = "", prefix: str = "") -> Iterator[tuple[str, str, keras.Layer]]:
    """Where Keras 3 files each layer, by class and number, before its name and the layer.

    "functional/layers/dense_1" is the second Dense of the first nested model.
    """
    count: Counter[str] = Counter()
    for layer in network.layers:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", type(layer).__name__).lower()
        own = f"{place}{kind}_{count[kind]}" if count[kind] else f"{place}{kind}"
        count[kind] += 1
        if isinstance(layer, keras.Model):
            yield from _places(layer, f"{own}/layers/", f"{prefix}{layer.name}/")
        else:
            yield own, f"{prefix}{layer.name}", layer


def _filed(group: h5py.Group, prefix: str) -> Iterator[tuple[str, tuple[tuple[str, Any], ...]]]:
    """(place, weights) of the layers that have weights, those of nested models for the models."""
    for key, node in group.items():
        if isinstance(node, h5py.Group) and (inner := _keras_3_weights(node)) is not None:
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


def fill(model: keras.Model, stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> tuple[bool, list[str]]:
    """Set all weights of ``model``, or none unless all that is stored fits the layers that it is for.

    Returns:
        Whether the layers were matched by their names, not by their order because the names differ; and a line for
        each: its name in the file, in the network, and the shapes of its weights.

    Raises:
        ModelError: lists every layer that is missing, superfluous or of another shape.
    """
    by_name, pairs, problems = _match(stored, [(name, layer) for name, layer in layers if layer.weights])
    if problems:
        raise ModelError(
            f"The weights do not fit the network: {'; '.join(problems)}.",
            todo="Check --arch, --arch-opt and --data.",
        )
    for source, (_, layer) in pairs:
        for variable, values in _side_by_side(source, layer):
            variable.assign(values[()])
    finish(model)
    left, right = (max((len(pair[side][0]) for pair in pairs), default=0) for side in (0, 1))
    lines = []
    for source, (name, _) in pairs:
        shapes = ["×".join(map(str, values.shape)) or "1" for _, values in source.weights]
        lines.append(f"{source.name:{left}} -> {name:{right}}  {', '.join(shapes)}")
    return by_name, lines


def finish(model: keras.Model) -> None:
    """Let Normalization layers, nested ones included, make the constants they compute with from their weights."""
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def _match(stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> tuple[bool, Pairs, list[str]]:
    """Whether by name, pairs of layers, and what stands in the way of loading them.

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
            return False, in_order, misfits
    return True, pairs, problems


def _misfits(pairs: Pairs) -> list[str]:
    """What does not fit in each pair of layers."""
    problems = []
    for source, (_, layer) in pairs:
        expected, stored = len(layer.weights), len(source.weights)
        if expected != stored:
            problems.append(f"layer '{layer.name}' has {expected} weights in the network, {stored} in the file")
            continue
        for variable, values in _side_by_side(source, layer):
            shape, own = tuple(values.shape), tuple(variable.shape)
            form = f"{shape}" if values.dtype.kind in NUMBERS else f"{shape} of type {values.dtype}"
            if form != f"{own}":
                problems.append(f"layer '{layer.name}', {variable.name}: {own} in the network, {form} in the file")
    return problems


def _side_by_side(source: StoredLayer, layer: keras.Layer) -> list[tuple[keras.Variable, Any]]:
    """The layer's weights with their values: by names where these tell, else in order; those that are trained first.

    ``dense/kernel:0`` in a file is the ``kernel`` of a layer, and the ``dense_kernel`` of a nested model.
    """
    nested = isinstance(layer, keras.Model)
    inner = [leaf for _, leaf in leaves(layer)] if nested else [layer]
    own = [(leaf, variable) for leaf in inner for variable in leaf.trainable_weights]
    own += [(leaf, variable) for leaf in inner for variable in leaf.non_trainable_weights]
    names = [f"{leaf.name}_{variable.name}" if nested else variable.name for leaf, variable in own]
    stored = [name.partition(":")[0] for name, _ in source.weights]
    stored = [modern_name(name) if nested else name.rpartition("/")[2] for name in stored]
    values = [value for _, value in source.weights]
    if len(set(names) & set(stored)) == len(values):
        values = [values[stored.index(name)] for name in names]
    return list(zip((variable for _, variable in own), values, strict=True))
