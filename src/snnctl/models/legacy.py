"""Keras 2 model configurations, in the spelling that Keras 3 accepts.

Keras 3 reads most of what Keras 2 wrote. What it does not read, found by loading real files: input shapes inside
layers, axes and shapes as lists or tagged tuples, numbers as arrays, precision policies, module names of Keras 2, names
with a slash, single inputs in a list, node numbers of nested models, which Keras 2 counted from one, classes and keys
that are gone, and operations of TensorFlow between layers.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.models.safety import MODELS

Config = dict[str, Any]
Layer = tuple[str, Config]
"""Class and configuration of a layer of Keras 3."""

BOOKKEEPING = ("module", "registered_name", "build_config", "shared_object_id")

CLASSES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "experimental>SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}
"""Classes that go by another name in Keras 3."""

KEYS: dict[str, dict[str, str]] = {
    "InputLayer": {"batch_input_shape": "batch_shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold"},
}
"""Keys of these classes that go by another name in Keras 3."""

WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "BatchNormalization": ("fused", "virtual_batch_size", "renorm_clipping", "renorm_momentum"),
    "DepthwiseConv2D": ("filters",),
    "Embedding": ("input_length",),
    "Lambda": ("function_type", "module", "output_shape_type", "output_shape_module"),
}
"""Keys that say how a layer computes, trains or was made, but change nothing about what it computes."""

KERAS_1 = frozenset({"nb_filter", "nb_row", "nb_col", "border_mode", "dim_ordering", "subsample", "nb_epoch"})
"""Keys that only Keras 1 wrote."""


def modernise(node: Any) -> Any:
    """A copy of a serialised Keras 2 model, or of a part of one, that Keras 3 can build.

    Args:
        node: the model as Keras 2 serialised it, ``class_name``, ``config`` and perhaps ``module``; or what is in it.

    Returns:
        The same network.

    Raises:
        ModelError: a layer does what none of Keras 3 does, or was written by Keras 1; names it.
    """
    if isinstance(node, list):
        children = [modernise(child) for child in node]
        return [modern_name(children[0]), *children[1:]] if is_reference(children) else children
    if not isinstance(node, dict):
        return node
    name = node.get("class_name")
    if name in ("__tuple__", "TensorShape"):
        return modernise(list(node["items"]))
    if name in ("__numpy__", "__tensor__"):
        return node["config"]["value"]
    if node.get("type") == "ndarray" and "value" in node:  # how Keras 2.0 to 2.2 wrote a single number
        return node["value"]
    if name == "function":  # HDF5 files have the bare name
        return node["config"]
    if name is None or "config" not in node:
        return {key: modernise(child) for key, child in node.items()}
    registered = node.get("registered_name")  # of a class of others, which HDF5 files have as the class's name
    name = registered if isinstance(registered, str) and ">" in registered else CLASSES.get(name, name)
    config = modernise(_beginning_with_input(node["config"]) if name == "Sequential" else node["config"])
    outer = {key: modernise(child) for key, child in node.items() if key not in (*BOOKKEEPING, "config")}
    if isinstance(config, dict):
        config = _functional(config) if name in MODELS else _layer(name, config)
        for part in (config, outer):
            if isinstance(part.get("name"), str):
                part["name"] = modern_name(part["name"])
    return outer | {"class_name": name, "config": config}


def modern_name(name: str) -> str:
    """A layer's name without slashes, which Keras 2 allowed."""
    return name.replace("/", "_")


def is_reference(value: Any) -> bool:
    """Whether ``value`` is a tensor in a configuration: ``[layer, node, tensor]``."""
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and all(isinstance(number, int) for number in value[1:3])
    )


def _layer(name: Any, config: Config) -> Config:
    """The configuration of a layer, regulariser or constraint, its parts being modern already."""
    called = f"Layer '{config.get('name')}'"
    if keys := KERAS_1.intersection(config):
        raise ModelError(
            f"{called} was written by Keras 1 (it has {', '.join(sorted(keys))}), "
            "whose kernels are stored differently.",
            todo="Open the file with a Keras of version 2 and save it again.",
        )
    if name == "BatchNormalization" and config.get("renorm"):
        raise ModelError(
            f"{called} renormalises batches (renorm=True), which Keras 3 cannot do.",
            todo="Train the network with renorm=False.",
        )
    config = {KEYS.get(name, {}).get(key, key): value for key, value in config.items()}
    axis, dtype, function = (config.get(key) for key in ("axis", "dtype", "function"))
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    if isinstance(dtype, dict) and dtype.get("class_name") in ("Policy", "PolicyV1"):
        config["dtype"] = dtype["config"]["name"]
    if name == "GRU":
        config.setdefault("reset_after", False)  # what Keras 2 did before it had the key
    if name == "Lambda" and isinstance(function, list) and len(function) == 3:
        code = dict(zip(("code", "defaults", "closure"), function, strict=True))
        config["function"] = {"class_name": "__lambda__", "config": code}
    cls = getattr(keras.layers, name, None)
    if cls is None:
        return config
    accepted = inspect.signature(cls).parameters
    ignored = {*WITHOUT_EFFECT.get(name, ()), "batch_input_shape", "implementation"}
    return {
        key: value
        for key, value in config.items()
        if not key.endswith("_initializer")  # however weights were initialised, they are read
        and (
            key in accepted or (value and key not in ignored and (key, value) != ("groups", 1))
        )  # what is off is left out
    }


