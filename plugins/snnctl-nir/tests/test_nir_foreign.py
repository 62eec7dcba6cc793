"""Graphs of other tools: what computes with rates is read as a ReLU network, and all else is refused by name."""

from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest
from nir_evaluation import through
from snnctl_nir.reader import NirReader

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import ModelError
from snnctl.plugins import Read, ReadContext

RANDOM = np.random.default_rng(7)


def neurons(*shape: int, r: float = 1.0, v_threshold: float = 1.0, v_reset: float = 0.0) -> nir.IF:
    return nir.IF(np.full(shape, r), np.full(shape, v_threshold), np.full(shape, v_reset))


def convolutional() -> nir.NIRGraph:
    """A grouped convolution with a kernel that is not square, pools, factors, a branch, and thresholds by channel."""
    conv = nir.Conv2d((6, 7), RANDOM.normal(size=(4, 1, 3, 2)), (1, 2), (1, 0), (1, 1), 2, RANDOM.normal(size=4))
    factors = np.broadcast_to(np.array([1.0, 2.0, 0.5, 1.0])[:, None, None], (4, 6, 3)).copy()
    first = nir.IF(factors, np.full((4, 6, 3), 2.0), np.full((4, 6, 3), -1.0))
    nodes = {
        "in": nir.Input(np.array([2, 6, 7])),
        "conv.0": conv,
        "first": first,
        "scale": nir.Scale(np.broadcast_to(np.array([1.0, 2, 3, 4])[:, None, None], (4, 6, 3)).copy()),
        "sum": nir.SumPool2d(np.array([2, 1]), np.array([2, 1]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([4, 3, 3])}, 0, -1),
        "dense": nir.Affine(RANDOM.normal(size=(5, 36)), RANDOM.normal(size=5)),
        "second": neurons(5),
        "left": nir.Linear(RANDOM.normal(size=(3, 5))),
        "right": nir.Affine(RANDOM.normal(size=(3, 5)), RANDOM.normal(size=3)),
        "out": nir.Output(np.array([3])),
    }
    chain = ["in", "conv.0", "first", "scale", "sum", "flat", "dense", "second"]
    edges = [*pairwise(chain), ("second", "left"), ("second", "right")]
    return nir.NIRGraph(nodes, [*edges, ("left", "out"), ("right", "out")], type_check=False)


def rates(graph: nir.NIRGraph, image: np.ndarray) -> np.ndarray:
    """What :func:`convolutional` computes with rates."""
    n = graph.nodes
    kernels = n["conv.0"].weight[:2], n["conv.0"].weight[2:]
    convs = [nir.Conv2d((6, 7), kernel, (1, 2), (1, 0), (1, 1), 1, np.zeros(2)) for kernel in kernels]
    grouped = [through(conv, image[g : g + 1]) for g, conv in enumerate(convs)]
    current = np.concatenate(grouped) + n["conv.0"].bias[:, None, None]
    x = n["first"].r * np.maximum(current, 0) / 3.0
    x = through(n["sum"], n["scale"].scale * x).reshape(-1)
    x = np.maximum(n["dense"].weight @ x + n["dense"].bias, 0)
    return (n["left"].weight + n["right"].weight) @ x + n["right"].bias


def read(graph: nir.NIRGraph, folder: Path, **context: object) -> Read:
    path = folder / "other.nir"
    nir.write(path, graph)
    return NirReader().read(path, ReadContext(**context))


def test_a_graph_of_if_neurons_is_a_relu_network(tmp_path: Path) -> None:
    graph = convolutional()
    found = read(graph, tmp_path, dtype="float64")
    images = RANDOM.normal(size=(3, 6, 7, 2))
    expected = [rates(graph, np.moveaxis(image, -1, 0)) for image in images]
    np.testing.assert_allclose(found.model(images), expected, rtol=1e-9, atol=1e-9)
    assert [note for note in found.notes if "firing rates" in note]
    snn = build_spiking(found.model, SpikingSettings(input_range=(-4.0, 4.0), width=100.0, dtype="float64"))
    np.testing.assert_allclose(snn(images), expected, rtol=1e-6, atol=1e-6)


