"""Operations of TensorFlow in Keras 2 models become the layers that compute the same, or are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from snnctl.errors import ModelError
from snnctl.models.building import build

X = np.array([[-3.0, -0.5, 0.0, 2.0], [1.0, 4.0, 7.0, -1.0]], "float32")
LABEL, OTHER = ["x", 0, 0], ["y", 0, 0]
Config = dict[str, Any]


def network(layer: Config) -> Config:
    """Two inputs, an operation, as Keras 2 writes it."""
    inputs = [
        {"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"name": name, "batch_shape": shape}}
        for name, shape in (("x", [None, 4]), ("y", [None, 4]))
    ]
    config = {
        "name": "net",
        "layers": [*inputs, layer],
        "input_layers": [LABEL, OTHER],
        "output_layers": [["op", 0, 0]],
    }
    return {"class_name": "Functional", "config": config}


def called(function: str, first: Any = LABEL, **arguments: Any) -> Config:
    """A ``TFOpLambda``."""
    several = isinstance(first[0], list)
    node = [[*call, arguments] for call in first] if several else [*first, arguments]
    config = {"name": "op", "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": "TFOpLambda", "name": "op", "config": config, "inbound_nodes": [node]}


def graph_node(op: str, *tensors: Any, constants: Config | None = None, **attributes: Any) -> Config:
    """A ``TensorFlowOpLayer``."""
    definition = {"name": "op", "op": op, "attr": {key: {"f": value} for key, value in attributes.items()}}
    config = {"name": "op", "node_def": definition, "constants": constants or {}}
    node = [[*tensor, {}] for tensor in tensors]
    return {"class_name": "TensorFlowOpLayer", "name": "op", "config": config, "inbound_nodes": [node]}


def computed(layer: Config, tmp_path: Any) -> np.ndarray:
    model = build(network(layer), tmp_path, 0, keras_3=False)
    return keras.ops.convert_to_numpy(model([X, X[::-1]]))


CONSTANT = ["_CONSTANT_VALUE", -1, 5.0]
CASES: list[tuple[Config, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = [
    (called("__operators__.add", y=OTHER, name=None), lambda x, y: x + y),
    (called("math.add", y=[1.0, 2.0, 3.0, 4.0]), lambda x, y: x + np.arange(1, 5)),
    (called("math.add", CONSTANT, y=LABEL), lambda x, y: x + 5),
    (called("math.subtract", y=OTHER), lambda x, y: x - y),
    (called("math.subtract", y=2), lambda x, y: x - 2),
    (called("math.subtract", y=[1, 2, 3, 4]), lambda x, y: x - np.arange(1, 5)),
    (called("math.subtract", CONSTANT, y=LABEL), lambda x, y: 5 - x),
    (called("math.multiply", y=OTHER), lambda x, y: x * y),
    (called("math.multiply", y=0.25), lambda x, y: x / 4),
    (called("math.multiply", CONSTANT, y=LABEL), lambda x, y: 5 * x),
    (called("math.truediv", y=4), lambda x, y: x / 4),
    (called("math.negative"), lambda x, y: -x),
    (called("math.maximum", y=OTHER), np.maximum),
    (called("math.maximum", y=0), lambda x, y: np.maximum(x, 0)),
    (called("math.minimum", y=OTHER), np.minimum),
    (called("math.add_n", [LABEL, OTHER, LABEL]), lambda x, y: 2 * x + y),
    (called("concat", [LABEL, OTHER], axis=-1), lambda x, y: np.concatenate([x, y], -1)),
    (called("clip_by_value", clip_value_min=0, clip_value_max=3), lambda x, y: np.clip(x, 0, 3)),
    (called("nn.relu", name=None), lambda x, y: np.maximum(x, 0)),
    (called("nn.relu6"), lambda x, y: np.clip(x, 0, 6)),
    (called("nn.leaky_relu"), lambda x, y: np.where(x < 0, 0.2 * x, x)),
    (called("nn.leaky_relu", alpha=0.1), lambda x, y: np.where(x < 0, 0.1 * x, x)),
    (called("math.tanh"), lambda x, y: np.tanh(x)),
    (called("identity"), lambda x, y: x),
    (called("reshape", shape=[-1, 2, 2]), lambda x, y: x.reshape(-1, 2, 2)),
    (graph_node("AddV2", LABEL, OTHER), lambda x, y: x + y),
    (graph_node("Sub", LABEL, constants={"0": 1.0}), lambda x, y: 1 - x),
    (graph_node("Sub", LABEL, constants={"1": 1.0}), lambda x, y: x - 1),
    (graph_node("Mul", LABEL, constants={"1": 3.0}), lambda x, y: 3 * x),
    (graph_node("RealDiv", LABEL, constants={"1": 2.0}), lambda x, y: x / 2),
    (graph_node("Relu6", LABEL), lambda x, y: np.clip(x, 0, 6)),
    (graph_node("LeakyRelu", LABEL, alpha=0.5), lambda x, y: np.where(x < 0, 0.5 * x, x)),
    (graph_node("ConcatV2", LABEL, OTHER, constants={"2": -1}), lambda x, y: np.concatenate([x, y], -1)),
    (graph_node("Maximum", LABEL, constants={"1": 0.0}), lambda x, y: np.maximum(x, 0)),
]


@pytest.mark.parametrize(("layer", "function"), CASES, ids=[f"{number}" for number in range(len(CASES))])
def test_the_layer_computes_what_the_operation_did(layer, function, tmp_path):
    np.testing.assert_allclose(computed(layer, tmp_path), function(X, X[::-1]), rtol=1e-6, atol=1e-6)


def repeated(layer: Config) -> Config:
    return layer | {"inbound_nodes": layer["inbound_nodes"] * 2}


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (called("math.minimum", y=3.0), "math.minimum"),
        (called("math.maximum", y=1.0), "math.maximum"),
        (called("math.truediv", y=0.0), "math.truediv"),
        (called("math.truediv", y=OTHER), "math.truediv"),
        (called("clip_by_value", clip_value_min=-1, clip_value_max=1), "clip_by_value"),
        (called("math.square"), "math.square"),
        (called("math.multiply", y=[[1.0], [2.0]]), "math.multiply"),
        (called("math.multiply", y=2.0, name="named", z=OTHER), "math.multiply"),
        (called("reshape", shape=[2, 4]), "reshape"),
        (repeated(called("nn.relu")), "nn.relu"),
        (graph_node("Sqrt", LABEL), "Sqrt"),
        ({"class_name": "SlicingOpLambda", "name": "op", "config": {"name": "op"}, "inbound_nodes": []}, "SlicingOpL"),
    ],
)
def test_other_operations_are_refused_by_name(layer, name, tmp_path):
    with pytest.raises(ModelError, match=f"Layer 'op' is the operation '{name}.*' of TensorFlow") as caught:
        computed(layer, tmp_path)
    assert caught.value.where == str(tmp_path)
    assert "standard layers" in caught.value.todo
