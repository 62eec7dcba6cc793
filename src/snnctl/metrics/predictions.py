"""Accuracy, loss, and the agreement of two networks; of whole arrays, or summed up batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

CONSTANT = 1e-6  # part of the largest logit
MANY = 50  # samples of which some should differ


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of samples whose largest logit is the label's. Shapes: (samples, classes), (samples,)."""
    return float(np.mean(logits.argmax(axis=-1) == labels))


def losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each sample, in nats, float64 (samples,). Shapes: (samples, classes), (samples,)."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    return log_sum - np.take_along_axis(shifted, labels[:, None].astype(int), axis=-1)[:, 0]


def by_class(logits: np.ndarray) -> np.ndarray:
    """Logits with one column a class: a single unit decides between two, with 0 standing for the first."""
    return np.concatenate([np.zeros_like(logits), logits], axis=-1) if logits.shape[-1] == 1 else logits


def predictions(logits: np.ndarray) -> np.ndarray:
    """The class with the largest logit, along the last axis; of a single unit, whether it is positive."""
    return logits[..., 0] > 0 if logits.shape[-1] == 1 else logits.argmax(axis=-1)


@dataclass(frozen=True)
class Agreement:
    """How far two networks answer alike on the same samples.

    Args:
        samples: how many predictions were compared: samples, times the positions of an output that has several.
        agreement: fraction of equal predictions.
        max_logit_difference: largest absolute difference of a logit.
        mean_logit_difference: mean absolute difference.
        largest_logit: largest absolute logit of the first network: the scale of the differences.
    """

    samples: int
    agreement: float
    max_logit_difference: float
    mean_logit_difference: float
    largest_logit: float

    @property
    def different_predictions(self) -> int:
        """How many predictions are not equal."""
        return round((1 - self.agreement) * self.samples)


def worst(agreements: Sequence[Agreement]) -> Agreement:
    """The worst figure of several outputs, one by one."""
    names = ("max_logit_difference", "mean_logit_difference", "largest_logit")
    # np.max, unlike max(), lets NaN through.
    largest: dict[str, Any] = {name: float(np.max([getattr(each, name) for each in agreements])) for name in names}
    return replace(min(agreements, key=lambda each: each.agreement), **largest)


class RunningAgreement:
    """Compares one output of two networks batch by batch, and keeps sums only."""

    def __init__(self) -> None:
        self._compared = self._equal = self._values = 0
        self._sum = self._max = self._scale = 0.0

    def add(self, source: np.ndarray, other: np.ndarray) -> None:
        """A batch of logits of equal shape (samples, \\*outputs)."""
        difference = np.abs(source.astype(np.float64) - other.astype(np.float64))
        # What is no number answers nothing, so it agrees with nothing.
        sound = np.isfinite(source).all(axis=-1) & np.isfinite(other).all(axis=-1)
        equal = (predictions(source) == predictions(other)) & sound
        self._compared += equal.size
        self._equal += int(np.count_nonzero(equal))
        self._values += difference.size
        self._sum += float(difference.sum())
        # np.maximum, unlike max(), lets NaN through.
        self._max = float(np.maximum(self._max, difference.max(initial=0.0)))
        self._scale = float(np.maximum(self._scale, np.abs(source).max(initial=0.0)))

    def result(self) -> Agreement:
        """The comparison of all batches; there must be one."""
        return Agreement(
            samples=self._compared,
            agreement=self._equal / self._compared,
            max_logit_difference=self._max,
            mean_logit_difference=self._sum / self._values,
            largest_logit=self._scale,
        )


class RunningVariety:
    """How far one output of a network varies from sample to sample, batch by batch."""

    def __init__(self) -> None:
        self._low: np.ndarray | float = np.inf
        self._high: np.ndarray | float = -np.inf
        self._answers: set[int] = set()
        self._samples = self._columns = 0

    def add(self, logits: np.ndarray) -> None:
        """A batch of logits (samples, \\*outputs)."""
        self._low = np.minimum(self._low, logits.min(axis=0))
        self._high = np.maximum(self._high, logits.max(axis=0))
        self._answers.update(np.unique(predictions(logits)).astype(int).tolist())
        self._samples += len(logits)
        self._columns = logits.shape[-1]

    @property
    def constant(self) -> bool:
        """Whether no value changes by more than a millionth of the largest; False for a single sample."""
        scale = np.maximum(np.abs(self._low), np.abs(self._high)).max()
        return self._samples > 1 and bool(np.max(self._high - self._low) <= CONSTANT * scale)

    @property
    def only_answer(self) -> int | None:
        """The class that is every sample's prediction; None if there are several, or too few samples to tell."""
        # A single unit need not decide between classes: it may be a number that is never negative.
        told = self._columns > 1 and self._samples >= MANY and len(self._answers) == 1
        return next(iter(self._answers)) if told else None


class RunningScore:
    """Accuracy and loss batch by batch."""

    def __init__(self) -> None:
        self._samples = self._right = 0
        self._loss = 0.0

    def add(self, logits: np.ndarray, labels: np.ndarray) -> None:
        """A batch: logits (samples, classes), or (samples, 1) for two classes; labels (samples,)."""
        columns = by_class(logits)
        self._samples += len(labels)
        self._right += int(np.count_nonzero(columns.argmax(axis=-1) == labels))
        self._loss += float(losses(columns, labels).sum())

    @property
    def accuracy(self) -> float:
        """See :func:`accuracy`."""
        return self._right / self._samples

    @property
    def loss(self) -> float:
        """Mean of :func:`losses`, in nats."""
        return self._loss / self._samples
