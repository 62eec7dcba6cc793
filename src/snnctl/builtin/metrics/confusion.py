"""Confusion matrix: which class is taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.predictions import by_class
from snnctl.plugins.metric import Metric

MOST_CLASSES = 100  # beyond, the matrix would outgrow all other figures


class Confusion(Metric):
    """``confusion_matrix``: counts, a row for each label, a column for each prediction; up to 100 classes."""

    name = "confusion"
    summary = "How often each class is taken for which"
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._counts = np.zeros((0, 0), np.int64)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        logits = by_class(batch.logits)
        classes = logits.shape[1]
        if classes > MOST_CLASSES:
            return
        if not self._counts.size:
            self._counts = np.zeros((classes, classes), np.int64)
        np.add.at(self._counts, (np.asarray(batch.labels, np.int64), logits.argmax(axis=-1)), 1)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"confusion_matrix": self._counts.tolist()} if self._counts.size else {}
