"""Networks trained side by side: the same batches, and how far their weights part."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.models.network import precision
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter
from snnctl.training.fit import FitSettings
from snnctl.training.trajectory import batches, compared, relu_weights, trajectories
from snnctl.verbs.plugin_objects import neuron_of

L = keras.layers
SGD = FitSettings(batch_size=8, lr=0.05, lr_schedule="constant", optimizer="sgd", xla="off", seed=3)


def network():
    with precision("float64"):
        keras.utils.set_random_seed(0)
        return keras.Sequential([keras.Input((10,)), L.Dense(20, "relu"), L.Dense(12, "relu"), L.Dense(3)])


def data(count=100):
    inputs = np.random.default_rng(0).uniform(0, 1, (count, 10))
    return inputs, inputs[:, :3].argmax(axis=1)


def networks(*neurons):
    relu = network()
    models = {"relu": relu}
    with precision("float64"):
        for neuron in neurons:
            settings = SpikingSettings(neuron=neuron_of(neuron, load_registry()), dtype="float64")
            models[neuron] = build_spiking(relu, settings)
    return models


def run(*neurons, steps=60, settings=SGD, every=0, **rates):
    with precision("float64"):
        models, reporter = networks(*neurons), SilentReporter()
        return trajectories(models, data(), steps, settings, rates, lambda model: 0.5, every, reporter)


def test_smart_alpha1_begins_at_the_relu_network_whose_sums_are_small():
    model = network()
    with precision("float64"):
        for layer in model.layers[:2]:
            W = layer.get_weights()[0]
            layer.kernel.assign(W - np.maximum(W.sum(axis=0) - 0.5, 0) / len(W))
        smart = build_spiking(
            model, SpikingSettings(neuron=neuron_of("smart-alpha1", load_registry()), dtype="float64")
        )
    for own, reference in zip(relu_weights(smart, "smart-alpha1"), relu_weights(model, "relu"), strict=True):
        np.testing.assert_allclose(own, reference, atol=1e-12)


def test_equivalent_weights_of_a_neuron_that_cannot_fire_are_zero():
    smart = networks("smart-alpha1")["smart-alpha1"]
    layer = next(layer for layer in smart.layers if hasattr(layer, "synapses"))
    layer.synapses[0].kernel.assign(np.full((10, 20), -0.5))
    weights = relu_weights(smart, "smart-alpha1")
    assert not weights[0].any()
    assert not weights[1].any()
    assert weights[2].any()


@pytest.mark.long
def test_a_learning_rate_of_its_own():
    (_, fast), (_, slow) = (run("alpha1", steps=5, alpha1=lr) for lr in (None, 1e-9))
    assert fast.distance != slow.distance
    assert slow.loss[1] == fast.loss[1]


@pytest.mark.long
def test_one_that_diverges_is_left_behind():
    settings = replace(SGD, lr=1e-3)
    relu, alpha1 = run("alpha1", steps=10, settings=settings, alpha1=1e300)
    assert relu.diverged is None
    assert len(relu.loss) == 11
    assert alpha1.diverged is not None
    assert len(alpha1.loss) == len(alpha1.distance) == alpha1.diverged
    assert list(alpha1.accuracy) == [0]
    assert np.isfinite(alpha1.distance).all()


def test_the_reference_may_diverge_too():
    relu, b1 = run("b1", steps=8, settings=replace(SGD, lr=1e300))
    assert relu.diverged is not None
    assert b1.diverged is not None


@pytest.mark.parametrize(("every", "expected"), [(0, [0, 7]), (3, [0, 3, 6, 7])])
def test_when_the_accuracy_is_measured(every, expected):
    [relu] = run(steps=7, every=every)
    assert list(relu.accuracy) == expected


def test_batches_pass_over_the_data_again_and_again():
    inputs, labels = np.arange(10)[:, None], np.arange(10)
    found = list(batches((inputs, labels), 7, 4, seed=1))
    assert [len(batch) for batch, _ in found] == [4, 4, 2, 4, 4, 2, 4]
    assert all((batch[:, 0] == its_labels).all() for batch, its_labels in found)
    passes = [np.concatenate([its for _, its in found[start : start + 3]]) for start in (0, 3)]
    assert all(sorted(order) == list(range(10)) for order in passes)
    assert passes[0].tolist() != passes[1].tolist()
    again = list(islice(batches((inputs, labels), 7, 4, seed=1), 7))
    assert all((one[1] == other[1]).all() for one, other in zip(found, again, strict=True))


def test_distance_and_cosine():
    assert compared(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == (0.0, pytest.approx(1.0))
    assert compared(np.array([0.0, 5.0]), np.array([5.0, 0.0])) == (pytest.approx(2**0.5), 0.0)
    distance, cosine = compared(np.zeros(2), np.array([1.0, 0.0]))
    assert distance == 1.0
    assert np.isnan(cosine)
