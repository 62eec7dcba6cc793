"""Latency: when the readout is read, and when an image's last spike is fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.plugins.metric import Metric

QUANTILE = 0.95


class Latency(Metric):
    """``latency`` of the readout, and ``last_spike`` over the images: absolute times, in tau_c.

    The last spike is that of any neuron behind the input, relay neurons among them. Images for which none fires are
    left out; if none fires for any image, there is no last spike.
    """

    name = "latency"
    summary = "When the readout is read, and when the last spike is fired"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("last_spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._last: list[np.ndarray] = []

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        layers = [batch.last_spikes(layer.name) for layer in self.network.layers]
        if layers:
            last = np.max(layers, axis=0)
            self._last.append(last[np.isfinite(last)])

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        latency = self.network.latency
        return {"latency": latency, "readout_latency": latency, "last_spike": self._last_spike()}

    def _last_spike(self) -> dict[str, float] | None:
        times = np.concatenate(self._last) if self._last else np.empty(0)
        if not times.size:
            return None
        return {
            "mean": float(times.mean()),
            "median": float(np.median(times)),
            "q95": float(np.quantile(times, QUANTILE)),
            "max": float(times.max()),
        }
