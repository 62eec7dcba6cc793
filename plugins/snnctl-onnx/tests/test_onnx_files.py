"""Files as they come: inputs of any layout and type, damage, all that cannot be read told at once."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx_graphs import Node, answers, assert_read_exactly, model_of, random, read, saved
from snnctl_onnx import checking
from snnctl_onnx.operators import HANDLERS
from snnctl_onnx.operators.activations import convert_relu
from snnctl_onnx.reading import read_network

import snnctl
from snnctl.errors import ModelError, SnnctlError
from snnctl.plugins import ReadContext

CONV: list[Node] = [
    ("Conv", ["x", "conv.weight"], {"pads": [1, 1, 1, 1]}),
    ("Relu", ["y0"], {}),
    ("Flatten", ["y1"], {}),
    ("Gemm", ["y2", "fc.weight"], {"transB": 1}),
]
WEIGHTS = {"conv.weight": random(4, 3, 3, 3), "fc.weight": random(5, 4 * 6 * 5)}


def test_a_network_converts_and_answers_alike(tmp_path: Path) -> None:
    model = model_of(CONV, (1, 3, 6, 5), WEIGHTS)
    images = np.random.default_rng(0).random((40, 6, 5, 3), dtype=np.float32)
    np.savez(tmp_path / "images.npz", x=images)
    path = saved(model, tmp_path)
    result = snnctl.convert(path, calibrate=tmp_path / "images.npz", out=tmp_path / "run")
    assert result.metrics["agreement"] == 1.0
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = np.concatenate([session.run(None, {"x": image[None].transpose(0, 3, 1, 2)})[0] for image in images])
    np.testing.assert_allclose(result.model.predict(images, verbose=0), wanted, rtol=1e-4, atol=1e-4)


def test_layers_are_named_after_modules_and_notes_tell_the_layout(tmp_path, monkeypatch):
    model = model_of(CONV, (1, 3, 6, 5), WEIGHTS)
    result = read(model, tmp_path)
    assert [layer.name for layer in result.model.layers] == ["x", "conv", "relu_1", "fc_flatten", "fc"]
    assert "3x6x5, channels first; the network read from it as 6x5x3" in result.notes[0]
    assert "Compared with onnxruntime on 3 random inputs" in result.notes[-1]
    monkeypatch.setattr(checking, "find_spec", lambda name: None)
    notes = read(model, tmp_path).notes
    assert notes[-1] == "Not compared with the file, since onnxruntime is not installed."


def test_names_of_both_exporters_of_pytorch(tmp_path: Path) -> None:
    nodes: list[Node] = [("Relu", ["x"], {}), ("Relu", ["y0"], {}), ("Add", ["y0", "y1"], {}), ("Relu", ["y2"], {})]
    model = model_of(nodes, (1, 3))
    for node, name in zip(
        model.graph.node, ("/layer1/layer1.0/relu/Relu", "node_relu_4", "/layer1/layer1.0/Add", "n4_2"), strict=True
    ):
        node.name = name
    names = [layer.name for layer in read(model, tmp_path).model.layers]
    assert names == ["x", "layer1_0_relu", "relu_4", "layer1_0_add", "relu"]


GREY: list[Node] = [("Flatten", ["x"], {}), ("Gemm", ["y0", "fc"], {})]
GREY_WEIGHTS = {"fc": random(30, 4)}
LAST: list[Node] = [
    ("Transpose", ["x"], {"perm": [0, 3, 1, 2]}),
    ("Conv", ["y0", "conv.weight"], {}),
    ("Transpose", ["y1"], {"perm": [0, 2, 3, 1]}),
]


@pytest.mark.parametrize(
    ("nodes", "weights", "shape", "data", "taken"),
    [
        (CONV, WEIGHTS, ("n", 3, 6, 5), None, (6, 5, 3)),
        (CONV, WEIGHTS, ("n", 3, "height", "width"), (6, 5, 3), (6, 5, 3)),
        (CONV, WEIGHTS, (1, "channels", "height", "width"), (6, 5, 3), (6, 5, 3)),
        (LAST, WEIGHTS, (1, 6, 5, 3), None, (6, 5, 3)),
        (GREY, GREY_WEIGHTS, (1, 30), (6, 5, 1), (6, 5, 1)),
        (GREY, GREY_WEIGHTS, (1, 6, 5), (6, 5, 1), (6, 5, 1)),
    ],
)
def test_inputs_of_any_layout(nodes, weights, shape, data, taken, tmp_path):
    result = read(model_of(nodes, shape, weights), tmp_path, data)
    assert result.model.input_shape == (None, *taken)
    assert any("channels first" in note for note in result.notes) == (nodes is CONV)
    if nodes is GREY:
        images = random(2, *taken)
        expected = images.reshape(2, 30) @ GREY_WEIGHTS["fc"]
        np.testing.assert_allclose(result.model(images), expected, rtol=1e-4, atol=1e-5)


def test_an_open_size_without_data(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"its input 'x' has no fixed size, 3x\?x5\n.*--data") as caught:
        read(model_of(CONV, (1, 3, "height", 5), WEIGHTS), tmp_path)
    assert "small.onnx" in caught.value.where


def test_a_file_for_several_samples_at_once(tmp_path: Path) -> None:
    nodes = [CONV[0], ("Reshape", ["y0", "flat"], {}), ("Gemm", ["y1", "fc"], {})]
    weights = {"conv.weight": WEIGHTS["conv.weight"], "flat": np.array([4, -1]), "fc": random(120, 5)}
    result = read(model_of(nodes, (4, 3, 6, 5), weights), tmp_path)
    assert result.model.output_shape == (None, 5)
    assert "on 8 random inputs" in result.notes[-1]


def test_logits_are_returned_where_the_file_ends_in_a_logarithm(tmp_path: Path) -> None:
    nodes: list[Node] = [("Gemm", ["x", "fc"], {}), ("LogSoftmax", ["y0"], {"axis": 1})]
    found = read(model_of(nodes, (1, 6), {"fc": random(6, 4)}), tmp_path)
    inputs = random(3, 6, seed=1)
    np.testing.assert_allclose(found.model(inputs), inputs @ random(6, 4), rtol=1e-4, atol=1e-5)
    assert "The LogSoftmax at the end is left out: the network returns logits." in found.notes


@pytest.mark.parametrize(("numpy", "kind"), [(np.float16, "FLOAT16"), (np.float64, "DOUBLE")])
def test_other_precisions(numpy: type, kind: str, tmp_path: Path) -> None:
    number = getattr(onnx.TensorProto, kind)
    weights = {"fc": np.random.default_rng(0).standard_normal((6, 4)).astype(numpy)}
    model = model_of([("Gemm", ["x", "fc"], {}), ("Relu", ["y0"], {})], (1, 6), weights, kind=number)
    found = read(model, tmp_path)
    assert found.model.dtype == "float32"
    np.testing.assert_array_equal(found.model.get_weights()[0], weights["fc"].astype(np.float32))
    assert any("1 weights are in double precision" in note for note in found.notes) == (numpy is np.float64)
    exact = read(model, tmp_path, dtype="float64").model
    np.testing.assert_array_equal(exact.get_weights()[0], weights["fc"].astype(np.float64))


def test_external_data(tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    model = model_of(CONV, (1, 3, 6, 5), WEIGHTS)
    onnx.save(model, str(path), save_as_external_data=True, location="small.onnx.data", size_threshold=0)
    network = read_network(path, ReadContext()).model
    np.testing.assert_allclose(*answers(model_of(CONV, (1, 3, 6, 5), WEIGHTS), network), rtol=1e-5, atol=1e-5)
    (tmp_path / "small.onnx.data").unlink()
    with pytest.raises(ModelError, match=r"its weights are in 'small\.onnx\.data', which is not there"):
        read_network(path, ReadContext())


def test_functions_of_the_file(tmp_path: Path) -> None:
    """As PyTorch's newer exporter writes before it optimises."""
    model = model_of([("Relu", ["x"], {})], (1, 3))
    model.graph.node[0].op_type, model.graph.node[0].domain = "double_relu", "pkg.torch"
    model.opset_import.append(helper.make_opsetid("pkg.torch", 1))
    inner = [helper.make_node("Add", ["a", "a"], ["b"]), helper.make_node("Relu", ["b"], ["c"])]
    model.functions.append(
        helper.make_function("pkg.torch", "double_relu", ["a"], ["c"], inner, model.opset_import[:1])
    )
    assert_read_exactly(model, tmp_path)


