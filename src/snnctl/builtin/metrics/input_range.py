"""Input values outside the range that is coded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.plugins.metric import Metric


class InputRange(Metric):
    """``out_of_range``: the fraction of the input values that are cut off."""

    name = "input-range"
    summary = "Input values outside the coded range"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("inputs",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._outside = self._values = 0

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        inputs = np.asarray(batch.inputs)
        if self.network.input_range is not None:
            low, high = self.network.input_range
            self._outside += int(np.count_nonzero((inputs < low) | (inputs > high)))
        self._values += inputs.size

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"out_of_range": self._outside / self._values if self._values else 0.0}
