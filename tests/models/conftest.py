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
def expected(keras2_folder: Path) -> dict[str, np.ndarray]:
    """Inputs ("NAME/x") and the outputs Keras 2 computed for them ("NAME/y")."""
    with np.load(keras2_folder / "expected.npz") as arrays:
        return dict(arrays)


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