def test_damaged_files_and_weights_of_a_wrong_shape(tmp_path: Path) -> None:
    whole = model_of(CONV, (1, 3, 6, 5), WEIGHTS).SerializeToString()
    path = tmp_path / "broken.onnx"
    cuts = [(whole[:size], "") for size in range(1, len(whole), 601)]
    for content, message in ((b"", "holds no network"), (b"some text", "is damaged, or no ONNX file"), *cuts):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=message or None):
            read_network(path, ReadContext())
    weights = {**WEIGHTS, "conv.weight": random(4, 2, 3, 3)}
    model = helper.make_model(model_of(CONV, (1, 3, 6, 5), weights).graph, opset_imports=[helper.make_opsetid("", 17)])
    with pytest.raises(ModelError, match=r"node 'node_conv_0' \(Conv\) cannot be read: 1 groups of a kernel of shape"):
        read(model, tmp_path)


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    nodes: list[Node] = [
        ("Erf", ["x"], {}),
        ("Relu", ["x"], {}),
        ("LayerNormalization", ["y1", "scale"], {}),
        ("LayerNormalization", ["y2", "scale"], {}),
        ("Add", ["y3", "y0"], {}),
        ("ArgMax", ["y4"], {"axis": 1}),
    ]
    with pytest.raises(ModelError) as caught:
        read(model_of(nodes, (1, 6), {"scale": random(6)}), tmp_path)
    text = str(caught.value)
    assert "4 nodes cannot be read" in text
    assert "- node 'node_erf_0' (Erf): the operator is not known." in text
    assert (
        "- 2 nodes, node_layernormalization_2, node_layernormalization_3 (LayerNormalization): it normalises by" in text
    )
    assert "- node 'node_argmax_5' (ArgMax): it returns places; export the network up to its logits." in text


