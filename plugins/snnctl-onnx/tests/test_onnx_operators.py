"""Each operator computes what onnxruntime computes, with awkward attributes, too."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx_graphs import Node, assert_read_exactly, model_of, random


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


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
    original = set(np.concatenate([array.ravel() for array in weights.values()]))
    stored = set(np.concatenate([np.ravel(array) for array in network.get_weights()]))
    assert stored - {0.0} == original, "weights are moved, not computed"


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


@pytest.mark.parametrize("attributes", MAX, ids=str)
def test_max_pooling(attributes: dict, tmp_path: Path) -> None:
    """Inputs of either sign: padded places must not win over negative values."""
    for op in ("Relu", "Identity"):
        nodes: list[Node] = [(op, ["x"], {}), ("MaxPool", ["y0"], attributes)]
        network = assert_read_exactly(model_of(nodes, (1, 2, 7, 8)), tmp_path)
        assert op == "Relu" or not [layer for layer in network.layers if "ZeroPadding" in type(layer).__name__]


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
    {"kernel_shape": [3, 2], "dilations": [2, 2], "pads": [1, 1, 2, 0]},
    {"kernel_shape": [3, 2], "dilations": [2, 2], "pads": [1, 1, 2, 0], "count_include_pad": 1},
]


@pytest.mark.parametrize("attributes", AVERAGES, ids=str)
def test_average_pooling(attributes: dict, tmp_path: Path) -> None:
    for opset in (11, 19) if "dilations" not in attributes else (19,):
        assert_read_exactly(model_of([("AveragePool", ["x"], attributes)], (1, 2, 7, 8), opset=opset), tmp_path)


@pytest.mark.parametrize("opset", [11, 13])
def test_flattening_before_gemm_moves_the_kernel_instead(opset: int, tmp_path: Path) -> None:
    weights = {"fc.weight": random(5, 3 * 4 * 2), "fc.bias": random(5)}
    nodes: list[Node] = [("Flatten", ["x"], {"axis": 1}), ("Gemm", ["y0", *weights], {"transB": 1})]
    network = assert_read_exactly(model_of(nodes, (1, 3, 4, 2), weights, opset), tmp_path)
    assert [type(layer) for layer in network.layers[1:]] == [keras.layers.Flatten, keras.layers.Dense]
    assert set(network.get_weights()[0].ravel()) == set(weights["fc.weight"].ravel())


def sliced(*inputs: str) -> list[Node]:
    return [("Slice", ["x", "starts", "ends", *inputs], {})]


def spans(starts: list[int], ends: list[int]) -> dict[str, np.ndarray]:
    return {"starts": ints(*starts), "ends": ints(*ends)}


SHAPED = {  # nodes and weights, for an input of shape (1, 4, 4, 5)
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
        {"place": np.array(0, dtype=np.int64), "axis": ints(0), "rest": ints(-1)},
    ),
    "without the samples for a while": (
        [("Reshape", ["x", "all"], {}), ("Gather", ["y0", "order"], {}), ("Reshape", ["y1", "flat"], {})],
        {"all": ints(-1), "order": np.arange(80, dtype=np.int64)[::-1].reshape(1, 4, 4, 5).copy(), "flat": ints(1, 80)},
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
    "Slice": (sliced("axes", "steps"), {**spans([1, 0], [4, 9]), "axes": ints(2, 3), "steps": ints(1, 2)}),
    "Slice of channels": (sliced("axes"), {**spans([1], [3]), "axes": ints(1)}),
    "flip": (sliced("axes", "steps"), {**spans([-1], [-99]), "axes": ints(3), "steps": ints(-1)}),
    "option A of ResNet": (
        [*sliced("axes", "steps"), ("Pad", ["y0", "pads"], {})],
        {**spans([0, 0], [9, 9]), "axes": ints(2, 3), "steps": ints(2, 2), "pads": ints(0, 2, 0, 0, 0, 2, 0, 0)},
    ),
    "Expand": ([("ReduceMean", ["x"], {"axes": [2, 3]}), ("Expand", ["y0", "to"], {})], {"to": ints(1, 4, 3, 2)}),
    "Tile": ([("Tile", ["x", "times"], {})], {"times": ints(1, 1, 2, 1)}),
    "Squeeze": ([("GlobalMaxPool", ["x"], {}), ("Squeeze", ["y0", "axes"], {})], {"axes": ints(2, 3)}),
    "Unsqueeze": ([("Unsqueeze", ["x", "axes"], {}), ("Relu", ["y0"], {})], {"axes": ints(2)}),
}
NUMBERS = {"zero": np.float32(0), "six": np.float32(6), "low": np.float32(-0.5), "high": np.float32(0.25)}
NORM = {"scale": random(3), "shift": random(3, seed=1), "mean": random(3, seed=2), "var": np.abs(random(3)) + 0.1}
ADDED: list[Node] = [("MatMul", ["x", "b"], {}), ("Add", ["c", "y0"], {}), ("Relu", ["y1"], {})]
LINEAR = {"b": random(6, 4), "c": random(4)}
IMAGES = (1, 3, 4, 5)
ROWS = (1, 6)
MARGINS = ints(0, 0, 1, 0, 0, 0, 0, 2)


def gemm(**attributes: float) -> list[Node]:
    return [("Gemm", ["x", "b", "c"], attributes)]


def halves(n: int) -> dict[str, list[int]]:
    return {"kernel_shape": [2] * n, "strides": [2] * n, "pads": [1] * n + [0] * n}


def padded(*inputs: str, **attributes: Any) -> list[Node]:
    return [("Pad", ["x", "pads", *inputs], attributes)]


CASES: dict[str, tuple] = {  # nodes, shape, weights, version of the operators
    **{
        f"{op} in {n} dimensions": ([(op, ["x"], halves(n))], s)
        for op in ("MaxPool", "AveragePool")
        for n, s in ((1, (1, 3, 9)), (3, (1, 2, 4, 3, 5)))
    },
    "GlobalAveragePool": ([("GlobalAveragePool", ["x"], {})], IMAGES),
    "GlobalMaxPool": ([("GlobalMaxPool", ["x"], {})], IMAGES),
    "mean, axes as attribute": ([("ReduceMean", ["x"], {"axes": [2, 3], "keepdims": 0})], IMAGES, {}, 13),
    "mean, axes as input": ([("ReduceMean", ["x", "last"], {"keepdims": 1})], IMAGES, {"last": ints(-2, -1)}, 18),
    "mean of one axis": ([("ReduceMean", ["x"], {"axes": [3], "keepdims": 0})], IMAGES, {}, 13),
    "sum": ([("ReduceSum", ["x", "last"], {"keepdims": 0})], IMAGES, {"last": ints(-2, -1)}, 13),
    "max": ([("ReduceMax", ["x"], {"axes": [-1, -2]})], IMAGES, {}, 13),
    "no axes": ([("ReduceSum", ["x"], {"noop_with_empty_axes": 1}), ("Relu", ["y0"], {})], IMAGES, {}, 13),
    "Gemm, factors": (gemm(alpha=0.5, beta=3.0), ROWS, {"b": random(6, 4), "c": random(4)}),
    "Gemm, transposed": (gemm(transB=1, alpha=2.0), ROWS, {"b": random(4, 6), "c": random(1, 4)}),
    "Gemm, one number added": (gemm(beta=2.0), ROWS, {"b": random(6, 4), "c": random(1).reshape(())}),
    "Gemm, nothing added": ([("Gemm", ["x", "b"], {})], ROWS, {"b": random(6, 4)}),
    **{f"MatMul and Add of {shape}": (ADDED, shape, LINEAR) for shape in (ROWS, (1, 3, 6), (1, 2, 3, 6))},
    **{
        f"BatchNormalization of {shape}": ([("BatchNormalization", ["x", *NORM], {"epsilon": 1e-3})], shape, NORM)
        for shape in (IMAGES, (1, 3))
    },
    "Relu": ([("Relu", ["x"], {})], IMAGES),
    "Hardtanh": ([("Clip", ["x", "low", "high"], {})], IMAGES, NUMBERS),
    "no lower limit": ([("Clip", ["x", "", "high"], {})], IMAGES, NUMBERS),
    "no upper limit": ([("Clip", ["x", "low"], {})], IMAGES, NUMBERS),
    "no limit": ([("Clip", ["x"], {}), ("Relu", ["y0"], {})], IMAGES),
    "Min and Max": ([("Max", ["x", "zero"], {}), ("Min", ["high", "y0"], {})], IMAGES, NUMBERS),
    "LeakyRelu": ([("LeakyRelu", ["x"], {"alpha": 0.2})], IMAGES),
    "PRelu of channels": ([("PRelu", ["x", "slopes"], {})], IMAGES, {"slopes": random(3, 1, 1)}),
    "PRelu of one slope": ([("PRelu", ["x", "slopes"], {})], IMAGES, {"slopes": random(1)}),
    "PRelu of elements": ([("PRelu", ["x", "slopes"], {})], IMAGES, {"slopes": random(3, 4, 5)}),
    "HardSigmoid": ([("HardSigmoid", ["x"], {"alpha": 1 / 6, "beta": 0.5})], IMAGES),
    "HardSwish": ([("HardSwish", ["x"], {})], IMAGES),
    "Sigmoid": ([("Sigmoid", ["x"], {})], IMAGES),
    "Tanh": ([("Tanh", ["x"], {})], IMAGES),
    "Elu": ([("Elu", ["x"], {"alpha": 0.5})], IMAGES),
    "Softmax of channels": ([("Softmax", ["x"], {"axis": 1})], IMAGES),
    "Softmax of a row": ([("Softmax", ["x"], {"axis": -1})], IMAGES),
    "a constant of the type of a tensor": (
        [("CastLike", ["six", "x"], {}), ("Clip", ["x", "", "y0"], {})],
        (1, 3),
        {"six": np.array(1, dtype=np.int64)},
    ),
    "Pad with zeros": (padded(), IMAGES, {"pads": MARGINS}),
    "Pad with a number": (padded("number"), IMAGES, {"pads": MARGINS, "number": np.float32(0.5)}),
    "Pad that crops": (padded(), IMAGES, {"pads": ints(0, 0, -1, 1, 0, 0, -1, 0)}),
    "Pad with the edge": (padded(mode="edge"), IMAGES, {"pads": ints(0, 0, 1, 2, 0, 0, 0, 2)}),
    "Pad by reflection": (padded(mode="reflect"), IMAGES, {"pads": ints(0, 0, 1, 2, 0, 0, 0, 2)}),
    "Pad of channels": (padded(), IMAGES, {"pads": ints(0, 1, 0, 0, 0, 2, 0, 0)}),
    "Pad of chosen axes": (padded("", "axes"), IMAGES, {"pads": ints(1, 0, 0, 2), "axes": ints(-1, 2)}, 18),
    "Pad by attributes": ([("Pad", ["x"], {"pads": [0, 0, 1, 0, 0, 0, 0, 2], "value": 0.5})], IMAGES, {}, 10),
    "Normalize of torchvision": (
        [("Sub", ["x", "channels"], {}), ("Div", ["y0", "channels"], {})],
        IMAGES,
        {"channels": np.abs(random(1, 3, 1, 1)) + 0.5},
    ),
    "a number before": (
        [("Sub", ["number", "x"], {}), ("Neg", ["y0"], {}), ("Mul", ["number", "y1"], {})],
        IMAGES,
        {"number": np.array(0.3, dtype=np.float32)},
    ),
    "each element": (
        [("Mul", ["x", "elements"], {}), ("Add", ["y0", "row"], {})],
        IMAGES,
        {"elements": random(3, 4, 5), "row": random(5)},
    ),
    "two tensors": (
        [("Relu", ["x"], {}), ("Add", ["x", "y0"], {}), ("Sub", ["y1", "x"], {}), ("Mul", ["y1", "y2"], {})],
        IMAGES,
    ),
    "several": (
        [("Relu", ["x"], {}), ("Sum", ["x", "channels", "y0", "x"], {}), ("Mean", ["y1", "x"], {})],
        IMAGES,
        {"channels": random(1, 3, 1, 1)},
    ),
    "moved, then added": ([("Transpose", ["x"], {"perm": [0, 1, 3, 2]}), ("Add", ["x", "y0"], {})], (1, 3, 4, 4)),
    **{
        f"Concat along {axis}": ([("Relu", ["x"], {}), ("Concat", ["x", "y0"], {"axis": axis})], IMAGES)
        for axis in (1, 2, -1)
    },
    **{f"moved: {name}": (nodes, (1, 4, 4, 5), weights) for name, (nodes, weights) in SHAPED.items()},
}


@pytest.mark.parametrize("case", CASES)
def test_operators(case: str, tmp_path: Path) -> None:
    assert_read_exactly(model_of(*CASES[case]), tmp_path)


def test_relu6_becomes_a_clipped_relu_in_all_its_forms(tmp_path: Path) -> None:
    constants: list[Node] = [
        ("Constant", [], {"value": numpy_helper.from_array(NUMBERS[name])}) for name in ("zero", "six")
    ]
    for model in (
        model_of([("Clip", ["x", "zero", "six"], {})], (1, 3), NUMBERS),
        model_of([("Clip", ["x"], {"min": 0.0, "max": 6.0})], (1, 3), opset=10),
        model_of([*constants, ("Clip", ["x", "y0", "y1"], {})], (1, 3)),
    ):
        relu = assert_read_exactly(model, tmp_path).layers[-1]
        assert (type(relu), relu.max_value) == (keras.layers.ReLU, 6.0)


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
