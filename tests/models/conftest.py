"""What the tests of reading networks share."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def keras2_folder() -> Path:
    """Files that Keras 2 wrote, see tests/fixtures/make_keras2_files.py."""
    return TESTS / "fixtures" / "keras2"


@pytest.fixture(scope="session")
def early_keras2_folder() -> Path:
    """Files that an early Keras 2, of TensorFlow 2.12, wrote."""
    return TESTS / "fixtures" / "keras2-12"


@pytest.fixture(scope="session")
def expected(keras2_folder: Path) -> dict[str, np.ndarray]:
    """Inputs ("NAME/x") and the outputs Keras 2 computed for them ("NAME/y")."""
    return arrays(keras2_folder / "expected.npz") | arrays(keras2_folder / "graph_operations.npz")


@pytest.fixture(scope="session")
def early_expected(early_keras2_folder: Path) -> dict[str, np.ndarray]:
    """The same for the files of the early Keras 2."""
    return arrays(early_keras2_folder / "expected.npz")


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def small_model() -> keras.Model:
    """Convolution, batch normalisation after ReLU, pooling, dense; every weight and statistic is random."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, padding="same"),
            layers.Activation("relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(4, activation="relu"),
            layers.Dense(3),
        ]
    )
    chance = np.random.default_rng(5)
    model.set_weights([chance.uniform(0.2, 1.0, weight.shape) for weight in model.weights])
    return model