REFUSED = {
    "training": ([("Dropout", ["x", "ratio", "yes"], {})], "it is on; export the network after model.eval()"),
    "samples mixed": ([("Transpose", ["x"], {"perm": [1, 0]}), ("Relu", ["y0"], {})], "its output 'y' cannot be read"),
    "batch reduced": ([("ReduceMean", ["x"], {"axes": [1]})], "only positions can be"),
    "whole numbers": ([("Cast", ["x"], {"to": onnx.TensorProto.INT32})], "it rounds to int32"),
    "weights computed": ([("Relu", ["x"], {}), ("MatMul", ["x", "y0"], {})], "its matrix B must be constant"),
    "endless padding": ([("Pad", ["x", "pads", "endless"], {})], "it pads with -inf"),
    "random": ([("RandomNormal", [], {"shape": [6]}), ("Add", ["x", "y0"], {})], "it draws random numbers"),
    "quantised": (
        [("QuantizeLinear", ["x", "ratio"], {}), ("DequantizeLinear", ["y0", "ratio"], {})],
        "the network is quantised; export it as it was before",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case: str, tmp_path: Path) -> None:
    nodes, message = REFUSED[case]
    weights = {
        "ratio": np.array(0.5, dtype=np.float32),
        "yes": np.array(True),
        "pads": np.array([0, 1, 0, 1]),
        "endless": np.array(-np.inf, dtype=np.float32),
    }
    with pytest.raises(ModelError) as caught:
        read(model_of(nodes, (1, 6), weights), tmp_path)
    assert message in str(caught.value)


def second_input(model: onnx.ModelProto) -> None:
    model.graph.node[0].input.append("z")
    model.graph.node[0].op_type = "Add"
    model.graph.input.append(helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [1, 6]))


