"""Keras 2 configurations in the spelling of Keras 3: what it does not read by itself, found by loading real files."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.models.safety import MODELS, Config

BOOKKEEPING = ("module", "registered_name", "build_config", "shared_object_id")
SHAPE = "batch_input_shape"

BATCH_NORMALIZATIONS = ("BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization")
CLASSES = dict.fromkeys(BATCH_NORMALIZATIONS, "BatchNormalization") | {"ThresholdedReLU": "ReLU"}
"""Classes that go by another name in Keras 3."""

KEYS = {("InputLayer", SHAPE): "batch_shape", ("LeakyReLU", "alpha"): "negative_slope", ("ReLU", "theta"): "threshold"}
"""Keys of these classes that go by another name in Keras 3."""

WITHOUT_EFFECT = {"filters", "fused", "implementation", "input_length", "virtual_batch_size"}
"""Keys that say how a layer computes, trains or was made, but change nothing about what it computes."""


def rewritten(node: Any, change: Callable[[Config], Any]) -> Any:
    """A copy of a serialised object, in which ``change`` has replaced every dictionary, inner ones before outer."""
    if isinstance(node, list):
        return [rewritten(child, change) for child in node]
    if isinstance(node, dict):
        return change({key: rewritten(child, change) for key, child in node.items()})
    return node


def modern_name(name: str) -> str:
    """A layer's name without slashes, which Keras 2 allowed."""
    return name.replace("/", "_")


def modern(node: Config) -> Any:
    """An object that Keras 2 serialised, as Keras 3 can build it, once its parts are: for :func:`rewritten`."""
    name = node.get("class_name")
    if name in ("__tuple__", "TensorShape"):
        return node["items"]
    if name in ("__numpy__", "__tensor__"):
        return node["config"]["value"]
    if node.get("type") == "ndarray" and "value" in node:  # how Keras 2.0 to 2.2 wrote a single number
        return node["value"]
    if name == "function":  # HDF5 files have the bare name
        return node["config"]
    if name is None or "config" not in node:
        return node
    registered = node.get("registered_name")  # of a class of others, which HDF5 files have as the class's name
    alias = CLASSES.get(name.removeprefix("experimental>"), name)
    name = registered if isinstance(registered, str) and ">" in registered else alias
    new, config = {key: value for key, value in node.items() if key not in BOOKKEEPING}, node["config"]
    if name == "Sequential":
        config = _beginning_with_input(config)
    elif name in MODELS and "input_layers" in config:
        config = _functional(config)
    elif isinstance(config, dict):
        config = _layer(name, config)
        if SHAPE in config:
            new[SHAPE] = config.pop(SHAPE)  # for the model around it
    for part in (config, new):
        if isinstance(part, dict) and isinstance(part.get("name"), str):
            part["name"] = modern_name(part["name"])
    return new | {"class_name": name, "config": config}


def _layer(name: Any, config: Config) -> Config:
    """The configuration of a layer, regulariser or constraint."""
    config = {KEYS.get((name, key), key): value for key, value in config.items()}
    axis, dtype = config.get("axis"), config.get("dtype")
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    if isinstance(dtype, dict) and dtype.get("class_name") in ("Policy", "PolicyV1"):
        config["dtype"] = dtype["config"]["name"]
    if name == "GRU":
        config.setdefault("reset_after", False)  # what Keras 2 did before it had the key
    if (cls := getattr(keras.layers, name, None)) is None:
        return config
    accepted = {*inspect.signature(cls).parameters, SHAPE}
    off = {key for key, value in config.items() if not value or key in WITHOUT_EFFECT or (key, value) == ("groups", 1)}
    dropped = {key for key in config if key.endswith("_initializer")} | (off - accepted)  # weights are read anyway
    return {key: value for key, value in config.items() if key not in dropped}


def _beginning_with_input(config: Config | list[Config]) -> Config:
    """A Sequential model whose input shape is in an input layer, as Keras 3 wants it, not in the first other layer."""
    # The first releases of Keras 2 stored the bare list of layers.
    config = {"name": "sequential", **({"layers": config} if isinstance(config, list) else config)}
    first: Config = next(iter(config.get("layers") or ()), {})
    if first.get(SHAPE) is None:
        return config
    inside = first["config"]
    start = {"batch_shape": first[SHAPE], "name": f"{inside['name']}_input", "dtype": inside.get("dtype")}
    return config | {"layers": [{"class_name": "InputLayer", "config": start}, *config["layers"]]}


def _functional(config: Config) -> Config:
    """A functional model that takes and returns one tensor as such, not in a list, and counts calls from zero."""
    ends = ("input_layers", "output_layers")
    calls = list(_references([*(layer.get("inbound_nodes") for layer in config["layers"]), *map(config.get, ends)]))
    for call in calls:
        call[0] = modern_name(call[0])
    for layer in config["layers"]:
        if layer["class_name"] in MODELS:
            own = [call for call in calls if call[0] == layer["name"]]
            first = min((call[1] for call in own), default=0)
            for call in own:
                call[1] -= first
    single = {key: config[key][0] for key in ends if len(config[key]) == 1 and isinstance(config[key][0], list)}
    return config | single | {"layers": [_without_operation(layer) for layer in config["layers"]]}


def _references(node: Any) -> Iterator[list[Any]]:
    """The lists ``[layer, node number, tensor number, ...]`` below ``node``, in arguments of calls too."""
    if _is_reference(node):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(child)


def _is_reference(value: Any) -> bool:
    """Whether ``value`` is a tensor in a configuration."""
    return isinstance(value, list) and [type(part) for part in value[:3]] == [str, int, int]


