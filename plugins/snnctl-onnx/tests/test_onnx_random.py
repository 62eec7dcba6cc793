"""Convolutions and poolings of any shape, kernel, stride, dilation and padding are what onnxruntime computes."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx_graphs import Node, assert_read_exactly, model_of, random

SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.filter_too_much, HealthCheck.too_slow]}


@st.composite
def windows(draw: st.DrawFn) -> tuple[tuple[int, ...], dict]:
    """(sides of the tensor, attributes of the windows)."""
    rank = draw(st.sampled_from([1, 2, 2, 2]))

    def numbers(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=rank, max_size=rank))

    sides, kernel, strides, dilations = numbers(3, 9), numbers(1, 4), numbers(1, 3), numbers(1, 2)
    attributes = {"kernel_shape": kernel, "strides": strides}
    mode = draw(st.sampled_from(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if mode == "NOTSET" and draw(st.booleans()):  # onnxruntime does not do both
        attributes["dilations"] = dilations
    reach = [(taps - 1) * rate + 1 for taps, rate in zip(kernel, attributes.get("dilations", [1] * rank), strict=True)]
    if mode == "NOTSET":
        pads = [draw(st.integers(0, min(taps - 1, 3))) for taps in [*kernel, *kernel]]
        attributes["pads"] = pads
        sides = [max(side, far - sum(pads[k::rank])) for k, (side, far) in enumerate(zip(sides, reach, strict=True))]
    else:
        attributes["auto_pad"] = mode
        # onnxruntime pads by less than nothing where elements are skipped.
        attributes["strides"] = [min(pair) for pair in zip(strides, kernel, strict=True)]
        sides = [max(side, far) for side, far in zip(sides, reach, strict=True)]
    return tuple(sides), attributes


def convolution(case: tuple[tuple[int, ...], dict], groups: int, multiplier: int) -> None:
    sides, attributes = case
    weights = {"w": random(groups * multiplier, 2, *attributes["kernel_shape"]), "b": random(groups * multiplier)}
    nodes: list[Node] = [("Conv", ["x", "w", "b"], {**attributes, "group": groups})]
    with tempfile.TemporaryDirectory() as folder:
        assert_read_exactly(model_of(nodes, (1, 2 * groups, *sides), weights), Path(folder))


def pooling(case: tuple[tuple[int, ...], dict], op: str, options: dict, behind_relu: bool) -> None:
    sides, attributes = case
    assume(not (options.get("ceil_mode") and "auto_pad" in attributes))
    rectified: list[Node] = [("Relu" if behind_relu else "Identity", ["x"], {})]
    nodes: list[Node] = [*rectified, (op, ["y0"], {**attributes, **options})]
    with tempfile.TemporaryDirectory() as folder:
        assert_read_exactly(model_of(nodes, (1, 2, *sides), opset=19), Path(folder))


OPTIONS = st.fixed_dictionaries({"ceil_mode": st.integers(0, 1)})
COUNTED = st.fixed_dictionaries({"ceil_mode": st.integers(0, 1), "count_include_pad": st.integers(0, 1)})


def test_random_convolutions() -> None:
    drawn = given(windows(), st.integers(1, 2), st.integers(1, 2))
    settings(max_examples=8, **SETTINGS)(drawn(convolution))()


@pytest.mark.parametrize(("op", "options"), [("MaxPool", OPTIONS), ("AveragePool", COUNTED)])
def test_random_pooling(op: str, options: st.SearchStrategy) -> None:
    drawn = given(windows(), st.just(op), options, st.booleans())
    settings(max_examples=8, **SETTINGS)(drawn(pooling))()
