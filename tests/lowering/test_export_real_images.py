"""Networks of the usual kinds on 1,000 real images each: simulated event by event, every spike is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

import networks
from oracle import simulated
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.data.dataset import DataContext
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.models.network import as_dtype, precision
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter

pytestmark = [pytest.mark.long, pytest.mark.real_data]

L = keras.layers
IMAGES = 1000


KINDS = [(networks.lenet, "mnist")] + [
    (build, "cifar10") for build in (networks.vgg, networks.resnet, networks.mobilenet)
]


def images(name: str, split: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Inputs from 0 to 1, and labels of as many classes as the networks have."""
    dataset = load_registry(entry_points=False).dataset(name)
    samples = load_split(dataset, split, DataContext(folder), parse_preprocess("unit", dataset), limit=2 * IMAGES)
    return samples.inputs, samples.labels % 4


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
            figures, difference = simulated(snn, shown.astype(dtype))
        assert difference == ""
        assert figures["images"] == IMAGES
        assert figures["different_predictions"] == 0
        assert figures["largest_relative_difference"] <= 1e-4
        assert figures["different_spikes"] == figures["borderline_spikes"]
        if dtype == "float64":
            assert figures["largest_time_difference"] <= 1e-9
            assert figures["different_spikes"] == 0
            assert figures["different_saturated_spikes"] == 0
            assert figures["different_synaptic_operations"] == 0