def whole_numbers(model: onnx.ModelProto) -> None:
    for value in (model.graph.input[0], model.graph.output[0]):
        value.type.tensor_type.elem_type = onnx.TensorProto.INT32


def operator_of_others(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type, model.graph.node[0].domain = "FusedConv", "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def of_version(version: int) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = version

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (second_input, r"has 2 inputs \(x, z\)"),
        (whole_numbers, "its input 'x' is of type INT32"),
        (operator_of_others, r"it is an operator of 'com\.microsoft', not of ONNX"),
        (of_version(6), "is of opset 6, which is too old"),
        (of_version(999), "knows up to"),
    ],
)
def test_files_that_are_refused(change: Callable[[onnx.ModelProto], None], message: str, tmp_path: Path) -> None:
    model = model_of([("Relu", ["x"], {})], (1, 6), opset=14)
    change(model)
    with pytest.raises(ModelError, match=message):
        read(model, tmp_path)


def test_a_wrong_reading_is_found_and_its_layer_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "LeakyRelu", convert_relu)
    nodes: list[Node] = [
        ("Gemm", ["x", "fc.weight"], {}),
        ("LeakyRelu", ["y0"], {"alpha": 0.3}),
        ("Relu", ["y1"], {}),
        ("Add", ["y2", "y1"], {}),
    ]
    with pytest.raises(ModelError, match="computes something else than onnxruntime") as caught:
        read(model_of(nodes, (1, 6), {"fc.weight": random(6, 4)}), tmp_path)
    assert "'leakyrelu_1', 'add_3'" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "Layer 'fc' has NaN or infinite values in its kernel"),
        (3e38, "activations on the calibration data are not finite"),
    ],
)
def test_weights_that_are_no_numbers_or_too_large(value: float, message: str, tmp_path: Path) -> None:
    weights = {"fc.weight": np.full((6, 4), value, "float32"), "end.weight": random(4, 2)}
    nodes: list[Node] = [("Gemm", ["x", "fc.weight"], {}), ("Relu", ["y0"], {}), ("Gemm", ["y1", "end.weight"], {})]
    path = saved(model_of(nodes, (1, 6), weights), tmp_path)
    np.savez(tmp_path / "rows.npz", x=np.ones((3, 6), "float32").cumsum(1))
    with pytest.raises(SnnctlError, match=message):
        snnctl.convert(path, calibrate=tmp_path / "rows.npz", out=tmp_path / "run")


def test_what_it_reads_is_saved_and_opened_again(tmp_path: Path) -> None:
    nodes: list[Node] = [
        ("Sub", ["x", "mean"], {}),
        ("AveragePool", ["y0"], {"kernel_shape": [2, 2], "pads": [1, 0, 0, 0]}),
        *[
            (op, [{"x": "y1", "y0": "y2", "y1": "y3", "y2": "y4"}.get(name, name) for name in inputs], options)
            for op, inputs, options in CONV
        ],
    ]
    weights = {**WEIGHTS, "mean": random(1, 3, 1, 1)}
    model = model_of(nodes, (1, 3, 6, 6), weights)
    network = assert_read_exactly(model, tmp_path)
    network.save(tmp_path / "read.keras")
    again = keras.saving.load_model(tmp_path / "read.keras")
    np.testing.assert_allclose(*answers(model, again), rtol=1e-5, atol=1e-5)