def test_the_rows_of_other_tools_are_images_of_the_data(tmp_path: Path) -> None:
    """They count channel by channel, Keras place by place."""
    weight = RANDOM.normal(size=(3, 12))
    graph = nir.NIRGraph.from_list(nir.Input(np.array([12])), nir.Linear(weight))
    image = RANDOM.normal(size=(1, 2, 3, 2))
    found = read(graph, tmp_path, input_shape=(2, 3, 2))
    assert found.model.input_shape == (None, 2, 3, 2)
    expected = np.moveaxis(image[0], -1, 0).reshape(-1) @ weight.T
    np.testing.assert_allclose(found.model(image)[0], expected, rtol=1e-5)
    assert "channel by channel" in found.notes[0]
    assert read(graph, tmp_path, input_shape=(5, 5, 1)).model.input_shape == (None, 12)


def test_sequences_and_averages(tmp_path: Path) -> None:
    conv = nir.Conv1d(8, RANDOM.normal(size=(3, 2, 3)), 2, 1, 1, 1, RANDOM.normal(size=3))
    graph = nir.NIRGraph.from_list(nir.Input(np.array([2, 8])), conv, neurons(3, 4))
    image = RANDOM.normal(size=(2, 8))
    found = np.asarray(read(graph, tmp_path, dtype="float64").model(image.T[None]))[0]
    np.testing.assert_allclose(found.T, np.maximum(through(conv, image), 0), rtol=1e-9)
    pool = nir.AvgPool2d(np.array([3, 2]), np.array([2, 2]), np.array([1, 0]))
    graph = nir.NIRGraph.from_list(nir.Input(np.array([2, 5, 6])), pool)
    image = RANDOM.normal(size=(2, 5, 6))
    found = np.asarray(read(graph, tmp_path, dtype="float64").model(np.moveaxis(image, 0, -1)[None]))[0]
    np.testing.assert_allclose(np.moveaxis(found, -1, 0), through(pool, image), rtol=1e-9)


def test_everything_that_is_no_relu_network_is_named_at_once(tmp_path: Path) -> None:
    one = np.ones(3)
    graph = nir.NIRGraph.from_list(
        nir.Input(np.array([3])),
        nir.Linear(np.ones((3, 3))),
        nir.LIF(one, one, one, one),
        nir.Linear(np.ones((3, 3))),
        nir.CubaLIF(one, one, one, one, one),
        nir.IF(one, -one),
        nir.LI(one, one, one),
        nir.Output(np.array([3])),
    )
    with pytest.raises(ModelError) as error:
        read(graph, tmp_path)
    message = str(error.value)
    for part in ("'lif' (LIF): a leaky neuron's rate is no ReLU", "'cubalif' (CubaLIF)", "'li' (LI)", "other.nir"):
        assert part in message


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([nir.IF(np.ones(3), np.zeros(3))], "v_threshold - v_reset must be positive"),
        ([nir.Linear(np.ones((2, 4)))], "it takes 4 values and is given 3"),
        ([nir.Flatten({"input": np.array([3])}, 0, -1), nir.Delay(np.ones(3))], "no delays"),
        ([nir.Scale(np.ones(4))], "parameters are of shape"),
        ([nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))], "a tensor of shape"),
    ],
)
def test_what_does_not_fit(nodes: list[nir.NIRNode], message: str, tmp_path: Path) -> None:
    names = ["in", *map(str, range(len(nodes))), "out"]
    every = [nir.Input(np.array([3])), *nodes, nir.Output(np.array([3]))]
    edges = list(pairwise(names))
    graph = nir.NIRGraph(dict(zip(names, every, strict=True)), edges, type_check=False)
    with pytest.raises(ModelError, match=message):
        read(graph, tmp_path)


def test_recurrent_graphs_are_refused(tmp_path: Path) -> None:
    row = np.array([3])
    nodes = {"in": nir.Input(row), "a": neurons(3), "b": nir.Linear(np.eye(3)), "out": nir.Output(row)}
    graph = nir.NIRGraph(nodes, [("in", "a"), ("a", "b"), ("b", "a"), ("a", "out")])
    with pytest.raises(ModelError, match=r"recurrent: (a -> b -> a|b -> a -> b)"):
        read(graph, tmp_path)
