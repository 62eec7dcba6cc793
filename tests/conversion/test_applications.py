"""The networks of keras.applications: exact conversion, and refusals that name every obstacle.

Their weights are random (nothing is downloaded), their statistics those of real images, and their logits spread out.
With a thousand classes that are nearly tied, a small error changes predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest

import oracle
import settling
from snnctl.builtin.datasets import Cifar10
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.conversion.logits import logits_of
from snnctl.data.dataset import DataContext
from snnctl.errors import ConversionError
from snnctl.models.network import as_dtype, precision
from snnctl.progress import SilentReporter

A, L = keras.applications, keras.layers

IMAGES = 1000
SETTLING = 128  # images that statistics are taken from
CALIBRATING = 256
BATCH = 50
REPORTER = SilentReporter()


@dataclass(frozen=True)
class Application:
    """A network of keras.applications.

    Args:
        make: its function.
        side: side of the images.
        doubles: images that are compared in float64.
    """

    make: Callable[..., keras.Model]
    side: int = 64
    doubles: int = 100

    def build(self, **options: object) -> keras.Model:
        """The network with random weights."""
        keras.utils.set_random_seed(0)
        return self.make(weights=None, input_shape=(self.side, self.side, 3), **options)


APPLICATIONS = {
    "VGG16": Application(A.VGG16),
    "VGG19": Application(A.VGG19),
    "ResNet50": Application(A.ResNet50),
    "ResNet101": Application(A.ResNet101),
    "ResNet50V2": Application(A.ResNet50V2),
    "MobileNet": Application(A.MobileNet, doubles=IMAGES),
    "MobileNetV2": Application(A.MobileNetV2, doubles=IMAGES),
    "DenseNet121": Application(A.DenseNet121),
    "InceptionV3": Application(A.InceptionV3, side=75),
    "Xception": Application(A.Xception, side=71),
    "NASNetMobile": Application(A.NASNetMobile),
}


def resized(images: np.ndarray, side: int) -> np.ndarray:
    """Images in [0, 1], three channels, of the size wanted."""
    images = np.repeat(images, 3 // images.shape[-1], axis=-1).astype("float32") / 255
    return np.clip(keras.ops.convert_to_numpy(keras.ops.image.resize(images, (side, side))), 0.0, 1.0)


def settle(model: keras.Model, images: np.ndarray) -> None:
    """Numbers as a trained network might have them: nothing dies or explodes, and images differ in their logits."""
    draws = np.random.default_rng(0)
    norms = [layer for layer in model.layers if isinstance(layer, L.BatchNormalization)]
    if norms:
        settle_norms(model, norms, images, draws)
        last = [layer for layer in model.layers if layer.trainable_weights][-1]
        settling.settle(last, run(keras.Model(model.input, last.input), images), draws)
    else:
        settle_chain(model, images, draws)


def settle_norms(model: keras.Model, norms: list, images: np.ndarray, draws: np.random.Generator) -> None:
    """Random scales and centres; the statistics of one pass in training mode."""
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
        if norm.scale:
            norm.gamma.assign(draws.uniform(0.5, 1.5, norm.gamma.shape))
        norm.beta.assign(draws.normal(scale=0.3, size=norm.beta.shape))
    model(images, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def settle_chain(model: keras.Model, images: np.ndarray, draws: np.random.Generator) -> None:
    """Layer by layer: VGG has no normalisation."""
    for layer in model.layers[1:]:
        settling.settle(layer, images, draws)
        images = np.asarray(layer(images))


def run(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """What the model computes, in batches."""
    return model.predict(images, batch_size=BATCH, verbose=0)


def compare(source: keras.Model, images: np.ndarray, calibration: np.ndarray, dtype: str) -> tuple[float, float, int]:
    """Agreement of predictions, the largest relative difference of logits, and how many classes are predicted."""
    source, images = as_dtype(source, dtype), images.astype(dtype)
    with precision(dtype):
        snn = build_spiking(source, SpikingSettings(dtype=dtype))
        calibrate(snn, calibration.astype(dtype), 1.0, 0.5, BATCH, REPORTER)
        expected, found = run(logits_of(source), images), run(snn, images)
    classes = expected.argmax(-1)
    agreement = float(np.mean(classes == found.argmax(-1)))
    return agreement, oracle.largest_relative_difference(expected, found), len(np.unique(classes))


@pytest.fixture(scope="module")
def photographs(real_data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images of CIFAR-10, to calibrate on and to compare on."""
    context = DataContext(data_dir=real_data, download=False)
    return Cifar10().load("train", context).inputs[:CALIBRATING], Cifar10().load("test", context).inputs[:IMAGES]


@pytest.mark.long
@pytest.mark.real_data
@pytest.mark.parametrize("name", APPLICATIONS)
def test_it_converts_exactly(name: str, photographs: tuple[np.ndarray, np.ndarray]) -> None:
    """In float32, calibrated on other images; in float64, calibrated on the images, so that nothing saturates."""
    application = APPLICATIONS[name]
    calibration, images = (resized(part, application.side) for part in photographs)
    model = application.build()
    settle(model, calibration[:SETTLING])
    agreement, _, classes = compare(model, images, calibration, "float32")
    assert classes >= 20
    assert agreement >= 0.995
    images = images[: application.doubles]
    agreement, difference, _ = compare(model, images, images, "float64")
    assert agreement == 1.0
    assert difference <= 1e-9


def test_a_refusal_names_every_obstacle() -> None:
    """Of EfficientNet: swish, the sigmoids of squeeze-and-excitation, and the products."""
    model = Application(A.EfficientNetB0).build()

    def is_obstacle(layer: L.Layer) -> bool:
        activation = getattr(getattr(layer, "activation", None), "__name__", "")
        return activation in ("silu", "swish", "sigmoid") or isinstance(layer, L.Multiply)

    with pytest.raises(ConversionError) as refusal:
        build_spiking(model, SpikingSettings(input_range=(0.0, 255.0)))
    places = " ".join(obstacle.where for obstacle in refusal.value.obstacles)
    obstacles = {layer.name for layer in model.layers if is_obstacle(layer)}
    assert not [name for name in obstacles if f"'{name}'" not in places or name not in str(refusal.value)]
    innocent = {layer.name for layer in model.layers if type(layer) in (L.Conv2D, L.Dense, L.Add)} - obstacles
    assert not [name for name in innocent if f"'{name}'" in places]
