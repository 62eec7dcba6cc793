"""Small ONNX files for tests, and both networks' answers to the same inputs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from snnctl_onnx.reading import read_network

from snnctl.plugins import Read, ReadContext

Node = tuple[str, Sequence[str], dict[str, Any]]
"""(operator, names of its inputs, its attributes); the output of node k is called ``y<k>``, the last one ``y``."""


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def model_of(
    nodes: Sequence[Node],
    shape: Sequence[int | str],
    weights: Mapping[str, np.ndarray] | None = None,
    opset: int = 17,
    kind: int = onnx.TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A chain or graph of nodes with the input ``x`` and the output ``y``."""
    made = []
    for place, (op, inputs, attributes) in enumerate(nodes):
        output = "y" if place == len(nodes) - 1 else f"y{place}"
        made.append(helper.make_node(op, list(inputs), [output], name=f"node_{op.lower()}_{place}", **attributes))
    graph = helper.make_graph(
        made,
        "small",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [onnx.ValueInfoProto(name="y", type=onnx.TypeProto(tensor_type=onnx.TypeProto.Tensor(elem_type=kind)))],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "small.onnx"
    onnx.save(model, str(path))
    return path


def read(model: onnx.ModelProto, folder: Path, data: tuple[int, ...] | None = None, dtype: str | None = None) -> Read:
    return read_network(saved(model, folder), ReadContext(input_shape=data, dtype=dtype))


def answers(model: onnx.ModelProto, network: Any, samples: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(the Keras network's, onnxruntime's) outputs for inputs of either sign; both (samples, ...), channels last."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    sides = [side if isinstance(side, int) else 1 for side in entry.shape]
    batch = random(samples, *sides[1:], seed=1)
    theirs = np.concatenate([session.run(None, {entry.name: batch[k : k + 1]})[0] for k in range(samples)])
    ours = np.asarray(network(np.moveaxis(batch, 1, -1) if batch.ndim > 2 else batch, training=False))
    return ours, np.moveaxis(theirs, 1, -1) if theirs.ndim > 2 else theirs


def assert_read_exactly(model: onnx.ModelProto, folder: Path) -> Any:
    """Reads the model, compares the answers, and returns the Keras network."""
    network = read(model, folder).model
    ours, theirs = answers(model, network)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    return network
