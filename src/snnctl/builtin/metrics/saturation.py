"""Saturation: spikes whose unclipped time lies before their window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.plugins.metric import Metric


class Saturation(Metric):
    """``saturated``: the fraction of the spikes. A clipped ReLU's largest value is no saturation."""

    name = "saturation"
    summary = "Spikes that should have come before their window"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("spikes", "saturated")

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._saturated = dict.fromkeys((layer.name for layer in network.layers), 0)
        self._spikes = dict.fromkeys(self._saturated, 0)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        for layer in self.network.layers:
            self._saturated[layer.name] += batch.saturated(layer.name)
            self._spikes[layer.name] += int(batch.spikes(layer.name).sum(dtype="int64"))

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        layers = self.network.layers
        return {
            "saturated": self._fraction([layer for layer in layers if layer.kind in ("spiking", "signed")]),
            "input": {"saturated": 0.0},
            "layers": [{"name": layer.name, "saturated": self._fraction([layer])} for layer in layers],
        }

    def _fraction(self, layers: Sequence[SpikeSource]) -> float:
        spikes = sum(self._spikes[layer.name] for layer in layers)
        return sum(self._saturated[layer.name] for layer in layers) / spikes if spikes else 0.0
