"""A small network and what it was trained on."""

import keras
import numpy as np
import pytest

CLASSES = 3
SHAPE = (6, 6, 1)


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """Whole numbers, 0 and 255 among them, uint8 (120, 6, 6, 1)."""
    values = np.random.default_rng(3).integers(0, 256, (120, *SHAPE), np.uint8)
    values[0], values[1] = 0, 255
    return values


@pytest.fixture(scope="session")
def labels(net: keras.Model, pixels: np.ndarray) -> np.ndarray:
    """What the network says of three in four samples, and something else of the rest."""
    right = net.predict(pixels / np.float32(255), verbose=0).argmax(axis=-1)
    return np.where(np.arange(len(pixels)) % 4 == 3, (right + 1) % CLASSES, right)


@pytest.fixture(scope="session")
def net() -> keras.Model:
    """A convolutional network for inputs from 0 to 1; its batch normalisation has seen such inputs."""
    keras.utils.set_random_seed(5)
    layers = [
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(momentum=0.0),
        keras.layers.ReLU(),
        keras.layers.Flatten(),
        keras.layers.Dense(CLASSES, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input(SHAPE), *layers])
    model(np.random.default_rng(4).uniform(0, 1, (500, *SHAPE)).astype("float32"), training=True)
    return model
