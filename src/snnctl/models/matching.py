"""Which layer of a file belongs to which layer of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import keras

from snnctl.models.legacy_config import modern_name
from snnctl.models.stored import StoredLayer, Values, leaf_layers

Layer = tuple[str, keras.Layer]
"""A layer with weights, under the name that a file may have for it."""

NUMBERS = "fiu"


@dataclass(frozen=True)
class Match:
    """Pairs of layers, and what stands in the way of loading them."""

    by: Literal["name", "order"]
    pairs: list[tuple[StoredLayer, Layer]]
    problems: list[str]


def best_match(stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> Match:
    """By name; by order if the names differ, or are not unique, and that leaves fewer problems."""
    found, wanted = [modern_name(source.name) for source in stored], [modern_name(name) for name, _ in layers]
    unique = len(set(found)) == len(found) and len(set(wanted)) == len(wanted)
    by_name = _match_by_name(dict(zip(found, stored, strict=True)), dict(zip(wanted, layers, strict=True)))
    if unique and (not by_name.problems or set(found) == set(wanted)):
        return by_name
    by_order = _match_by_order(stored, layers)
    if not unique:
        by_name.problems.append("several layers have the same name")
    return min(by_name, by_order, key=lambda match: len(match.problems)) if by_order else by_name


def weights_of(layer: keras.Layer) -> list[keras.Variable]:
    """A layer's weights in the order in which files hold them: those that are trained first, of nested models too."""
    leaves = _leaves(layer)
    trained = [variable for leaf in leaves for variable in leaf.trainable_weights]
    return trained + [variable for leaf in leaves for variable in leaf.non_trainable_weights]


def in_order_of(layer: keras.Layer, source: StoredLayer) -> list[tuple[str, Values]]:
    """The stored weights in the order of the layer's: by their names where these tell, else as stored."""
    is_model = isinstance(layer, keras.Model)
    owners = {id(variable): leaf for leaf in _leaves(layer) for variable in leaf.weights}
    names = [
        modern_name(f"{owners[id(variable)].name}/{variable.name}") if is_model else variable.name
        for variable in weights_of(layer)
    ]
    stored = {(_whole if is_model else _last)(name): (name, values) for name, values in source.weights}
    if len(stored) == len(source.weights) and len(set(names)) == len(names) and set(stored) == set(names):
        return [stored[name] for name in names]
    return list(source.weights)


def _leaves(layer: keras.Layer) -> list[keras.Layer]:
    """The layers of a nested model; another layer by itself."""
    return [leaf for _, leaf in leaf_layers(layer)] if isinstance(layer, keras.Model) else [layer]


def _match_by_name(stored: dict[str, StoredLayer], layers: dict[str, Layer]) -> Match:
    pairs = [(stored[name], layer) for name, layer in layers.items() if name in stored]
    missing = [f"layer '{layers[name][0]}' is not in the file" for name in layers if name not in stored]
    extra = [f"layer '{stored[name].name}' of the file is not in the network" for name in stored if name not in layers]
    return Match("name", pairs, [*missing, *extra, *_misfits(pairs)])


def _match_by_order(stored: Sequence[StoredLayer], layers: Sequence[Layer]) -> Match | None:
    if len(stored) != len(layers):
        return None
    pairs = list(zip(stored, layers, strict=True))
    return Match("order", pairs, _misfits(pairs))


def _misfits(pairs: Sequence[tuple[StoredLayer, Layer]]) -> list[str]:
    """What does not fit in each pair of layers."""
    return [problem for source, (_, layer) in pairs for problem in _misfits_of(source, layer)]


def _misfits_of(source: StoredLayer, layer: keras.Layer) -> list[str]:
    wanted, found = len(weights_of(layer)), len(source.weights)
    if wanted != found:
        return [f"layer '{layer.name}' has {wanted} weights in the network, {found} in the file"]
    return [
        f"layer '{layer.name}', {variable.name}: {tuple(variable.shape)} in the network, {_form(values)} in the file"
        for variable, (_, values) in zip(weights_of(layer), in_order_of(layer, source), strict=True)
        if tuple(variable.shape) != tuple(values.shape) or values.dtype.kind not in NUMBERS
    ]


def _form(values: Values) -> str:
    shape = tuple(values.shape)
    return str(shape) if values.dtype.kind in NUMBERS else f"{shape} of type {values.dtype}"


def _last(name: str) -> str:
    """``dense/kernel:0`` -> ``kernel``."""
    return name.rpartition("/")[2].partition(":")[0]


def _whole(name: str) -> str:
    """``dense/kernel:0`` -> ``dense_kernel``."""
    return modern_name(name.partition(":")[0])
