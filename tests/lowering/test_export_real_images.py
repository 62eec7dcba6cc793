"""Networks of the usual kinds on 1,000 real images each: simulated event by event, every spike is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from oracle import simulated
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.data.dataset import DataContext
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.models import as_dtype, precision
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter

pytestmark = [pytest.mark.long, pytest.mark.real_data]

L = keras.layers
IMAGES = 1000


def fc2(x):
    """Two layers."""
    return L.Dense(10)(L.Dense(340, activation="relu")(L.Flatten()(x)))


def lenet5(x):
    """With max pooling."""
    for filters in (6, 16):
        x = L.MaxPooling2D(2)(L.Conv2D(filters, 5, padding="same", activation="relu")(x))
    for units in (120, 84):
        x = L.Dense(units, activation="relu")(L.Flatten()(x))
    return L.Dense(10)(x)


def vgg(x):
    """Batch normalisation behind the ReLUs: before pools, too."""
    for filters, convolutions in ((6, 2), (12, 2), (24, 3)):
        for _ in range(convolutions):
            x = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = L.MaxPooling2D(2)(x)
    x = L.BatchNormalization()(L.Dense(48, activation="relu")(L.Flatten()(x)))
    return L.Dense(10)(x)


def conv_norm(x, filters, size, **options):
    return L.BatchNormalization()(L.Conv2D(filters, size, padding="same", **options)(x))


def resnet(x):
    """Sums of branches, with and without projections."""
    x = L.ReLU()(conv_norm(x, 6, 3))
    for filters, stride in ((6, 1), (12, 2), (12, 1), (24, 2)):
        y = conv_norm(L.ReLU()(conv_norm(x, filters, 3, strides=stride)), filters, 3)
        x = x if filters == x.shape[-1] else conv_norm(x, filters, 1, strides=stride)
        x = L.ReLU()(L.Add()([x, y]))
    return L.Dense(10)(L.GlobalAveragePooling2D()(x))


def mobilenet(x):
    """Depthwise convolutions, ReLU6, and linear bottlenecks that are summed."""
    x = conv_norm(L.ReLU(6.0)(conv_norm(x, 8, 3, strides=2)), 6, 1)
    for filters, stride in ((6, 1), (10, 2), (10, 1)):
        y = L.ReLU(6.0)(conv_norm(x, 4 * x.shape[-1], 1))
        y = L.DepthwiseConv2D(3, strides=stride, padding="same")(y)
        y = conv_norm(L.ReLU(6.0)(L.BatchNormalization()(y)), filters, 1)
        x = L.Add()([x, y]) if filters == x.shape[-1] and stride == 1 else y
    x = L.ReLU(6.0)(conv_norm(x, 32, 1))
    return L.Dense(10)(L.GlobalAveragePooling2D()(x))


KINDS = [(fc2, "mnist"), (lenet5, "mnist"), (vgg, "cifar10"), (resnet, "cifar10"), (mobilenet, "cifar10")]


def images(name: str, split: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Inputs from 0 to 1, and labels."""
    dataset = load_registry(entry_points=False).dataset(name)
    samples = load_split(dataset, split, DataContext(folder), parse_preprocess("unit", dataset), limit=2 * IMAGES)
    return samples.inputs, samples.labels


def trained(build: Callable, inputs: np.ndarray, labels: np.ndarray) -> keras.Model:
    """A network that has seen each image three times."""
    keras.utils.set_random_seed(0)
    entry = keras.Input(inputs.shape[1:])
    model = keras.Model(entry, build(entry))
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.momentum = 0.8
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss)
    model.fit(inputs, labels, batch_size=64, epochs=3, verbose=0)
    return model


@pytest.mark.parametrize(("build", "data"), KINDS)
def test_every_spike_is_the_same(build, data, real_data):
    source = trained(build, *images(data, "train", real_data))
    seen, shown = images(data, "train", real_data)[0], images(data, "test", real_data)[0][:IMAGES]
    for dtype in ("float64", "float32"):
        with precision(dtype):
            snn = build_spiking(as_dtype(source, dtype), SpikingSettings(dtype=dtype))
            calibrate(snn, seen.astype(dtype), 1.0, 0.5, 100, SilentReporter())
            found = simulated(snn, shown.astype(dtype))
        figures = found.figures
        assert found.difference == ""
        assert figures["images"] == IMAGES
        assert figures["different_predictions"] == 0
        assert figures["largest_relative_difference"] <= 1e-4
        assert figures["different_spikes"] == figures["borderline_spikes"]
        if dtype == "float64":
            assert figures["largest_time_difference"] <= 1e-9
            assert figures["different_spikes"] == 0
            assert figures["different_saturated_spikes"] == 0
            assert figures["different_synaptic_operations"] == 0
