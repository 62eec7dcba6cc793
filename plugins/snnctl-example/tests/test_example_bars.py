"""The data set keeps its promises."""

from __future__ import annotations

import numpy as np
import pytest
from snnctl_example.bars import Bars
from snnctl_example.drawing import BAR, GROUND

from snnctl.plugins import DataContext, Samples, load_registry

DIRECTIONS = [(0, 1), (1, 0), (-1, 1), (1, 1)]  # (rows, columns) from one pixel of a bar to the next, by label


@pytest.fixture(params=["train", "test"])
def samples(request: pytest.FixtureRequest) -> Samples:
    """Each split."""
    return Bars().load(request.param, DataContext())


def test_it_is_registered() -> None:
    registry = load_registry()
    assert isinstance(registry.dataset("bars"), Bars)
    assert registry.owner("datasets", "bars") == "snnctl-example"


def test_samples_are_what_the_attributes_say(samples: Samples) -> None:
    assert samples.inputs.shape == (len(samples), *Bars.input_shape)
    assert samples.inputs.dtype == np.uint8
    assert len(Bars.class_names) == Bars.classes
    assert np.bincount(samples.labels).tolist() == [len(samples) / Bars.classes] * Bars.classes


def test_mean_and_deviation_are_those_of_standard(samples: Samples) -> None:
    assert (samples.inputs.mean(), samples.inputs.std()) == pytest.approx(Bars.standard, rel=0.05)


def test_the_splits_are_always_the_same_and_differ_from_each_other() -> None:
    first, again, test = (Bars().load(split, DataContext()) for split in ("train", "train", "test"))
    assert np.array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.inputs[: len(test)], test.inputs)


@pytest.mark.parametrize("label", range(4))
def test_a_bar_lies_in_the_direction_of_its_class(samples: Samples, label: int) -> None:
    """Neighbours along the bar are both bright or both dark: their difference is smallest in its own direction."""
    images = samples.inputs[samples.labels == label, :, :, 0].astype(float)
    assert min(range(4), key=lambda direction: roughness(images, DIRECTIONS[direction])) == label


def roughness(images: np.ndarray, step: tuple[int, int]) -> float:
    """Mean absolute difference of inner pixels from their neighbours in the direction ``step``."""
    inner = images[:, 1:-1, 1:-1]
    neighbours = np.roll(images, (-step[0], -step[1]), axis=(1, 2))[:, 1:-1, 1:-1]
    return float(np.abs(inner - neighbours).mean())


def test_bars_stand_out(samples: Samples) -> None:
    bright = samples.inputs > GROUND + BAR / 2
    assert 4 <= bright.sum(axis=(1, 2, 3)).mean() <= 8
