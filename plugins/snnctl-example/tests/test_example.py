"""The data set keeps its promises, the network converts exactly, the metric counts neurons that never fire."""

from pathlib import Path

import keras
import numpy as np
import pytest
from snnctl_example.allconv import AllConv
from snnctl_example.bars import Bars
from snnctl_example.drawing import BAR, GROUND

import snnctl
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import UsageError
from snnctl.plugins import DataContext, Samples, load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.measure import measure

DIRECTIONS = [(0, 1), (1, 0), (-1, 1), (1, 1)]  # (rows, columns) from one pixel of a bar to the next, by label


def test_it_is_registered() -> None:
    [plugin] = [plugin for plugin in load_registry().plugins if plugin.name == "example"]
    assert (plugin.package, plugin.error) == ("snnctl-example", None)
    assert dict(plugin.adds) == {"datasets": ("bars",), "architectures": ("allconv",)}
    assert plugin.late == ("metrics",)


@pytest.mark.parametrize("split", ["train", "test"])
def test_samples_are_bright_bars_and_what_the_attributes_say(split: str) -> None:
    samples, again = Bars().load(split, DataContext()), Bars().load(split, DataContext())
    assert np.array_equal(samples.inputs, again.inputs)
    assert samples.inputs.shape == (len(samples), *Bars.input_shape)
    assert samples.inputs.dtype == np.uint8
    assert len(Bars.class_names) == Bars.classes
    assert np.bincount(samples.labels).tolist() == [len(samples) / Bars.classes] * Bars.classes
    assert (samples.inputs.mean(), samples.inputs.std()) == pytest.approx(Bars.standard, rel=0.05)
    assert 4 <= (samples.inputs > GROUND + BAR / 2).sum(axis=(1, 2, 3)).mean() <= 8
    for label in range(Bars.classes):  # a bar lies in the direction of its class: neighbours along it differ least
        images = samples.inputs[samples.labels == label, :, :, 0].astype(float)
        assert min(range(4), key=lambda direction: roughness(images, DIRECTIONS[direction])) == label


def roughness(images: np.ndarray, step: tuple[int, int]) -> float:
    """Mean absolute difference of inner pixels from their neighbours in the direction ``step``."""
    inner = images[:, 1:-1, 1:-1]
    neighbours = np.roll(images, (-step[0], -step[1]), axis=(1, 2))[:, 1:-1, 1:-1]
    return float(np.abs(inner - neighbours).mean())


def test_the_splits_differ() -> None:
    train, test = (Bars().load(split, DataContext()) for split in ("train", "test"))
    assert not np.array_equal(train.inputs[: len(test)], test.inputs)


@pytest.mark.parametrize(
    ("input_shape", "options", "filters"),
    [
        ((8, 8, 1), {}, [8, 8, 16, 16, 3]),
        ((7, 9, 3), {"filters": 2, "stages": 1}, [2, 2, 3]),
        ((1, 1, 1), {"stages": 3, "batch_norm": False}, [8, 8, 16, 16, 32, 32, 3]),
    ],
)
def test_networks_are_built_as_the_options_say(input_shape: tuple[int, ...], options: dict, filters: list[int]) -> None:
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
    ],
)
def test_what_does_not_fit(input_shape: tuple[int, ...], options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AllConv().build(input_shape, 3, **options)


@pytest.mark.long
def test_its_network_learns_and_converts(tmp_path: Path) -> None:
    relu = snnctl.train(arch="allconv", data="bars", epochs=2, lr=0.005, out=tmp_path / "relu")
    assert relu.metrics["accuracy"] > 0.9
    snn = snnctl.convert(tmp_path / "relu")
    assert snn.metrics["agreement"] == 1.0
    assert snn.metrics["accuracy"] == relu.metrics["accuracy"]


def test_neurons_that_cannot_fire_are_silent() -> None:
    dense = keras.layers.Dense(4, activation="relu", name="hidden")
    relu = keras.Sequential([keras.Input((3,)), dense, keras.layers.Dense(2)])
    dense.set_weights([np.ones((3, 4)), np.array([0.0, -9.0, 1.0, -9.0])])
    snn = build_spiking(relu, SpikingSettings(width=10.0))
    samples = Samples(np.random.default_rng(0).random((30, 3)).astype("float32"), np.zeros(30, int))
    figures = measure(snn, "snn", samples, 8, SilentReporter(), "", registry=load_registry())
    assert figures["plugins"]["silent"] == {"hidden": 0.5}