def _beginning_with_input(config: Config | list[Config]) -> Config:
    """A Sequential model whose input shape is in an input layer, as Keras 3 wants it, not in the first other layer.

    The first releases of Keras 2 stored the bare list of layers.
    """
    config = {"name": "sequential", **({"layers": config} if isinstance(config, list) else config)}
    first: Config = next(iter(config.get("layers") or ()), {})
    inside = first.get("config") or {}
    shape = inside.get("batch_input_shape") if isinstance(inside, dict) else None
    if shape is None or first["class_name"] == "InputLayer":
        return config
    start = {"batch_input_shape": shape, "name": f"{inside['name']}_input", "dtype": inside.get("dtype")}
    return config | {"layers": [{"class_name": "InputLayer", "config": start}, *config["layers"]]}


def _functional(config: Config) -> Config:
    """A functional model that takes and returns one tensor as such, not in a list, and counts calls from zero."""
    if "input_layers" not in config:
        return config
    ends = ("input_layers", "output_layers")
    references = list(
        _references([*(layer.get("inbound_nodes") for layer in config["layers"]), *map(config.get, ends)])
    )
    for layer in config["layers"]:
        if layer["class_name"] in MODELS:
            calls = [reference for reference in references if reference[0] == layer["name"]]
            first = min((call[1] for call in calls), default=0)
            for call in calls:
                call[1] -= first
    single = {key: config[key][0] for key in ends if len(config[key]) == 1 and isinstance(config[key][0], list)}
    return config | single | {"layers": [_without_operation(layer) for layer in config["layers"]]}


def _references(node: Any) -> Iterator[list[Any]]:
    """The lists ``[name, node number, tensor number, ...]`` below ``node``, in arguments of calls too."""
    if is_reference(node):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(child)


# ``x + y`` between two tensors became a layer in Keras 2: a ``TensorFlowOpLayer`` (TensorFlow 1.15 to 2.3), which holds
# a node of a graph, or a ``TFOpLambda`` (from 2.4 on), which names a function. Keras 3 has neither.

OPERATIONS = ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
NO_LAYER = "_CONSTANT_VALUE"

ALIASES = {
    "addv2": "add",
    "concatv2": "concat",
    "divide": "truediv",
    "mean": "reducemean",
    "mul": "multiply",
    "neg": "negative",
    "realdiv": "truediv",
    "sub": "subtract",
}
"""Operations go by the last part of their name in lower case, without underscores; these have several names."""

LAST_INPUT = {"concat": "axis", "reducemean": "axis", "reshape": "shape"}
"""The option that stands last among the inputs of a node of a graph."""

OF_TENSORS = {
    "add": "Add",
    "addn": "Add",
    "concat": "Concatenate",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "subtract": "Subtract",
}
"""Layers that take several tensors."""

OF_ONE: dict[str, Callable[[Config], Layer]] = {
    "addn": lambda _: ("Activation", {"activation": "linear"}),
    "clipbyvalue": lambda options: _clipped(options["clip_value_min"], options["clip_value_max"]),
    "concat": lambda _: ("Activation", {"activation": "linear"}),
    "identity": lambda _: ("Activation", {"activation": "linear"}),
    "leakyrelu": lambda options: ("LeakyReLU", {"negative_slope": float(options.get("alpha", 0.2))}),
    "negative": lambda _: ("Rescaling", {"scale": -1.0, "offset": 0.0}),
    "reducemean": lambda options: _mean(options["axis"], options.get("keepdims", options.get("keep_dims", False))),
    "relu": lambda _: ("ReLU", {}),
    "relu6": lambda _: ("ReLU", {"max_value": 6.0}),
    "reshape": lambda options: _reshaped(*options["shape"]),
    "softmax": lambda options: ("Softmax", {"axis": -1 if (axis := options.get("axis")) is None else int(axis)}),
    **{
        name: lambda _, name=name: ("Activation", {"activation": name})  # type: ignore[misc]
        for name in ("elu", "selu", "silu", "sigmoid", "softplus", "tanh")
    },
}
"""Layers that take one tensor, by the other arguments of the operation."""


