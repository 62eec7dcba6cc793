"""A spiking network (b1) trains along its ReLU network's trajectory; with alpha1 neurons it does not. [HP]"""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.builtin.datasets import ALL as DATASETS
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.data.dataset import DataContext
from snnctl.models import precision
from snnctl.training.optimizers import make_optimizer

STEPS, BATCH = 500, 8
layers = keras.layers


def fc2():
    inputs = keras.Input((28, 28, 1))
    x = layers.Dense(340, activation="relu")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(10)(x))


def small_conv():
    """Convolutions with stride and zero padding, pooling, dense layers."""
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(6, 5, strides=2, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.Dense(20, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


@pytest.fixture(scope="module")
def digits():
    """The first batches of mnist-mini, scaled to 0..1."""
    mini = next(dataset for dataset in DATASETS if dataset.name == "mnist-mini")
    samples = mini.load("train", DataContext())
    chosen = np.random.default_rng(0).integers(0, len(samples), STEPS * BATCH)
    return samples.inputs[chosen] / 255.0, samples.labels[chosen]


def trained(build, neuron, optimizer, dtype, digits):
    """Parameters (kernel, bias or D of each layer) after all steps, of the ReLU network if ``neuron`` is None."""
    keras.utils.set_random_seed(0)
    with precision(dtype):
        model = build()
        if neuron is not None:
            model = build_spiking(model, SpikingSettings(neuron=neuron, dtype=dtype))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
        model.compile(make_optimizer(optimizer, 1e-3 if optimizer == "adam" else 0.05), loss)
        model.fit(digits[0].astype(dtype), digits[1], batch_size=BATCH, shuffle=False, verbose=0)
    return parameters(model)


def parameters(model) -> list[np.ndarray]:
    """Kernel and bias of every layer, or J and D."""
    found = []
    for layer in model.layers:
        if hasattr(layer, "D"):
            found += [layer.synapses[0].kernel.numpy(), layer.D.numpy()]
        elif hasattr(layer, "kernel"):
            found += [layer.kernel.numpy(), layer.bias.numpy()]
    return found


def distance(first, second) -> float:
    """Largest difference of two weights, relative to the largest weight of the tensor."""
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("optimizer", [pytest.param("sgd", marks=pytest.mark.long), "adam"])
@pytest.mark.parametrize("build", [fc2, pytest.param(small_conv, marks=pytest.mark.long)])
def test_the_same_weights_after_500_batches_in_float64(build, optimizer, digits):
    relu = trained(build, None, optimizer, "float64", digits)
    spiking = trained(build, "b1", optimizer, "float64", digits)
    assert distance(relu, spiking) <= 1e-10
    keras.utils.set_random_seed(0)
    with precision("float64"):
        assert distance(relu, parameters(build())) > 0.01, "the test must see training happen"


@pytest.mark.parametrize("build", [fc2, pytest.param(small_conv, marks=pytest.mark.long)])
def test_the_same_weights_after_500_batches_in_float32(build, digits):
    relu = trained(build, None, "sgd", "float32", digits)
    assert distance(relu, trained(build, "b1", "sgd", "float32", digits)) <= 1e-4


@pytest.mark.long
def test_alpha1_leaves_the_trajectory(digits):
    """The same comparison fails for a neuron with another Jacobian, so it can fail."""
    relu = trained(fc2, None, "sgd", "float64", digits)
    assert distance(relu, trained(fc2, "alpha1", "sgd", "float64", digits)) > 0.1
