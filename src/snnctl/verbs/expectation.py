"""Whether the data lies where the network was trained: 0 to 1 instead of 0 to 255 converts exactly, and is no use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.data.stream import Stream

if TYPE_CHECKING:
    import keras

SAMPLES = 256
WIDE, NARROW = 5.0, 0.2  # how much the spread of values may differ from that in training
# How far the mean may lie off, in standard deviations, in nine of ten channels. Measured: at most 1.5 on right data,
# even of a single class, and at least 2.5 where -1 to 1 and 0 to 1 are mistaken for each other.
FAR, MOST = 2.0, 0.9
NOTHING_LEFT, TOO_MUCH = 0.05, 20.0  # spread of values behind a Rescaling layer, where about 1 or 2 is usual
FEWEST = 16  # values a spread is estimated from
LARGE = 20.0  # few networks that do not normalise their inputs are trained on such values
MANY = 30  # samples an accuracy is judged by

View = Callable[[Any], Any]


def unexpected_data(model: keras.Model, data: Stream) -> list[str]:
    """What in the network speaks against the data, one sentence each; looks at the first samples.

    Args:
        model: the source network.
        data: its inputs, prepared.
    """
    inputs = next(data.batches(SAMPLES))
    low, high = float(inputs.min()), float(inputs.max())
    found = [_against_rescaling(model, low, high), *_against_statistics(model, inputs)]
    hint = (
        f"The inputs lie from {low:.3g} to {high:.3g} here. Check --preprocess: unit divides pixels by 255, raw leaves "
        "values as they are."
    )
    return [f"{sentence} {hint}" for sentence in found if sentence]


def chance_level(accuracy: float, classes: int, samples: int, as_trained: bool = False) -> str | None:
    """What to say of a source network that guesses; None if it does not, or if the samples are too few to tell.

    Args:
        accuracy: of the source network, as a part of 1.
        classes: how many there are.
        samples: how many it was measured on.
        as_trained: whether the data is known to be that of its training, prepared in the same way.
    """
    chance = 1 / classes
    deviation = (chance * (1 - chance) / samples) ** 0.5
    if samples < MANY or accuracy > chance + 3 * deviation:
        return None
    cause = (
        "It may have been trained too little."
        if as_trained
        else "Either the data is not prepared as in its training (--preprocess), or the labels are numbered in another "
        "order, or it is hardly trained."
    )
    return (
        f"the ReLU network itself is right in {100 * accuracy:.1f} % of the samples, and guessing gives "
        f"{100 * chance:.1f} %. {cause}"
    )


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Args:
        layer: what is called.
        view: gives what it reads, of the network's inputs.
    """

    layer: Any
    view: View


def calls(model: keras.Model, before: View | None = None) -> Iterator[Call]:
    """Every call of a layer in the order of computation; nested models are opened.

    Args:
        model: a Sequential or functional model with one input.
        before: gives what ``model`` reads, if it is nested.
    """
    import keras

    from snnctl.conversion.graph import functional_form

    functional = functional_form(model)
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            if node.is_input or not node.arguments.keras_tensors:
                continue
            view = _view(functional, node.arguments.keras_tensors[0], before)
            if not isinstance(node.operation, keras.Model):
                yield Call(node.operation, view)
            elif len(node.operation.inputs) == 1:
                yield from calls(node.operation, view)


def _view(model: keras.Model, tensor: Any, before: View | None) -> View:
    """What gives ``tensor``; the model for that is made only when it is asked for."""
    import keras

    def view(inputs: Any) -> Any:
        read = inputs if before is None else before(inputs)
        return keras.Model(model.inputs[0], tensor)(read, training=False)

    return view


