"""Spiking networks with branches, clipped and signed neurons train along their ReLU networks' trajectories.

They do where each bias of the source is one D of the spiking network, and each D a bias. They do not where conversion
shares or folds parameters: two biases summed to one threshold, a leaky ReLU's kernel doubled for its two halves.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.models import precision
from snnctl.ttfs.timeline import relays, spiking_layers

STEPS, BATCH = 50, 8
SHAPE, CLASSES = (8, 8, 2), 3
L = keras.layers


def residual(x):
    """Two residual blocks, the second one with a projection; no batch normalisation."""
    x = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    y = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = L.ReLU()(L.Add()([x, L.Conv2D(6, 3, padding="same")(y)]))
    y = L.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    y = L.Conv2D(8, 3, padding="same")(y)
    x = L.ReLU()(L.Add()([L.Conv2D(8, 1, strides=2, use_bias=False)(x), y]))
    return L.Dense(CLASSES)(L.GlobalAveragePooling2D()(x))


def residual_with_two_biases(x):
    """Both branches have a bias; a neuron has one threshold."""
    x = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    y = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = L.ReLU()(L.Add()([L.Conv2D(6, 1)(x), L.Conv2D(6, 3, padding="same")(y)]))
    return L.Dense(CLASSES)(L.GlobalAveragePooling2D()(x))


def clipped(x):
    """Limits that are reached."""
    x = L.ReLU(6.0)(L.Conv2D(6, 3, padding="same")(x))
    x = L.ReLU(1.0)(L.DepthwiseConv2D(3, padding="same")(x))
    x = L.ReLU(0.4)(L.Conv2D(8, 1)(x))
    return L.Dense(CLASSES)(L.Flatten()(x))


def bottlenecks(x):
    """Sums of linear outputs, carried by signed neurons while the next block computes; no biases in front of a sum."""
    x = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = L.Conv2D(4, 1, use_bias=False)(x)
    for _ in range(2):
        y = L.ReLU(6.0)(L.Conv2D(10, 1)(x))
        y = L.ReLU(6.0)(L.DepthwiseConv2D(3, padding="same")(y))
        x = L.Add()([x, L.Conv2D(4, 1, use_bias=False)(y)])
    x = L.Conv2D(8, 1, activation="relu")(x)
    return L.Dense(CLASSES)(L.GlobalAveragePooling2D()(x))


def densely_connected(x):
    """Spikes of all earlier blocks side by side, those of the earliest waiting in relays."""
    x = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    for _ in range(3):
        x = L.Concatenate()([x, L.Conv2D(4, 3, padding="same", activation="relu")(x)])
    return L.Dense(CLASSES)(L.GlobalAveragePooling2D()(x))


def leaky(x):
    """Each leaky ReLU is a pair of neurons with a kernel and a threshold each."""
    x = L.LeakyReLU(0.2)(L.Conv2D(6, 3, padding="same")(x))
    return L.Dense(CLASSES)(L.Flatten()(L.MaxPooling2D(2)(x)))


class Race:
    """A ReLU network and its spiking form, trained on the same batches in float64."""

    def __init__(self, build: Callable) -> None:
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        with precision("float64"):
            start = keras.Input(SHAPE)
            self.relu = keras.Model(start, build(start))
            for bias in (weight for weight in self.relu.trainable_variables if weight.name == "bias"):
                bias.assign(rng.normal(scale=0.1, size=bias.shape))  # all different, so that they can be told apart
            self.snn = build_spiking(self.relu, SpikingSettings(input_range=(0.0, 1.0), dtype="float64"))
        self.inputs = rng.uniform(0, 1, (STEPS * BATCH, *SHAPE))
        self.labels = rng.integers(0, CLASSES, STEPS * BATCH)

    def run(self) -> float:
        """The largest difference of two parameters afterwards, relative to the largest of the tensor."""
        start = [weight.numpy() for weight in self.relu.trainable_variables]
        pairs = list(zip(self.relu.trainable_variables, self.counterparts(), strict=True))
        for model in (self.relu, self.snn):
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")
            model.compile(keras.optimizers.SGD(0.05), loss)
            model.fit(self.inputs, self.labels, batch_size=BATCH, shuffle=False, verbose=0)
        moved = [distance(weight.numpy(), before) for (weight, _), before in zip(pairs, start, strict=True)]
        assert max(moved) > 0.01, "the test must see training happen"
        return max(distance(weight.numpy(), other.numpy()) for weight, other in pairs if other is not None)

    def counterparts(self) -> list:
        """For each parameter of the ReLU network the one of the spiking network that starts with the same values."""
        found = []
        for weight in self.relu.trainable_variables:
            alike = [other for other in self.snn.trainable_variables if np.array_equal(other, weight)]
            found.append(alike[0] if alike else None)
        return found

    @property
    def without_counterpart(self) -> list[str]:
        """Parameters of either network that the other one has not."""
        found = self.counterparts()
        missing = [
            weight.path for weight, other in zip(self.relu.trainable_variables, found, strict=True) if other is None
        ]
        used = {id(other) for other in found}
        return missing + [weight.path for weight in self.snn.trainable_variables if id(weight) not in used]

    def logit_difference(self) -> float:
        """The largest, on some of the images."""
        return float(np.abs(self.relu(self.inputs[:20]) - self.snn(self.inputs[:20])).max())


def distance(first, second) -> float:
    return float(np.abs(first - second).max() / np.abs(first).max())


@pytest.mark.parametrize("build", [residual, clipped, densely_connected])
def test_the_same_weights_after_50_batches(build):
    race = Race(build)
    assert not race.without_counterpart
    assert race.run() <= 1e-9
    assert race.logit_difference() <= 1e-9


def test_the_networks_hold_what_they_are_named_after():
    assert relays(Race(residual).snn)
    assert relays(Race(densely_connected).snn)
    assert {layer.max_value for layer in spiking_layers(Race(clipped).snn)} == {6.0, 1.0, float(np.float32(0.4))}
    assert any(layer.signed for layer in spiking_layers(Race(bottlenecks).snn))


def test_the_same_weights_after_50_batches_with_signed_neurons():
    """The source has no parameter for the thresholds of neurons that only carry a sum: they stay as they are."""
    race = Race(bottlenecks)
    carrying = [layer for layer in spiking_layers(race.snn) if layer.signed]
    assert carrying
    widths = [float(layer.width.numpy()) for layer in carrying]
    assert not race.without_counterpart
    assert race.run() <= 1e-9
    assert race.logit_difference() <= 1e-9
    assert all(float(layer.width.numpy()) > width for layer, width in zip(carrying, widths, strict=True))
    assert all(not np.any(layer.D) for layer in carrying)


@pytest.mark.parametrize("build", [residual_with_two_biases, leaky])
def test_shared_parameters_leave_the_trajectory(build):
    """Where conversion makes one parameter of two, or two of one, a step is another one."""
    race = Race(build)
    assert race.without_counterpart
    assert race.logit_difference() <= 1e-9
    assert race.run() > 1e-4
