"""Operations of TensorFlow between the layers of a Keras 2 model, as layers of Keras 3.

``x + y`` between two tensors became a layer in Keras 2: a ``TensorFlowOpLayer`` (TensorFlow 1.15 to 2.3), which holds
a node of a graph, or a ``TFOpLambda`` (from 2.4 on), which names a function. Keras 3 has neither.
"""

from __future__ import annotations

import json
from typing import Any

from snnctl.errors import ModelError
from snnctl.models.operation import Operation, is_reference
from snnctl.models.operation_layers import layer_for

Config = dict[str, Any]
OPERATIONS = ("TFOpLambda", "TensorFlowOpLayer", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
NO_LAYER = "_CONSTANT_VALUE"


def replace_operations(layers: list[Config]) -> list[Config]:
    """The layers of a functional model, with every operation replaced by the layer that does the same.

    Raises:
        ModelError: an operation that no layer does; names its layer.
    """
    return [_replaced(layer) if layer["class_name"] in OPERATIONS else layer for layer in layers]


def _replaced(layer: Config) -> Config:
    try:
        operation = _operation(layer)
        kind, config = layer_for(operation)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise ModelError(
            f"Layer '{layer.get('name')}' is the operation {_called(layer)} in a form that no layer of Keras 3 has.",
            todo="Write it with standard layers (such as Add, ReLU or Rescaling) and save the model again.",
        ) from error
    dtype = layer["config"].get("dtype")
    config = {"name": layer["name"], **config} | ({"dtype": dtype} if isinstance(dtype, str) else {})
    inbound = [[[*tensor[:3], {}] for tensor in operation.tensors]]
    return {"class_name": kind, "name": layer["name"], "config": config, "inbound_nodes": inbound}


def _operation(layer: Config) -> Operation:
    """The one call of an operation's layer.

    Raises:
        ValueError, KeyError, IndexError, TypeError: it is called several times, or not as Keras 2 writes it.
    """
    (node,) = layer["inbound_nodes"]
    if layer["class_name"] == "TFOpLambda":
        return _of_function(layer["config"]["function"], node)
    if layer["class_name"] == "TensorFlowOpLayer":
        return _of_graph_node(layer["config"], node)
    raise ValueError


def _of_function(function: str, node: list[Any]) -> Operation:
    """``[name, node, tensor, arguments]``; a list of them where the function takes a list of tensors."""
    several = isinstance(node[0], list)
    arguments = dict((node[0] if several else node)[3])
    arguments.pop("name", None)
    first = [call[:3] for call in node] if several else [node[2] if node[0] == NO_LAYER else node[:3]]
    second = [arguments.pop("y")] if "y" in arguments else []
    if any(is_reference(argument) for argument in arguments.values()):
        raise ValueError
    return Operation(function, [*first, *second], arguments)


def _of_graph_node(config: Config, node: list[Any]) -> Operation:
    """A node of a graph; its constant inputs are stored by their place among the inputs."""
    graph_node = config["node_def"]
    graph_node = json.loads(graph_node) if isinstance(graph_node, str) else graph_node
    operands: list[Any] = [call[:3] for call in node]
    for place, value in sorted((int(place), value) for place, value in config.get("constants", {}).items()):
        operands.insert(place, value)
    attributes = {name: next(iter(value.values())) for name, value in graph_node.get("attr", {}).items()}
    function, names = GRAPH_NODES[graph_node["op"]]
    options = {name: operands.pop() for name in reversed(names)}
    return Operation(function, operands, options | {key: attributes[key] for key in ATTRIBUTES & attributes.keys()})


GRAPH_NODES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Add": ("math.add", ()),
    "AddV2": ("math.add", ()),
    "AddN": ("math.add_n", ()),
    "Sub": ("math.subtract", ()),
    "Mul": ("math.multiply", ()),
    "RealDiv": ("math.truediv", ()),
    "Neg": ("math.negative", ()),
    "Maximum": ("math.maximum", ()),
    "Minimum": ("math.minimum", ()),
    "ConcatV2": ("concat", ("axis",)),
    "Identity": ("identity", ()),
    "Relu": ("nn.relu", ()),
    "Relu6": ("nn.relu6", ()),
    "LeakyRelu": ("nn.leaky_relu", ()),
    "Softmax": ("nn.softmax", ()),
    "Sigmoid": ("math.sigmoid", ()),
    "Tanh": ("math.tanh", ()),
    "Mean": ("math.reduce_mean", ("axis",)),
    "Reshape": ("reshape", ("shape",)),
}
"""Kinds of graph nodes: the function that makes one, and the options that stand among its inputs, at the end."""

ATTRIBUTES = {"alpha", "keep_dims"}
"""What of a graph node's attributes matters."""


def _called(layer: Config) -> str:
    """What the operation is called, for the message."""
    config = layer.get("config")
    config = config if isinstance(config, dict) else {}
    graph_node = config.get("node_def")
    kind = graph_node.get("op") if isinstance(graph_node, dict) else None
    return f"'{config.get('function') or kind or layer['class_name']}' of TensorFlow"