# ``x + y`` between two tensors became a layer in Keras 2: a ``TensorFlowOpLayer`` (TensorFlow 1.15 to 2.3), which holds
# a node of a graph, or a ``TFOpLambda`` (from 2.4 on), which names a function. Keras 3 has neither.

OPERATIONS = ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
NO_LAYER = "_CONSTANT_VALUE"
MERGING = {kind.lower(): kind for kind in ("Add", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")}
"""Layers that take several tensors. Operations go by the last part of their name in lower case, without underscores."""
SHORT = {"addn": "add", "concat": "concatenate", "mul": "multiply", "neg": "negative", "sub": "subtract"}
LAST_INPUT = {"concatenate": "axis", "mean": "axis", "reshape": "shape"}
"""The option that stands last among the inputs of a node of a graph."""


def _without_operation(layer: Config) -> Config:
    """The layer of Keras 3 that does what an operation's layer of Keras 2 did; another layer as it is."""
    if layer["class_name"] not in OPERATIONS:
        return layer
    config, function = layer["config"], layer["class_name"]
    try:
        node = config.get("node_def")
        node = json.loads(node) if isinstance(node, str) else node
        function = node["op"] if node else config["function"]
        name = function.rpartition(".")[2].replace("_", "").lower().removesuffix("v2")
        name = SHORT.get(name, name)
        (call,) = layer["inbound_nodes"]
        operands, options = _of_graph_node(name, node, config, call) if node else _of_function(call)
        kind, new = _layer_for(name, operands, options)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        what = f"Layer '{layer.get('name')}' is the operation '{function}' of TensorFlow"
        todo = "Write it with standard layers (such as Add, ReLU or Rescaling) and save the model again."
        raise ModelError(f"{what} in a form that no layer of Keras 3 has.", todo=todo) from error
    new = {"name": layer["name"], "dtype": config.get("dtype"), **new}
    inbound = [[[*operand[:3], {}] for operand in operands if _is_reference(operand)]]
    return {"class_name": kind, "name": layer["name"], "config": new, "inbound_nodes": inbound}


def _of_function(call: list[Any]) -> tuple[list[Any], Config]:
    """Operands and options of ``[name, node, tensor, arguments]``; a list of such where tensors come as a list."""
    calls = call if isinstance(call[0], list) else [call]
    options = dict(calls[0][3])
    operands = [one[2] if one[0] == NO_LAYER else one[:3] for one in calls]
    operands += [options.pop("y")] if "y" in options else []
    if any(map(_is_reference, options.values())):
        raise ValueError
    return operands, options


def _of_graph_node(name: str, node: Config, config: Config, call: list[Any]) -> tuple[list[Any], Config]:
    """Operands and options of a node of a graph, whose constant inputs are stored by their place among the inputs."""
    operands, attributes = [tensor[:3] for tensor in call], node.get("attr", {})
    for place, value in sorted((int(place), value) for place, value in config.get("constants", {}).items()):
        operands.insert(place, value)
    options = {LAST_INPUT[name]: operands.pop()} if name in LAST_INPUT else {}
    options |= {key: next(iter(attributes[key].values())) for key in ("alpha", "keep_dims") if key in attributes}
    return operands, options


def _layer_for(name: str, operands: list[Any], options: Config) -> tuple[str, Config]:
    """Class and options of the layer that computes an operation; KeyError, TypeError or ValueError if none does."""
    constants = [np.asarray(operand, float) for operand in operands if not _is_reference(operand)]
    if constants:
        return _with_constant(name, *constants, first=_is_reference(operands[0]))
    if len(operands) > 1:
        return MERGING[name], {"axis": int(options["axis"])} if name == "concatenate" else {}
    match name:
        case "add" | "concatenate" | "identity":
            return "Activation", {"activation": "linear"}
        case "elu" | "selu" | "sigmoid" | "silu" | "softplus" | "tanh":
            return "Activation", {"activation": name}
        case "relu" | "relu6":
            return "ReLU", {"max_value": 6.0} if name == "relu6" else {}
        case "clipbyvalue" if options["clip_value_min"] == 0 < options["clip_value_max"]:
            return "ReLU", {"max_value": float(options["clip_value_max"])}
        case "leakyrelu":
            return "LeakyReLU", {"negative_slope": float(options.get("alpha", 0.2))}
        case "negative":
            return "Rescaling", {"scale": -1.0, "offset": 0.0}
        case "mean" | "reducemean" if options["axis"] == [1, 2]:
            return "GlobalAveragePooling2D", {"keepdims": bool(options.get("keepdims", options.get("keep_dims")))}
        case "reshape" if options["shape"][0] == -1 and min(options["shape"][1:]) > 0:
            return "Reshape", {"target_shape": options["shape"][1:]}
        case "softmax":
            return "Softmax", {"axis": -1 if options.get("axis") is None else int(options["axis"])}
    raise ValueError


def _with_constant(name: str, constant: np.ndarray, *, first: bool) -> tuple[str, Config]:
    """The layer for a tensor and one number, or one a channel; ``first``: the tensor stands before the constant."""
    if name == "maximum" and constant.ndim == 0 and constant == 0:
        return "ReLU", {}
    if name in ("divide", "realdiv", "truediv") and first and np.all(constant):
        name, constant = "multiply", 1.0 / constant
    if constant.ndim > 1:
        raise ValueError
    one, zero = np.ones(()), np.zeros(())
    difference = (one, -constant) if first else (-one, constant)
    scale, offset = {"add": (one, constant), "subtract": difference, "multiply": (constant, zero)}[name]
    return "Rescaling", {"scale": scale.tolist(), "offset": offset.tolist()}
