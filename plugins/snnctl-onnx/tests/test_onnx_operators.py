"""Each operator computes what onnxruntime computes, with awkward attributes, too."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_graphs import Node, assert_read_exactly, model_of, random, read

INT = np.int64


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=INT)


CONVOLUTIONS = {
    "plain": ((1, 3, 7, 6), (4, 3, 3, 2), {}),
    "PyTorch's padding 1, stride 2": ((1, 3, 8, 8), (4, 3, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "uneven padding": ((1, 3, 7, 6), (4, 3, 3, 3), {"pads": [0, 2, 1, 0], "strides": [3, 2]}),
    "same above": ((1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "same below": ((1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    "no padding": ((1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "VALID"}),
    "dilation": ((1, 2, 9, 8), (4, 2, 3, 2), {"dilations": [2, 3], "pads": [2, 0, 2, 1]}),
    "dilation and stride": ((1, 2, 9, 8), (4, 2, 3, 2), {"dilations": [2, 3], "strides": [2, 3]}),
    "depthwise": ((1, 4, 6, 6), (4, 1, 3, 3), {"group": 4, "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    "depthwise, two each": ((1, 3, 6, 6), (6, 1, 3, 3), {"group": 3}),
    "depthwise, uneven strides": ((1, 3, 6, 6), (3, 1, 3, 3), {"group": 3, "strides": [2, 1]}),
    "groups": ((1, 4, 6, 6), (6, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    "one channel in one group": ((1, 1, 6, 6), (3, 1, 3, 3), {"group": 1}),
    "sequences": ((1, 3, 9), (4, 3, 3), {"pads": [2, 0], "strides": [2]}),
    "sequences, depthwise": ((1, 3, 9), (3, 1, 3), {"group": 3, "dilations": [2]}),
    "volumes": ((1, 2, 5, 6, 4), (3, 2, 3, 2, 2), {"pads": [1, 0, 0, 1, 1, 0]}),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolution(case: str, tmp_path: Path) -> None:
    shape, kernel, attributes = CONVOLUTIONS[case]
    weights = {"fc.weight": random(*kernel), "fc.bias": random(kernel[0], seed=2)}
    network = assert_read_exactly(model_of([("Conv", ["x", *weights], attributes)], shape, weights), tmp_path)
    stored = np.sort(np.concatenate([np.ravel(array) for array in network.get_weights()]))
    given = np.sort(np.concatenate([array.ravel() for array in weights.values()]))
    assert set(stored) - {0.0} == set(given)


MAX = [
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [1, 0, 1, 2]},
    {"kernel_shape": [3, 2], "strides": [2, 3], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "auto_pad": "SAME_LOWER", "strides": [2, 2]},
    {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [2, 1, 2, 1]},
    {"kernel_shape": [2, 2], "dilations": [2, 2], "strides": [2, 2]},
]


@pytest.mark.parametrize("behind_relu", [False, True])
@pytest.mark.parametrize("attributes", MAX, ids=str)
def test_max_pooling(attributes: dict, behind_relu: bool, tmp_path: Path) -> None:
    """Inputs of either sign: padded places must not win over negative values."""
    nodes: list[Node] = [("Relu", ["x"], {})] if behind_relu else [("Identity", ["x"], {})]
    network = assert_read_exactly(model_of([*nodes, ("MaxPool", ["y0"], attributes)], (1, 2, 7, 8)), tmp_path)
    pads = [layer for layer in network.layers if "ZeroPadding" in type(layer).__name__]
    assert behind_relu or not pads


AVERAGES = [
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1},
    {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]},
    {"kernel_shape": [3, 2], "pads": [0, 1, 2, 0], "strides": [2, 1]},
    {"kernel_shape": [3, 2], "pads": [0, 1, 2, 0], "strides": [2, 1], "count_include_pad": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1, "count_include_pad": 1},
    {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER", "count_include_pad": 1},
]


@pytest.mark.parametrize("opset", [11, 19])
@pytest.mark.parametrize("attributes", AVERAGES, ids=str)
def test_average_pooling(attributes: dict, opset: int, tmp_path: Path) -> None:
    assert_read_exactly(model_of([("AveragePool", ["x"], attributes)], (1, 2, 7, 8), opset=opset), tmp_path)


@pytest.mark.parametrize("count", [0, 1])
def test_average_pooling_with_dilation(count: int, tmp_path: Path) -> None:
    attributes = {"kernel_shape": [3, 2], "dilations": [2, 2], "pads": [1, 1, 2, 0], "count_include_pad": count}
    assert_read_exactly(model_of([("AveragePool", ["x"], attributes)], (1, 2, 7, 8), opset=19), tmp_path)


@pytest.mark.parametrize("shape", [(1, 3, 9), (1, 3, 5, 4), (1, 2, 4, 3, 5)], ids=str)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
def test_pooling_in_other_dimensions(op: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    rank = len(shape) - 2
    attributes = {"kernel_shape": [2] * rank, "strides": [2] * rank, "pads": [1] * rank + [0] * rank}
    assert_read_exactly(model_of([(op, ["x"], attributes)], shape), tmp_path)


REDUCED = {
    "GlobalAveragePool": ([("GlobalAveragePool", ["x"], {})], 17),
    "GlobalMaxPool": ([("GlobalMaxPool", ["x"], {})], 17),
    "mean, axes as attribute": ([("ReduceMean", ["x"], {"axes": [2, 3], "keepdims": 0})], 13),
    "mean, axes as input": ([("ReduceMean", ["x", "last"], {"keepdims": 1})], 18),
    "mean of one axis": ([("ReduceMean", ["x"], {"axes": [3], "keepdims": 0})], 13),
    "sum": ([("ReduceSum", ["x", "last"], {"keepdims": 0})], 13),
    "max": ([("ReduceMax", ["x"], {"axes": [-1, -2]})], 13),
    "no axes": ([("ReduceSum", ["x"], {"noop_with_empty_axes": 1}), ("Relu", ["y0"], {})], 13),
}


@pytest.mark.parametrize("case", REDUCED)
def test_reductions(case: str, tmp_path: Path) -> None:
    nodes, opset = REDUCED[case]
    assert_read_exactly(model_of(nodes, (1, 3, 5, 4), {"last": ints(-2, -1)}, opset), tmp_path)


@pytest.mark.parametrize("opset", [11, 13])
def test_flattening_before_gemm_moves_the_kernel_instead(opset: int, tmp_path: Path) -> None:
    weights = {"fc.weight": random(5, 3 * 4 * 2), "fc.bias": random(5)}
    nodes: list[Node] = [("Flatten", ["x"], {"axis": 1}), ("Gemm", ["y0", *weights], {"transB": 1})]
    network = assert_read_exactly(model_of(nodes, (1, 3, 4, 2), weights, opset), tmp_path)
    assert [type(layer) for layer in network.layers[1:]] == [keras.layers.Flatten, keras.layers.Dense]
    assert set(network.get_weights()[0].ravel()) == set(weights["fc.weight"].ravel())


GEMMS = {
    "factors": ({"alpha": 0.5, "beta": 3.0}, (6, 4), (4,)),
    "transposed": ({"transB": 1, "alpha": 2.0}, (4, 6), (1, 4)),
    "one number added": ({"beta": 2.0}, (6, 4), ()),
    "nothing added": ({}, (6, 4), None),
}


@pytest.mark.parametrize("case", GEMMS)
def test_gemm(case: str, tmp_path: Path) -> None:
    attributes, kernel, added = GEMMS[case]
    weights = {"b": random(*kernel)} | ({} if added is None else {"c": random(*added).reshape(added)})
    assert_read_exactly(model_of([("Gemm", ["x", *weights], attributes)], (1, 6), weights), tmp_path)


@pytest.mark.parametrize("shape", [(1, 6), (1, 3, 6), (1, 2, 3, 6)], ids=str)
def test_matmul_and_add(shape: tuple[int, ...], tmp_path: Path) -> None:
    nodes: list[Node] = [("MatMul", ["x", "b"], {}), ("Add", ["c", "y0"], {}), ("Relu", ["y1"], {})]
    assert_read_exactly(model_of(nodes, shape, {"b": random(6, 4), "c": random(4)}), tmp_path)


def test_batch_normalization(tmp_path: Path) -> None:
    weights = {name: random(3, seed=seed) for seed, name in enumerate(("scale", "shift", "mean"))}
    weights["variance"] = np.abs(random(3, seed=9)) + 0.1
    nodes: list[Node] = [("BatchNormalization", ["x", *weights], {"epsilon": 1e-3})]
    assert_read_exactly(model_of(nodes, (1, 3, 4, 5), weights), tmp_path)
    assert_read_exactly(model_of(nodes, (1, 3), weights), tmp_path)


NUMBERS = {"zero": np.float32(0), "six": np.float32(6), "low": np.float32(-0.5), "high": np.float32(0.25)}
ACTIVATIONS = {
    "Relu": ([("Relu", ["x"], {})], 17),
    "ReLU6 as inputs": ([("Clip", ["x", "zero", "six"], {})], 17),
    "ReLU6 as attributes": ([("Clip", ["x"], {"min": 0.0, "max": 6.0})], 10),
    "Hardtanh": ([("Clip", ["x", "low", "high"], {})], 17),
    "no lower limit": ([("Clip", ["x", "", "high"], {})], 17),
    "no upper limit": ([("Clip", ["x", "low"], {})], 17),
    "no limit": ([("Clip", ["x"], {}), ("Relu", ["y0"], {})], 17),
    "Min and Max": ([("Max", ["x", "zero"], {}), ("Min", ["high", "y0"], {})], 17),
    "LeakyRelu": ([("LeakyRelu", ["x"], {"alpha": 0.2})], 17),
    "PRelu of channels": ([("PRelu", ["x", "channels"], {})], 17),
    "PRelu of one slope": ([("PRelu", ["x", "slope"], {})], 17),
    "PRelu of elements": ([("PRelu", ["x", "elements"], {})], 17),
    "HardSigmoid": ([("HardSigmoid", ["x"], {"alpha": 1 / 6, "beta": 0.5})], 17),
    "HardSwish": ([("HardSwish", ["x"], {})], 17),
    "Sigmoid": ([("Sigmoid", ["x"], {})], 17),
    "Tanh": ([("Tanh", ["x"], {})], 17),
    "Elu": ([("Elu", ["x"], {"alpha": 0.5})], 17),
    "Softmax of channels": ([("Softmax", ["x"], {"axis": 1})], 17),
    "Softmax of a row": ([("Softmax", ["x"], {"axis": -1})], 17),
}


@pytest.mark.parametrize("case", ACTIVATIONS)
def test_activations(case: str, tmp_path: Path) -> None:
    nodes, opset = ACTIVATIONS[case]
    slopes = {"channels": random(3, 1, 1), "slope": random(1), "elements": random(3, 4, 5)}
    assert_read_exactly(model_of(nodes, (1, 3, 4, 5), {**NUMBERS, **slopes}, opset), tmp_path)


def test_relu6_becomes_a_clipped_relu_in_all_its_forms(tmp_path: Path) -> None:
    constants: list[Node] = [
        ("Constant", [], {"value": numpy_helper.from_array(NUMBERS[name])}) for name in ("zero", "six")
    ]
    for model in (
        model_of(ACTIVATIONS["ReLU6 as inputs"][0], (1, 3), NUMBERS),
        model_of(ACTIVATIONS["ReLU6 as attributes"][0], (1, 3), opset=10),
        model_of([*constants, ("Clip", ["x", "y0", "y1"], {})], (1, 3)),
    ):
        relu = read(model, tmp_path).model.layers[-1]
        assert (type(relu), relu.max_value) == (keras.layers.ReLU, 6.0)


SHAPED = {
    "Reshape": ([("Reshape", ["x", "flat"], {})], {"flat": ints(1, -1)}),
    "Reshape, zero keeps": ([("Reshape", ["x", "flat"], {})], {"flat": ints(0, 2, -1, 5)}),
    "through Shape": (
        [
            ("Shape", ["x"], {}),
            ("Gather", ["y0", "place"], {"axis": 0}),
            ("Unsqueeze", ["y1", "axis"], {}),
            ("Concat", ["y2", "rest"], {"axis": 0}),
            ("Reshape", ["x", "y3"], {}),
        ],
        {"place": np.array(0, dtype=INT), "axis": ints(0), "rest": ints(-1)},
    ),
    "without the samples for a while": (
        [("Reshape", ["x", "all"], {}), ("Gather", ["y0", "order"], {}), ("Reshape", ["y1", "flat"], {})],
        {"all": ints(-1), "order": np.arange(80, dtype=INT)[::-1].reshape(1, 4, 4, 5).copy(), "flat": ints(1, 80)},
    ),
    "Transpose": ([("Transpose", ["x"], {"perm": [0, 2, 3, 1]})], {}),
    "Transpose twice": (
        [("Transpose", ["x"], {"perm": [2, 0, 3, 1]}), ("Transpose", ["y0"], {"perm": [1, 3, 0, 2]})],
        {},
    ),
    "channel shuffle": (
        [
            ("Reshape", ["x", "split"], {}),
            ("Transpose", ["y0"], {"perm": [0, 2, 1, 3, 4]}),
            ("Reshape", ["y1", "joined"], {}),
        ],
        {"split": ints(1, 2, 2, 4, 5), "joined": ints(1, 4, 4, 5)},
    ),
    "DepthToSpace": ([("DepthToSpace", ["x"], {"blocksize": 2})], {}),
    "Slice": (
        [("Slice", ["x", "starts", "ends", "axes", "steps"], {})],
        {"starts": ints(1, 0), "ends": ints(4, 9), "axes": ints(2, 3), "steps": ints(1, 2)},
    ),
    "Slice of channels": (
        [("Slice", ["x", "starts", "ends", "axes"], {})],
        {"starts": ints(1), "ends": ints(3), "axes": ints(1)},
    ),
    "flip": (
        [("Slice", ["x", "starts", "ends", "axes", "steps"], {})],
        {"starts": ints(-1), "ends": ints(-99), "axes": ints(3), "steps": ints(-1)},
    ),
    "option A of ResNet": (
        [("Slice", ["x", "starts", "ends", "axes", "steps"], {}), ("Pad", ["y0", "pads"], {})],
        {
            "starts": ints(0, 0), "ends": ints(9, 9), "axes": ints(2, 3), "steps": ints(2, 2),
            "pads": ints(0, 2, 0, 0, 0, 2, 0, 0),
        },
    ),
    "Expand": ([("ReduceMean", ["x"], {"axes": [2, 3]}), ("Expand", ["y0", "to"], {})], {"to": ints(1, 4, 3, 2)}),
    "Tile": ([("Tile", ["x", "times"], {})], {"times": ints(1, 1, 2, 1)}),
    "Squeeze": ([("GlobalMaxPool", ["x"], {}), ("Squeeze", ["y0", "axes"], {})], {"axes": ints(2, 3)}),
    "Unsqueeze": ([("Unsqueeze", ["x", "axes"], {}), ("Relu", ["y0"], {})], {"axes": ints(2)}),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPED)
def test_moved_elements(case: str, tmp_path: Path) -> None:
    nodes, weights = SHAPED[case]
    assert_read_exactly(model_of(nodes, (1, 4, 4, 5), weights), tmp_path)


PADS = {
    "zeros": ({}, ints(0, 0, 1, 0, 0, 0, 0, 2), None),
    "a number": ({}, ints(0, 0, 1, 0, 0, 0, 0, 2), np.float32(0.5)),
    "cropped": ({}, ints(0, 0, -1, 1, 0, 0, -1, 0), None),
    "edge": ({"mode": "edge"}, ints(0, 0, 1, 2, 0, 0, 0, 2), None),
    "reflected": ({"mode": "reflect"}, ints(0, 0, 1, 2, 0, 0, 0, 2), None),
    "channels": ({}, ints(0, 1, 0, 0, 0, 2, 0, 0), None),
}


@pytest.mark.parametrize("case", PADS)
def test_pads(case: str, tmp_path: Path) -> None:
    attributes, pads, number = PADS[case]
    weights = {"pads": pads} | ({} if number is None else {"number": number})
    assert_read_exactly(model_of([("Pad", ["x", *weights], attributes)], (1, 3, 4, 5), weights), tmp_path)


def test_pads_of_chosen_axes(tmp_path: Path) -> None:
    weights = {"pads": ints(1, 0, 0, 2), "axes": ints(-1, 2)}
    assert_read_exactly(model_of([("Pad", ["x", "pads", "", "axes"], {})], (1, 3, 4, 5), weights, 18), tmp_path)


def test_pads_as_attributes(tmp_path: Path) -> None:
    attributes = {"pads": [0, 0, 1, 0, 0, 0, 0, 2], "value": 0.5}
    assert_read_exactly(model_of([("Pad", ["x"], attributes)], (1, 3, 4, 5), opset=10), tmp_path)


ARITHMETIC = {
    "Normalize of torchvision": [("Sub", ["x", "channels"], {}), ("Div", ["y0", "channels"], {})],
    "a number before": [("Sub", ["number", "x"], {}), ("Neg", ["y0"], {}), ("Mul", ["number", "y1"], {})],
    "each element": [("Mul", ["x", "elements"], {}), ("Add", ["y0", "row"], {})],
    "two tensors": [("Relu", ["x"], {}), ("Add", ["x", "y0"], {}), ("Sub", ["y1", "x"], {}), ("Mul", ["y1", "y2"], {})],
    "several": [("Relu", ["x"], {}), ("Sum", ["x", "channels", "y0", "x"], {}), ("Mean", ["y1", "x"], {})],
    "moved, then added": [("Transpose", ["x"], {"perm": [0, 1, 3, 2]}), ("Add", ["x", "y0"], {})],
}


@pytest.mark.parametrize("case", ARITHMETIC)
def test_arithmetic(case: str, tmp_path: Path) -> None:
    weights = {
        "channels": np.abs(random(1, 3, 1, 1)) + 0.5,
        "elements": random(3, 4, 4),
        "row": random(4),
        "number": np.array(0.3, dtype=np.float32),
    }
    assert_read_exactly(model_of(ARITHMETIC[case], (1, 3, 4, 4), weights), tmp_path)


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_concatenation(axis: int, tmp_path: Path) -> None:
    nodes: list[Node] = [("Relu", ["x"], {}), ("Concat", ["x", "y0"], {"axis": axis})]
    assert_read_exactly(model_of(nodes, (1, 3, 4, 5)), tmp_path)


def test_split(tmp_path: Path) -> None:
    model = model_of([("Concat", ["a", "b"], {"axis": 1})], (1, 4, 3, 3))
    model.graph.node.insert(0, helper.make_node("Split", ["x"], ["b", "a"], axis=1, name="split"))
    assert_read_exactly(onnx.shape_inference.infer_shapes(model), tmp_path)


def test_what_does_nothing(tmp_path: Path) -> None:
    nodes: list[Node] = [
        ("Identity", ["x"], {}),
        ("Dropout", ["y0"], {}),
        ("Cast", ["y1"], {"to": onnx.TensorProto.FLOAT}),
        ("Relu", ["y2"], {}),
    ]
    network = assert_read_exactly(model_of(nodes, (1, 3)), tmp_path)
    assert len(network.layers) == 2


def test_a_branch_whose_condition_is_constant(tmp_path: Path) -> None:
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(op, ["x"], [f"{name}_y"], name=f"{name}_{op}")],
            name,
            [],
            [onnx.ValueInfoProto(name=f"{name}_y")],
        )
        for name, op in (("then", "Relu"), ("else", "Neg"))
    }
    for output in (graph.output[0] for graph in branches.values()):
        output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    network = assert_read_exactly(model_of([("If", ["yes"], branches)], (1, 3), {"yes": np.array(True)}), tmp_path)
    assert isinstance(network.layers[-1], keras.layers.ReLU)


def test_a_constant_takes_the_type_of_a_tensor(tmp_path: Path) -> None:
    nodes: list[Node] = [("CastLike", ["six", "x"], {}), ("Clip", ["x", "", "y0"], {})]
    assert_read_exactly(model_of(nodes, (1, 3), {"six": np.array(1, dtype=INT)}), tmp_path)
