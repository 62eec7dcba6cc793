"""The network is built as its options say, learns, and converts exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from snnctl_example.allconv import AllConv

import snnctl
from snnctl.errors import UsageError
from snnctl.plugins import load_registry


def test_it_is_registered() -> None:
    assert isinstance(load_registry().architecture("snnctl-example:allconv"), AllConv)


@pytest.mark.parametrize(
    ("input_shape", "options", "filters"),
    [
        ((8, 8, 1), {}, [8, 8, 16, 16, 3]),
        ((7, 9, 3), {"filters": 2, "stages": 1}, [2, 2, 3]),
        ((1, 1, 1), {"stages": 3, "batch_norm": False}, [8, 8, 16, 16, 32, 32, 3]),
    ],
)
def test_options(input_shape: tuple[int, ...], options: dict, filters: list[int]) -> None:
    model = AllConv().build(input_shape, 3, **options)
    assert (model.input_shape, model.output_shape) == ((None, *input_shape), (None, 3))
    assert [layer.filters for layer in model.layers if hasattr(layer, "filters")] == filters
    normalised = any(layer.name.startswith("norm") for layer in model.layers)
    assert normalised == options.get("batch_norm", True)


@pytest.mark.parametrize(
    ("input_shape", "options", "message"),
    [
        ((8,), {}, r"takes images of shape \(height, width, channels\), not samples of shape \(8,\)"),
        ((8, 8, 1), {"filters": 0}, "Option filters of architecture allconv must be at least 1, not 0"),
        ((8, 8, 1), {"stages": -1}, "Option stages of architecture allconv must be at least 1, not -1"),
    ],
)
def test_what_does_not_fit(input_shape: tuple[int, ...], options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AllConv().build(input_shape, 3, **options)


@pytest.mark.long
def test_it_learns_and_converts(tmp_path: Path) -> None:
    relu = snnctl.train(arch="allconv", data="bars", epochs=2, lr=0.005, out=tmp_path / "relu")
    assert relu.metrics["accuracy"] > 0.9
    snn = snnctl.convert(tmp_path / "relu")
    assert snn.metrics["agreement"] == 1.0
    assert snn.metrics["accuracy"] == relu.metrics["accuracy"]
