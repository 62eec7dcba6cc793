"""Figures summed up batch by batch are those of the whole."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.logits import logits_of
from snnctl.data.stream import ArrayStream
from snnctl.metrics.network import measured_network
from snnctl.metrics.predictions import (
    Agreement,
    RunningAgreement,
    RunningScore,
    accuracy,
    by_class,
    losses,
    worst,
)
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.measurement import Measurement
from snnctl.verbs.network_shape import class_count, class_output
from snnctl.verbs.verification import Comparison, compare

layers = keras.layers
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 5), (40, 1), (40, 3, 4, 2), (40, 3, 4, 1)])
def test_sums_over_batches(shape: tuple[int, ...]) -> None:
    first = RNG.normal(size=shape).astype("float32")
    second = first + RNG.normal(0, 0.5, shape).astype("float32")
    running = RunningAgreement()
    for start in range(0, 40, 7):
        running.add(first[start : start + 7], second[start : start + 7])
    found = running.result()
    assert 0.3 < found.agreement < 1
    assert found.samples == np.prod(shape[:-1])
    assert found.max_logit_difference == np.abs(first.astype(float) - second).max()
    assert found.mean_logit_difference == pytest.approx(np.abs(first.astype(float) - second).mean())
    assert found.largest_logit == np.abs(first).max()
    chosen = (first > 0) == (second > 0) if shape[-1] == 1 else first.argmax(-1) == second.argmax(-1)
    assert found.different_predictions == np.count_nonzero(~chosen)


def test_a_difference_that_is_no_number_is_not_overlooked() -> None:
    running = RunningAgreement()
    running.add(np.array([[1.0, 2.0]]), np.array([[np.nan, 2.0]]))
    running.add(np.array([[1.0, 2.0]]), np.array([[1.0, 2.0]]))
    assert np.isnan(running.result().max_logit_difference)


@pytest.mark.parametrize("columns", [4, 1])
def test_scores_over_batches(columns: int) -> None:
    logits, labels = RNG.normal(size=(40, columns)), RNG.integers(0, max(2, columns), 40)
    running = RunningScore()
    for start in range(0, 40, 9):
        running.add(logits[start : start + 9], labels[start : start + 9])
    assert running.accuracy == accuracy(by_class(logits), labels)
    assert running.loss == pytest.approx(losses(by_class(logits), labels).mean())
    if columns == 1:
        probability = 1 / (1 + np.exp(-logits[:, 0]))
        expected = -np.log(np.where(labels == 1, probability, 1 - probability)).mean()
        assert running.loss == pytest.approx(expected)


def test_the_worst_of_several_outputs() -> None:
    one, other = Agreement(10, 0.5, 1.0, np.nan, 3.0), Agreement(20, 0.4, 2.0, 0.1, 2.0)
    assert repr(worst([one, other])) == repr(Agreement(20, 0.4, 2.0, np.nan, 3.0))


def compared(net: keras.Model, stream: ArrayStream, scored: int | None, size: int) -> tuple[Comparison, dict]:
    """A network and its spiking form, and the figures of the latter."""
    snn = build_spiking(net, SpikingSettings(width=1e4))
    network = measured_network(snn, "snn", stream.shape, scored)
    measurement = Measurement(network, load_registry(entry_points=False), SilentReporter(), compared=True)
    found = compare(logits_of(net), measurement, stream, size, SilentReporter(), "comparing")
    return found, measurement.figures()


@pytest.mark.parametrize("size", [7, 500])
def test_both_networks_are_shown_every_sample_once(
    net: keras.Model, pixels: np.ndarray, labels: np.ndarray, size: int
) -> None:
    inputs = pixels / np.float32(255)
    found, figures = compared(net, ArrayStream(lambda: inputs, labels), 0, size)
    assert found.score is not None
    assert found.score.loss == pytest.approx(figures["loss"])
    assert found.score.accuracy == np.mean(net.predict(inputs, verbose=0).argmax(-1) == labels) == 0.75
    assert (figures["images"], figures["accuracy"], figures["agreement"]) == (120, 0.75, 1.0)
    assert np.sum(figures["confusion_matrix"]) == 120
    assert figures["max_logit_difference"] < 1e-4
    assert "outputs" not in figures


@pytest.mark.parametrize(("units", "classes", "count"), [(1, 2, 2), (5, 5, 5)])
def test_classes_of_an_output(units: int, classes: int, count: int) -> None:
    net = keras.Sequential([keras.Input((3,)), layers.Dense(units)])
    assert class_count(net) == count
    assert class_output(net, classes) == 0
    assert class_output(net, 7) is None
    assert class_output(net, None) is None
