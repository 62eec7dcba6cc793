"""Keras 2 model configurations, in the spelling that Keras 3 accepts.

Keras 3 reads most of what Keras 2 wrote. What it does not read, found by loading real files:
input shapes inside layers, axes and shapes as lists or tagged tuples, numbers as arrays, precision policies,
module names of Keras 2, names with a slash, single inputs in a list, node numbers of nested models, which Keras 2
counted from one, operations of TensorFlow between layers, and the keys and classes of :mod:`legacy_layers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from snnctl.models.legacy_layers import modern_layer
from snnctl.models.legacy_operations import replace_operations
from snnctl.models.operation import is_reference

Config = dict[str, Any]
NESTED = ("Functional", "Model", "Sequential")
TAGGED_LISTS = ("__tuple__", "TensorShape")
TAGGED_NUMBERS = ("__numpy__", "__tensor__")
BOOKKEEPING = ("module", "registered_name", "build_config", "compile_config", "shared_object_id")


def modernise(config: Config) -> Config:
    """A copy of a serialised Keras 2 model that Keras 3 can build.

    Args:
        config: the model as Keras 2 serialised it: ``class_name``, ``config`` and perhaps ``module``.

    Returns:
        The same network.

    Raises:
        ModelError: a layer does what none of Keras 3 does, or was written by Keras 1; names it.
    """
    modern: Config = _modern(config)
    return modern


def modern_name(name: str) -> str:
    """A layer's name without slashes, which Keras 2 allowed."""
    return name.replace("/", "_")


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(child) for child in node]
    if not isinstance(node, dict):
        return node
    if node.get("class_name") in TAGGED_LISTS:
        return _modern(list(node["items"]))
    if node.get("type") == "ndarray" and "value" in node:  # how Keras 2.0 to 2.2 wrote a single number
        return node["value"]
    if node.get("class_name") in TAGGED_NUMBERS:
        return node["config"]["value"]
    if node.get("class_name") == "function":  # HDF5 files have the bare name
        return node["config"]
    node = _without_bookkeeping(node)
    if node.get("class_name") == "Sequential":
        node = node | {"config": _starting_with_input(node["config"])}
    node = {key: _modern(child) for key, child in node.items()}
    return _modern_object(node) if "class_name" in node and "config" in node else node


def _without_bookkeeping(node: Config) -> Config:
    """Without the module names of Keras 2; a class registered by others is named as in HDF5 files."""
    if "class_name" not in node:
        return node
    registered = node.get("registered_name")
    name = registered if isinstance(registered, str) and ">" in registered else node["class_name"]
    return {key: value for key, value in node.items() if key not in BOOKKEEPING} | {"class_name": name}


def _modern_object(node: Config) -> Config:
    """One serialised object whose parts are modern already."""
    if not isinstance(node["config"], dict):
        return node
    if node["class_name"] in NESTED:
        return _renamed(node | {"config": _functional(node["config"])})
    return _renamed(modern_layer(node))


def _renamed(node: Config) -> Config:
    """An object whose name, if it has one, has no slash."""
    name = node["config"].get("name")
    if not isinstance(name, str):
        return node
    outer = {"name": modern_name(node["name"])} if "name" in node else {}
    return node | {"config": node["config"] | {"name": modern_name(name)}} | outer


def _starting_with_input(config: Config | list[Config]) -> Config:
    """A Sequential model whose input shape is in an input layer, as Keras 3 wants it, not in the first other layer.

    The first releases of Keras 2 stored the bare list of layers.
    """
    if isinstance(config, list):
        config = {"name": "sequential", "layers": config}
    config = {"name": "sequential", **config}
    layers: list[Config] = config.get("layers") or [{}]
    first = layers[0]
    inside = first.get("config", {})
    shape = inside.get("batch_input_shape") if isinstance(inside, dict) else None
    if shape is None or first["class_name"] == "InputLayer":
        return config
    dtype = inside.get("dtype")
    entry = {"batch_input_shape": shape, "name": f"{inside['name']}_input"}
    start = {"class_name": "InputLayer", "config": entry | ({"dtype": dtype} if isinstance(dtype, str) else {})}
    return config | {"layers": [start, *layers]}


def _functional(config: Config) -> Config:
    """A functional model that takes and returns one tensor as such, not in a list, and counts calls from zero."""
    if "input_layers" not in config:
        return config
    config = _with_modern_references(config)
    for layer in config["layers"]:
        if layer["class_name"] in NESTED:
            _count_calls_from_zero(layer["name"], config)
    config = config | {"layers": replace_operations(config["layers"])}
    return config | {key: _single(config[key]) for key in ("input_layers", "output_layers")}


def _with_modern_references(config: Config) -> Config:
    """A functional model whose references name layers as they are called now."""
    for reference in _references(config):
        reference[0] = modern_name(reference[0])
    return config


def _single(references: list[Any]) -> list[Any]:
    """``[[name, node, tensor]]`` without the outer list; anything else as it is."""
    return references[0] if len(references) == 1 and isinstance(references[0], list) else references


def _count_calls_from_zero(name: str, config: Config) -> None:
    """Lower all node numbers with which ``config`` refers to layer ``name``."""
    references = [reference for reference in _references(config) if reference[0] == name]
    first = min((reference[1] for reference in references), default=0)
    for reference in references:
        reference[1] -= first


def _references(config: Config) -> Iterator[list[Any]]:
    """The lists ``[name, node number, tensor number, ...]`` in a functional model, in arguments of calls too."""
    inbound = [layer.get("inbound_nodes", []) for layer in config["layers"]]
    return _lists([*inbound, config["input_layers"], config["output_layers"]])


def _lists(node: Any) -> Iterator[list[Any]]:
    """The lists below ``node`` that begin as references do."""
    if is_reference(node):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _lists(child)
