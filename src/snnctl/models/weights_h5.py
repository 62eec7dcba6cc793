"""Filling a network with the weights of an HDF5 file, layer by layer, completely or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.stored import (
    StoredLayer,
    keras_2_weights,
    keras_3_weights,
    leaf_layers,
    read_keras_2,
    read_keras_3,
)


@dataclass(frozen=True)
class WeightTable:
    """Which layer of the file went to which layer of the network.

    Args:
        rows: (name in the file, name in the network), in the network's order.
        by: how they were matched: by their names, or by their order because the names differ.
    """

    rows: tuple[tuple[str, str], ...]
    by: Literal["name", "order"]


@dataclass(frozen=True)
class _Match:
    """Pairs of layers, and what stands in the way of loading them."""

    by: Literal["name", "order"]
    pairs: list[tuple[StoredLayer, keras.Layer]]
    problems: list[str]


def has_weights(file: h5py.File) -> bool:
    """Whether the file has weights in the layout of Keras 2 or of Keras 3."""
    return keras_2_weights(file) is not None or keras_3_weights(file) is not None


def fill(model: keras.Model, file: h5py.File, path: Path) -> WeightTable:
    """Set all weights of ``model`` from an open file. Nothing is set unless everything fits.

    Layers are matched by name; if the names of file and network differ, by their order.

    Args:
        model: a built network.
        file: open HDF5 file in the layout of Keras 2 or 3.
        path: the file's path, for the message.

    Raises:
        ModelError: lists every layer that is missing, superfluous or of another shape.
    """
    stored, layers = _both_sides(model, file)
    match = _best_match(stored, layers)
    if match.problems:
        raise ModelError(
            f"The weights do not fit the network: {'; '.join(match.problems)}.",
            where=str(path),
            todo=_advice(match),
        )
    for source, layer in match.pairs:
        for variable, (_, data) in zip(_weights(layer), _in_order_of(layer, source), strict=True):
            variable.assign(data[()])
    return WeightTable(tuple((source.name, layer.name) for source, layer in match.pairs), match.by)


def _both_sides(model: keras.Model, file: h5py.File) -> tuple[list[StoredLayer], list[keras.Layer]]:
    """The layers with weights, in the file and in the network."""
    group = keras_2_weights(file)
    if group is not None:
        return read_keras_2(group), [layer for layer in model.layers if layer.weights]
    layers = [layer for _, layer in leaf_layers(model) if layer.weights]
    return read_keras_3(keras_3_weights(file), model), layers


def _best_match(stored: Sequence[StoredLayer], layers: Sequence[keras.Layer]) -> _Match:
    """By name; by order if the names differ and that leaves fewer problems."""
    by_name = _match_by_name(stored, layers)
    if not by_name.problems or {source.name for source in stored} == {layer.name for layer in layers}:
        return by_name
    by_order = _match_by_order(stored, layers)
    return min(by_name, by_order, key=lambda match: len(match.problems)) if by_order else by_name


def _match_by_name(stored: Sequence[StoredLayer], layers: Sequence[keras.Layer]) -> _Match:
    sources = {source.name: source for source in stored}
    names = {layer.name for layer in layers}
    pairs = [(sources[layer.name], layer) for layer in layers if layer.name in sources]
    missing = [f"layer '{layer.name}' is not in the file" for layer in layers if layer.name not in sources]
    extra = [
        f"layer '{source.name}' of the file is not in the network" for source in stored if source.name not in names
    ]
    return _Match("name", pairs, [*missing, *extra, *_misfits(pairs)])


def _match_by_order(stored: Sequence[StoredLayer], layers: Sequence[keras.Layer]) -> _Match | None:
    if len(stored) != len(layers):
        return None
    pairs = list(zip(stored, layers, strict=True))
    return _Match("order", pairs, _misfits(pairs))


def _misfits(pairs: Sequence[tuple[StoredLayer, keras.Layer]]) -> list[str]:
    """What does not fit in each pair of layers."""
    return [problem for source, layer in pairs for problem in _misfits_of(source, layer)]


def _misfits_of(source: StoredLayer, layer: keras.Layer) -> list[str]:
    wanted, found = len(_weights(layer)), len(source.weights)
    if wanted != found:
        return [f"layer '{layer.name}' has {wanted} weights in the network, {found} in the file"]
    return [
        f"layer '{layer.name}', {variable.name}: {tuple(variable.shape)} in the network, {_form(data)} in the file"
        for variable, (_, data) in zip(_weights(layer), _in_order_of(layer, source), strict=True)
        if tuple(variable.shape) != data.shape or data.dtype.kind not in "fiu"
    ]


def _form(data: h5py.Dataset) -> str:
    return str(data.shape) if data.dtype.kind in "fiu" else f"{data.shape} of type {data.dtype}"


def _in_order_of(layer: keras.Layer, source: StoredLayer) -> tuple[tuple[str, h5py.Dataset], ...]:
    """The stored weights in the order of the layer's: by their names where these tell, else as stored."""
    stored = {name.rpartition("/")[2].partition(":")[0]: (name, data) for name, data in source.weights}
    names = [variable.name for variable in _weights(layer)]
    told = len(stored) == len(source.weights) and set(stored) == set(names) and len(set(names)) == len(names)
    return tuple(stored[name] for name in names) if told else source.weights


def _advice(match: _Match) -> str:
    """What to do; another number of classes shows in the last layer alone."""
    if match.pairs:
        source, layer = match.pairs[-1]
        found, wanted = source.weights[-1][1].shape[-1:], tuple(_weights(layer)[-1].shape[-1:])
        if found != wanted and all(problem.startswith(f"layer '{layer.name}', ") for problem in match.problems):
            return f"The file was made for {found[0]} classes, the network is for {wanted[0]}: check --data."
    return "Check --arch, --arch-opt and --data."


def _weights(layer: keras.Layer) -> list[keras.Variable]:
    """A layer's weights in the order in which files hold them; of a nested model, the trained ones come first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]
