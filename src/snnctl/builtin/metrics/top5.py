"""Top-5 accuracy: how often the label's logit is among the five largest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.plugins.metric import Metric

LARGEST = 5


class Top5(Metric):
    """``top5_accuracy``: fraction of the samples; only with more than five classes."""

    name = "top-5"
    summary = "How often the label's logit is among the five largest"
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._right = self._samples = self._classes = 0

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        logits, labels = batch.logits, np.asarray(batch.labels, np.int64)[:, None]
        self._classes = logits.shape[1]
        if self._classes > LARGEST:
            mine = np.take_along_axis(logits, labels, axis=1)
            earlier = np.arange(self._classes) < labels
            before = np.count_nonzero((logits > mine) | ((logits == mine) & earlier), axis=1)
            self._right += int(np.count_nonzero(before < LARGEST))
        self._samples += len(batch)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"top5_accuracy": self._right / self._samples} if self._classes > LARGEST else {}