def _without_operation(layer: Config) -> Config:
    """The layer of Keras 3 that does what an operation's layer of Keras 2 did; another layer as it is.

    Raises:
        ModelError: an operation that no layer does; names its layer.
    """
    if layer["class_name"] not in OPERATIONS:
        return layer
    config, function = layer["config"], layer["class_name"]
    try:
        node = config.get("node_def")
        node = json.loads(node) if isinstance(node, str) else node
        function = node["op"] if node else config["function"]
        (call,) = layer["inbound_nodes"]
        operands, options = _of_graph_node(node, config.get("constants", {}), call) if node else _of_function(call)
        tensors = [operand for operand in operands if is_reference(operand)]
        kind, new = _layer_for(_operation(function), operands, len(tensors), options)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"Layer '{layer.get('name')}' is the operation '{function}' of TensorFlow "
            "in a form that no layer of Keras 3 has.",
            todo="Write it with standard layers (such as Add, ReLU or Rescaling) and save the model again.",
        ) from error
    new = {"name": layer["name"], "dtype": config.get("dtype"), **new}
    inbound = [[[*tensor[:3], {}] for tensor in tensors]]
    return {"class_name": kind, "name": layer["name"], "config": new, "inbound_nodes": inbound}


def _operation(function: str) -> str:
    name = function.rpartition(".")[2].replace("_", "").lower()
    return ALIASES.get(name, name)


def _of_function(call: list[Any]) -> tuple[list[Any], Config]:
    """Operands and options of ``[name, node, tensor, arguments]``; a list of such where tensors come as a list."""
    several = isinstance(call[0], list)
    options = dict((call[0] if several else call)[3])
    options.pop("name", None)
    operands = [one[:3] for one in call] if several else [call[2] if call[0] == NO_LAYER else call[:3]]
    operands += [options.pop("y")] if "y" in options else []
    if any(map(is_reference, options.values())):
        raise ValueError
    return operands, options


def _of_graph_node(node: Config, constants: Config, call: list[Any]) -> tuple[list[Any], Config]:
    """Operands and options of a node of a graph, whose constant inputs are stored by their place among the inputs."""
    operands, name, attributes = [tensor[:3] for tensor in call], _operation(node["op"]), node.get("attr", {})
    for place, value in sorted((int(place), value) for place, value in constants.items()):
        operands.insert(place, value)
    options = {LAST_INPUT[name]: operands.pop()} if name in LAST_INPUT else {}
    options |= {key: next(iter(attributes[key].values())) for key in ("alpha", "keep_dims") if key in attributes}
    return operands, options


def _layer_for(name: str, operands: list[Any], tensors: int, options: Config) -> Layer:
    """The layer that computes an operation; KeyError, TypeError or ValueError if there is none."""
    if tensors == len(operands) > 1:
        return OF_TENSORS[name], {"axis": int(options["axis"])} if name == "concat" else {}
    if len(operands) == 1:
        return OF_ONE[name](options)
    (constant,) = (np.asarray(operand, float) for operand in operands if not is_reference(operand))
    scale, offset = np.ones(()), np.zeros(())
    match name, is_reference(operands[0]):
        case "maximum", _ if constant.ndim == 0 and constant == 0:
            return "ReLU", {}
        case "add", _:
            offset = constant
        case "subtract", True:
            offset = -constant
        case "subtract", False:
            scale, offset = -scale, constant
        case "multiply", _:
            scale = constant
        case "truediv", True if np.all(constant):
            scale = 1.0 / constant
        case _:
            raise ValueError
    if constant.ndim > 1:  # one number, or one a channel
        raise ValueError
    return "Rescaling", {"scale": scale.tolist(), "offset": offset.tolist()}


def _clipped(low: float, high: float) -> Layer:
    if low != 0 or high <= 0:
        raise ValueError
    return "ReLU", {"max_value": float(high)}


def _mean(axes: Any, keep: Any) -> Layer:
    if axes != [1, 2]:
        raise ValueError
    return "GlobalAveragePooling2D", {"keepdims": bool(keep)}


def _reshaped(batch: int, *sample: int) -> Layer:
    if batch != -1 or any(size <= 0 for size in sample):
        raise ValueError
    return "Reshape", {"target_shape": list(sample)}