def _against_rescaling(model: keras.Model, low: float, high: float) -> str | None:
    """A Rescaling layer that stands before everything else."""
    import keras

    for call in calls(model):
        if isinstance(call.layer, keras.layers.Rescaling):
            scale = float(np.mean(np.abs(call.layer.scale)))
            left = scale * (high - low)
            if 0 < left < NOTHING_LEFT or (scale < 1 and left > TOO_MUCH):
                return (
                    f"the network scales its inputs by {scale:.3g} itself ('{call.layer.name}'), which leaves a range "
                    f"of {left:.2g}: it was made for {'larger' if left < 1 else 'smaller'} values."
                )
            return None
        if getattr(call.layer, "weights", None):
            return None
    return None


def unchecked_scale(model: keras.Model, data: Stream, preprocess: str) -> list[str]:
    """A warning about large values that nothing in the network speaks for or against.

    Args:
        model: the source network.
        data: its inputs, prepared.
        preprocess: how they were prepared.
    """
    import keras

    scaling = (keras.layers.Rescaling, keras.layers.BatchNormalization, keras.layers.Normalization)
    if data.labelled or any(isinstance(layer, scaling) for layer in model._flatten_layers()):
        return []
    largest = float(np.abs(next(data.batches(SAMPLES))).max())
    if preprocess != "raw" or largest <= LARGE:
        return []
    return [
        f"the inputs reach {largest:.3g}. Most networks are trained on values from 0 to 1 or from -1 to 1, and without "
        "labels, BatchNormalization or Rescaling it cannot be checked what this one was trained on: see --preprocess"
    ]


def _against_statistics(model: keras.Model, inputs: np.ndarray) -> list[str]:
    """The first layer that remembers the statistics of what it read in training."""
    for call in calls(model):
        statistics = _remembered(call.layer)
        if statistics is None:
            continue
        compared = _compared(np.asarray(call.view(inputs), np.float64), *statistics)
        return [] if compared is None else _odd(call.layer, *compared)
    return []


def _odd(layer: Any, ratio: float, distance: float) -> list[str]:
    """What is odd about the spread and the mean of what a layer reads."""
    reads = f"what '{layer.name}' ({type(layer).__name__}) reads"
    if not NARROW <= ratio <= WIDE:
        return [
            f"{reads} spreads {ratio:.3g} times as far on this data as in training: the data is "
            f"{'larger' if ratio > 1 else 'smaller'} than what the network was trained on."
        ]
    if distance > FAR:
        return [
            f"{reads} lies up to {distance:.3g} standard deviations from where it lay in training: the network was "
            "trained on values from another range, such as -1 to 1 instead of 0 to 1."
        ]
    return []


def _remembered(layer: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean and variance that a normalisation has learned, shaped as its input with ones; None if it has not."""
    import keras

    if isinstance(layer, keras.layers.BatchNormalization):
        shape = [1] * layer.input_spec.ndim
        shape[layer.axis] = -1
        mean, variance = (
            np.asarray(value, np.float64).reshape(shape) for value in (layer.moving_mean, layer.moving_variance)
        )
    elif isinstance(layer, keras.layers.Normalization) and getattr(layer, "mean", None) is not None:
        if layer.invert:
            return None
        mean, variance = np.asarray(layer.mean, np.float64), np.asarray(layer.variance, np.float64)
    else:
        return None
    untouched = not mean.any() and bool((variance == 1).all())
    return None if untouched else (mean, variance)


def _compared(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[float, float] | None:
    """Values and what is remembered of those in training; None if that says nothing.

    Returns:
        Standard deviation by the one remembered, the median over channels; distance of the means in standard
        deviations, exceeded by a tenth of the channels.
    """
    shape = (1,) * (values.ndim - mean.ndim) + mean.shape
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    remembered = np.sqrt(variance.reshape(-1))
    if values.size < FEWEST * remembered.size or not remembered.any():
        return None
    seen = values.std(axis=axes).reshape(-1)
    used = remembered > 1e-6 * remembered.max()
    distance = np.abs(values.mean(axis=axes).reshape(-1) - mean.reshape(-1))
    wide = remembered > 1e-2 * remembered.max()  # where almost nothing varied, the least change lies far off
    far = float(np.quantile(distance[wide] / remembered[wide], MOST))
    return float(np.median(seen[used] / remembered[used])), far
