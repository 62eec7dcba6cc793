"""A spiking network (b1) trains along its ReLU network's trajectory. [HP]

It does where each bias of the source is one D of the spiking network, and each D a bias.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.models.network import precision
from snnctl.training.fit import make_optimizer
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.timeline import spiking_layers

STEPS, BATCH = 50, 8
SHAPE, CLASSES = (8, 8, 2), 3
L = keras.layers


def convolutional(x):
    """Convolutions with stride and zero padding, pooling, dense layers."""
    x = L.Conv2D(6, 5, strides=2, padding="same", activation="relu")(x)
    x = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPooling2D(2)(x))
    return L.Dense(CLASSES)(L.Dense(20, activation="relu")(L.Flatten()(x)))


def residual(x):
    """Two residual blocks, the second one with a projection; no batch normalisation."""
    x = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    y = L.Conv2D(6, 3, padding="same", activation="relu")(x)
    x = L.ReLU()(L.Add()([x, L.Conv2D(6, 3, padding="same")(y)]))
    y = L.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    y = L.Conv2D(8, 3, padding="same")(y)
    x = L.ReLU()(L.Add()([L.Conv2D(8, 1, strides=2, use_bias=False)(x), y]))
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


class Race:
    """A ReLU network and its spiking form, trained on the same batches."""

    def __init__(self, build: Callable, dtype: str = "float64") -> None:
        keras.utils.set_random_seed(0)
        rng = np.random.default_rng(0)
        self.dtype = dtype
        with precision(dtype):
            start = keras.Input(SHAPE)
            self.relu = keras.Model(start, build(start))
            for bias in (weight for weight in self.relu.trainable_variables if weight.name == "bias"):
                bias.assign(rng.normal(scale=0.1, size=bias.shape))  # all different, so that they can be told apart
            self.snn = build_spiking(self.relu, SpikingSettings(dtype=dtype))
        self.inputs = rng.uniform(0, 1, (STEPS * BATCH, *SHAPE)).astype(dtype)
        self.labels = rng.integers(0, CLASSES, STEPS * BATCH)
        # For each parameter of the ReLU network the one of the spiking network that starts with the same values.
        same = [
            [other for other in self.snn.trainable_variables if np.array_equal(other, weight)]
            for weight in self.relu.trainable_variables
        ]
        self.counterparts = [alike[0] if alike else None for alike in same]

    def run(self, optimizer: str = "sgd") -> float:
        """The largest difference of two parameters afterwards, relative to the largest of the tensor."""
        weights, start = self.relu.trainable_variables, [each.numpy() for each in self.relu.trainable_variables]
        for model in (self.relu, self.snn):
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=self.dtype)
            model.compile(make_optimizer(optimizer, 1e-3 if optimizer == "adam" else 0.05), loss)
            model.fit(self.inputs, self.labels, batch_size=BATCH, shuffle=False, verbose=0)
        moved = [distance(weight.numpy(), before) for weight, before in zip(weights, start, strict=True)]
        assert max(moved) > 0.01, "the test must see training happen"
        pairs = zip(weights, self.counterparts, strict=True)
        return max(distance(weight.numpy(), other.numpy()) for weight, other in pairs if other is not None)

    @property
    def one_to_one(self) -> bool:
        """Whether each parameter of either network has one in the other."""
        return {id(each) for each in self.counterparts} == {id(each) for each in self.snn.trainable_variables}

    def logit_difference(self) -> float:
        """The largest, on some of the images."""
        return float(np.abs(self.relu(self.inputs[:20]) - self.snn(self.inputs[:20])).max())


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first - second).max() / np.abs(first).max())


LONG = pytest.mark.long
LIMITS = {6.0, 1.0, float(np.float32(0.4))}
HOLDS = {
    residual: lambda snn: any(isinstance(layer, Relay) for layer in snn.layers),
    densely_connected: lambda snn: any(isinstance(layer, Relay) for layer in snn.layers),
    clipped: lambda snn: {layer.max_value for layer in spiking_layers(snn)} == LIMITS,
    bottlenecks: lambda snn: any(layer.signed for layer in spiking_layers(snn)),
}


@pytest.mark.parametrize(
    ("build", "dtype", "optimizer"),
    [
        (convolutional, "float64", "adam"),
        pytest.param(convolutional, "float64", "sgd", marks=LONG),
        (convolutional, "float32", "sgd"),
        pytest.param(residual, "float64", "sgd", marks=LONG),
        pytest.param(clipped, "float64", "sgd", marks=LONG),
        (bottlenecks, "float64", "sgd"),
        pytest.param(densely_connected, "float64", "sgd", marks=LONG),
    ],
)
def test_the_same_weights_after_50_batches(build: Callable, dtype: str, optimizer: str) -> None:
    race = Race(build, dtype)
    assert race.one_to_one
    assert HOLDS.get(build, bool)(race.snn), "the network must hold what it is named after"
    tolerance = 1e-9 if dtype == "float64" else 1e-4
    assert race.run(optimizer) <= tolerance
    assert race.logit_difference() <= tolerance


def test_windows_of_pairs_grow_and_their_thresholds_stay() -> None:
    """The source has no parameter for the thresholds of neurons that only carry a sum."""
    race = Race(bottlenecks)
    carrying = [layer for layer in spiking_layers(race.snn) if layer.signed]
    widths = [float(layer.width) for layer in carrying]
    race.snn(race.inputs[:8] * 10, training=True)
    assert sum(float(layer.width) for layer in carrying) > sum(widths)
    assert all(not np.any(layer.D) and not layer.D.trainable for layer in carrying)
