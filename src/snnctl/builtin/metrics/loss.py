"""Loss: cross-entropy of the logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.predictions import by_class, losses
from snnctl.plugins.metric import Metric


class Loss(Metric):
    """``loss``: mean cross-entropy, in nats."""

    name = "loss"
    summary = "Mean cross-entropy of the logits"
    needs: ClassVar[tuple[str, ...]] = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._sum, self._samples = 0.0, 0

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._sum += float(losses(by_class(batch.logits), np.asarray(batch.labels)).sum())
        self._samples += len(batch)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"loss": self._sum / self._samples}
