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
    files = [np.load(keras2_folder / name) for name in ("expected.npz", "graph_operations.npz")]
    return {key: file[key] for file in files for key in file}


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


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``good.keras`` and ``good.h5``: two dense layers, alpha and beta."""
    folder = tmp_path_factory.mktemp("good")
    dense = [keras.layers.Dense(3, name="alpha"), keras.layers.Dense(2, name="beta")]
    model = keras.Sequential([keras.Input((4,)), *dense], name="sequential")
    for name in ("good.keras", "good.h5"):
        model.save(folder / name)
    return folder
