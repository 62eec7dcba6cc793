"""Histograms of the spike times of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.plugins.metric import Metric


class FirstSpikes(Metric):
    """``first_spikes`` of each layer: how many spikes fall into each of 50 equal parts of its window."""

    name = "first-spikes"
    summary = "Histograms of spike times by layer"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("first_spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._counts: dict[str, np.ndarray] = {}

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        for source in (self.network.input, *self.network.layers):
            counts = batch.first_spikes(source.name).astype(np.int64)
            self._counts[source.name] = self._counts.get(source.name, 0) + counts

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {
            "input": {"first_spikes": self._histogram(self.network.input)},
            "layers": [{"name": layer.name, "first_spikes": self._histogram(layer)} for layer in self.network.layers],
        }

    def _histogram(self, source: SpikeSource) -> dict[str, Any]:
        assert source.window is not None
        counts = self._counts[source.name].tolist()
        return {"start": source.window.t_min, "end": source.window.t_max, "counts": counts}
