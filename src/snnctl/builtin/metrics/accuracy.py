"""Accuracy: how often the largest logit is the label's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.predictions import by_class
from snnctl.plugins.metric import Metric


class Accuracy(Metric):
    """``accuracy``: fraction of the samples; of equal logits the first counts."""

    name = "accuracy"
    summary = "How often the largest logit is the label's"
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._right = self._samples = 0

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._right += int(np.count_nonzero(by_class(batch.logits).argmax(axis=-1) == batch.labels))
        self._samples += len(batch)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"accuracy": self._right / self._samples}
