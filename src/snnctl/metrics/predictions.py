"""Accuracy, loss, and the agreement of two networks; of whole arrays, or summed up batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

DIFFERENCES = ("max_logit_difference", "mean_logit_difference", "largest_logit")


def by_class(logits: np.ndarray) -> np.ndarray:
    """Logits with one column a class: a single unit decides between two, with 0 standing for the first."""
    return np.concatenate([np.zeros_like(logits), logits], axis=-1) if logits.shape[-1] == 1 else logits


def predictions(logits: np.ndarray) -> np.ndarray:
    """The class with the largest logit, along the last axis, the first of equal ones; see :func:`by_class`."""
    return by_class(logits).argmax(axis=-1)


def losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of each sample, in nats, float64 (samples,). Shapes: (samples, classes), (samples,)."""
    columns = by_class(logits).astype(np.float64)
    shifted = columns - columns.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    return log_sum - np.take_along_axis(shifted, labels[:, None].astype(int), axis=-1)[:, 0]


class Agreement:
    """Compares one output of two networks batch by batch, and keeps sums only."""

    def __init__(self) -> None:
        self._samples = self._equal = self._values = 0
        self._sum = self._max = self._scale = 0.0

    def add(self, source: np.ndarray, other: np.ndarray) -> None:
        """A batch of logits of equal shape (samples, \\*outputs)."""
        difference = np.abs(source.astype(np.float64) - other.astype(np.float64))
        # What is no number answers nothing, so it agrees with nothing.
        sound = np.isfinite(source).all(axis=-1) & np.isfinite(other).all(axis=-1)
        equal = (predictions(source) == predictions(other)) & sound
        self._samples += equal.size
        self._equal += int(np.count_nonzero(equal))
        self._values += difference.size
        self._sum += float(difference.sum())
        # np.maximum, unlike max(), lets NaN through.
        self._max = float(np.maximum(self._max, difference.max(initial=0.0)))
        self._scale = float(np.maximum(self._scale, np.abs(source).max(initial=0.0)))

    def figures(self) -> dict[str, Any]:
        """The comparison of all batches; there must be one.

        Returns:
            ``samples``: how many predictions were compared: samples, times the positions of an output that has several;
            ``agreement``: the fraction that is equal; ``max_logit_difference`` and ``mean_logit_difference``, absolute;
            ``largest_logit``: the largest absolute logit of the first network, the scale of the differences.
        """
        differences = self._max, self._sum / self._values, self._scale
        figures = {"samples": self._samples, "agreement": self._equal / self._samples}
        return figures | dict(zip(DIFFERENCES, differences, strict=True))


def worst(outputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The worst of each figure of several outputs, and how many predictions are not equal in the worst output."""
    least = min(outputs, key=lambda figures: figures["agreement"])
    # np.max, unlike max(), lets NaN through.
    largest = {name: float(np.max([figures[name] for figures in outputs])) for name in DIFFERENCES}
    return {**least, **largest, "different_predictions": round((1 - least["agreement"]) * least["samples"])}
