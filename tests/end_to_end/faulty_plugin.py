"""A plugin that installs well, and each of whose data sets and architectures fails in a way of its own."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from snnctl.plugins import Architecture, Dataset, Samples, hookimpl

GOOD = Samples(np.full((8, 6, 3), 7.0), np.arange(8) % 2)


class Sequences(Dataset):
    """Nothing is wrong with it; the others are spoilt copies."""

    name = "sequences"
    summary = "six steps of three values"
    input_shape = (6, 3)
    classes = 2

    def load(self, split, context):
        """The same samples in each split."""
        return GOOD


class Spoilt(Sequences):
    """Returns samples that it did not promise."""

    def __init__(self, name: str, samples: Samples) -> None:
        self.name = name
        self.samples = samples

    def load(self, split, context):
        """The samples it was given."""
        return self.samples


class FailsToLoad(Sequences):
    """Raises."""

    name = "fails-to-load"

    def load(self, split, context):
        """What a careless author's code does."""
        raise RuntimeError("the cable is loose")


class Odd(Architecture):
    """Does what it is told when it is built."""

    summary = "odd"

    def __init__(self, name: str, action) -> None:
        self.name = name
        self.action = action

    def build(self, input_shape, classes):
        """Not a network that fits."""
        return self.action()


def with_pixel(value: float) -> Samples:
    """Good samples but for one value in the fourth."""
    inputs = GOOD.inputs.copy()
    inputs[3, 2, 1] = value
    return replace(GOOD, inputs=inputs)


def fail() -> None:
    """What a careless author's code does."""
    raise RuntimeError("no more bricks")


def leave() -> None:
    """Ends the process, or so it thinks."""
    sys.exit(0)


def network_of_unknown_shape():
    """A network that is not built."""
    import keras

    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])


def tiny_network():
    """A network for other inputs."""
    import keras

    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(10)])


@hookimpl
def register_datasets(register) -> None:
    """Add the good one and the spoilt ones."""
    register(Sequences())
    register(FailsToLoad())
    register(Spoilt("nan-pixels", with_pixel(float("nan"))))
    register(Spoilt("bright-pixels", with_pixel(300.0)))
    register(Spoilt("odd-labels", replace(GOOD, labels=np.array([0, 1, 0, 1, 0, 2, 0, 1]))))
    register(Spoilt("wide-images", Samples(np.zeros((8, 5, 7, 1)), GOOD.labels)))


@hookimpl
def register_architectures(register) -> None:
    """Add those that fail."""
    register(Odd("fails-to-build", fail))
    register(Odd("builds-nothing", lambda: None))
    register(Odd("leaves", leave))
    register(Odd("unknown-shape", network_of_unknown_shape))
    register(Odd("wrong-shape", tiny_network))
