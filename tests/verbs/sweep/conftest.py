"""A small network that knows digits, as a spiking one in a run folder."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

import snnctl
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.plugins import DataContext, load_registry

IMAGES = 400


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a converted network for mnist-mini, with an accuracy of about 80 %."""
    dataset = load_registry().dataset("mnist-mini")
    train = load_split(dataset, "train", DataContext(), parse_preprocess("unit", dataset), limit=IMAGES)
    keras.utils.set_random_seed(0)
    relu = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu", name="hidden"),
            keras.layers.Dense(10, name="digits"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    relu.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    relu.fit(train.inputs, train.labels, batch_size=32, epochs=6, verbose=0)
    folder = tmp_path_factory.mktemp("digits") / "snn"
    snnctl.convert(relu, data="mnist-mini", limit=IMAGES, verify="none", out=folder)
    return folder
