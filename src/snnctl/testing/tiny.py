"""A data set and networks so small that everything can be tried out on them in no time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras

    from snnctl.events.network import Network

NAME = "snnctl-tiny"
SHAPE = (6, 6, 1)
CLASSES = 3


class TinyData(Dataset):
    """Images of 6x6 pixels; the class tells which third of the rows is bright."""

    name = NAME
    summary = "For checks: 48 images of 6x6 pixels, three classes"
    input_shape = SHAPE
    classes = CLASSES
    raw_range = (0.0, 1.0)

    def load(self, split: str, context: DataContext) -> Samples:
        """All samples of ``split``."""
        return tiny_samples(48, seed=("train", "test").index(split))

    def where(self, context: DataContext) -> str:
        """Always there."""
        return "made on the spot"


class TinyArchitecture(Architecture):
    """A convolution, pooling, a hidden layer and a readout."""

    name = NAME
    summary = "For checks: 4 filters, pooling, 8 hidden units"

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        """The freshly initialised ReLU network."""
        import keras

        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input(input_shape),
                layers.Conv2D(4, 3, activation="relu", name="conv"),
                layers.MaxPooling2D(name="pool"),
                layers.Flatten(name="flatten"),
                layers.Dense(8, activation="relu", name="hidden"),
                layers.Dense(classes, name="readout"),
            ],
            name="tiny",
        )


class Networks:
    """The small networks, each made when it is asked for first; must not be changed."""

    @cached_property
    def relu(self) -> keras.Model:
        """See :func:`tiny_relu`."""
        return tiny_relu()

    @cached_property
    def snn(self) -> keras.Model:
        """The spiking form of :attr:`relu`."""
        return tiny_snn(self.relu)


def tiny_samples(count: int, seed: int = 0) -> Samples:
    """``count`` samples of :class:`TinyData`: inputs (count, 6, 6, 1) between 0 and 1, float32."""
    random = np.random.default_rng(seed)
    labels = random.integers(CLASSES, size=count)
    inputs = random.uniform(0, 0.5, (count, *SHAPE)).astype("float32")
    for row in range(SHAPE[0]):
        inputs[labels == row // 2, row] += 0.5
    return Samples(inputs, labels)


def tiny_relu(seed: int = 0) -> keras.Model:
    """A ReLU network for :class:`TinyData`, random weights and biases."""
    import keras

    keras.utils.set_random_seed(seed)
    model = TinyArchitecture().build(SHAPE, CLASSES)
    return with_random_biases(model, seed)


def with_random_biases(model: keras.Model, seed: int = 0) -> keras.Model:
    """The same model; its biases, which start as 0 and would hide mistakes, are drawn."""
    random = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        if weight.path.endswith("bias"):
            weight.assign(random.normal(0, 0.1, weight.shape))
    return model


def tiny_snn(relu: keras.Model | None = None) -> keras.Model:
    """The spiking form of ``relu``, by default of :func:`tiny_relu`; its windows suit :class:`TinyData`."""
    from snnctl.conversion.build import SpikingSettings, build_spiking

    return calibrated(build_spiking(relu or tiny_relu(), SpikingSettings()), tiny_samples(48).inputs)


def calibrated(snn: keras.Model, inputs: np.ndarray) -> keras.Model:
    """The same spiking network; its windows suit ``inputs``."""
    from snnctl.conversion.calibrate import calibrate
    from snnctl.progress import SilentReporter

    calibrate(snn, inputs, quantile=1.0, zeta=0.5, batch_size=48, reporter=SilentReporter())
    return snn


def tiny_network(snn: keras.Model | None = None) -> Network:
    """``snn``, by default :func:`tiny_snn`, as plain data: what exporters are given."""
    from snnctl.lowering import lower

    return lower(snn or tiny_snn())
