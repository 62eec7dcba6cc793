"""Keras 2 model configurations, in the spelling that Keras 3 accepts.

Keras 3 reads most of what Keras 2 wrote. What it does not read, found by loading real files:
input shapes inside layers, axes and shapes as lists or tagged tuples, precision policies, keys that no
longer exist, single inputs in a list, and node numbers of nested models, which Keras 2 counted from one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import keras

Config = dict[str, Any]
NESTED = ("Functional", "Model", "Sequential")
TAGGED_LISTS = ("__tuple__", "TensorShape")
NOT_LAYERS = (keras.initializers, keras.regularizers, keras.constraints)


def modernise(config: Config) -> Config:
    """A copy of a serialised Keras 2 model that Keras 3 can build.

    Args:
        config: the model as Keras 2 serialised it: ``class_name``, ``config`` and perhaps ``module``.

    Returns:
        The same network; a configuration of Keras 3 comes back with the same meaning.
    """
    modern: Config = _modern(config)
    return modern


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(child) for child in node]
    if not isinstance(node, dict):
        return node
    if node.get("class_name") in TAGGED_LISTS:
        return _modern(list(node["items"]))
    if node.get("class_name") == "Sequential":
        node = node | {"config": _starting_with_input(node["config"])}
    node = {key: _modern(child) for key, child in node.items()}
    return _modern_object(node) if "class_name" in node and "config" in node else node


def _modern_object(node: Config) -> Config:
    """One serialised object whose parts are modern already."""
    name, config = node["class_name"], node["config"]
    if not isinstance(config, dict):
        return node
    if name in NESTED:
        return node | {"config": _functional(config)}
    if name == "InputLayer" and "batch_input_shape" in config:
        config = config | {"batch_shape": config["batch_input_shape"]}
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config = config | {"axis": config["axis"][0]}
    if _is_policy(config.get("dtype")):
        config = config | {"dtype": config["dtype"]["config"]["name"]}
    return node | {"config": _without_lost_keys(name, config)}


def _is_policy(dtype: Any) -> bool:
    return isinstance(dtype, dict) and dtype.get("class_name") in ("Policy", "PolicyV1")


def _without_lost_keys(name: str, config: Config) -> Config:
    """Leave out keys that Keras 3 does not know and that change nothing.

    How a weight was initialised no longer matters once it is read from the file; a layer's option matters
    unless it is off, so one that is on stays and is refused by Keras.
    """
    for module in NOT_LAYERS:
        if inspect.isclass(kind := getattr(module, name, None)):
            known = _parameters(kind)
            return {key: value for key, value in config.items() if key in known}
    layer = getattr(keras.layers, name, None)
    if layer is None:
        return config
    known = _parameters(layer) | _parameters(keras.layers.Layer)
    lost = {key for key, value in config.items() if key not in known and not value}
    return {key: value for key, value in config.items() if key not in lost | {"batch_input_shape"}}


def _parameters(kind: type) -> set[str]:
    return set(inspect.signature(kind).parameters)


def _starting_with_input(config: Config | list[Config]) -> Config:
    """A Sequential model whose input shape is in an input layer, as Keras 3 wants it, not in the first other layer.

    The first releases of Keras 2 stored the bare list of layers.
    """
    if isinstance(config, list):
        config = {"name": "sequential", "layers": config}
    first, *_ = layers = config.get("layers") or [{}]
    shape = first.get("config", {}).get("batch_input_shape")
    if shape is None or first["class_name"] == "InputLayer":
        return config
    dtype = first["config"].get("dtype")
    entry = {"batch_input_shape": shape, "name": f"{first['config']['name']}_input"}
    start = first | {"class_name": "InputLayer", "config": entry | ({"dtype": dtype} if isinstance(dtype, str) else {})}
    return config | {"layers": [start, *layers]}


def _functional(config: Config) -> Config:
    """A functional model that takes and returns one tensor as such, not in a list, and counts calls from zero."""
    if "input_layers" not in config:
        return config
    for layer in config["layers"]:
        if layer["class_name"] in NESTED:
            _count_calls_from_zero(layer["name"], config)
    return config | {key: _single(config[key]) for key in ("input_layers", "output_layers")}


def _single(references: list[Any]) -> list[Any]:
    """``[[name, node, tensor]]`` without the outer list; anything else as it is."""
    return references[0] if len(references) == 1 and isinstance(references[0], list) else references


def _count_calls_from_zero(name: str, config: Config) -> None:
    """Lower all node numbers with which ``config`` refers to layer ``name``."""
    inbound = [layer.get("inbound_nodes", []) for layer in config["layers"]]
    references = list(_references(name, [*inbound, config["input_layers"], config["output_layers"]]))
    first = min((reference[1] for reference in references), default=0)
    for reference in references:
        reference[1] -= first


def _references(name: str, node: Any) -> Iterator[list[Any]]:
    """The lists ``[name, node number, tensor number, ...]`` below ``node``."""
    if not isinstance(node, list):
        return
    if len(node) >= 3 and node[0] == name and isinstance(node[1], int):
        yield node
    else:
        for child in node:
            yield from _references(name, child)
