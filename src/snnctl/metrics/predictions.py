"""Accuracy, loss, and the agreement of two networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of samples whose largest logit is the label's. Shapes: (samples, classes), (samples,)."""
    return float(np.mean(logits.argmax(axis=-1) == labels))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood, in nats. Shapes: (samples, classes), (samples,)."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    return float(np.mean(log_sum - np.take_along_axis(shifted, labels[:, None].astype(int), axis=-1)[:, 0]))


@dataclass(frozen=True)
class Agreement:
    """How far two networks answer alike on the same samples.

    Args:
        samples: how many.
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


def agreement(source: np.ndarray, other: np.ndarray) -> Agreement:
    """Compares logits of equal shape (samples, \\*outputs); predictions are the largest along the last axis."""
    difference = np.abs(source.astype(np.float64) - other.astype(np.float64))
    return Agreement(
        samples=len(source),
        agreement=float(np.mean(source.argmax(axis=-1) == other.argmax(axis=-1))),
        max_logit_difference=float(difference.max()),
        mean_logit_difference=float(difference.mean()),
        largest_logit=float(np.abs(source).max()),
    )
