"""Spikes per neuron, layer by layer and in total; input, signed and relay neurons apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.plugins.metric import Metric

KINDS = ("spiking", "signed", "relay")


class Spikes(Metric):
    """``spikes_per_neuron`` = spikes / (images x hidden spiking neurons), and the same of each layer and kind."""

    name = "spikes"
    summary = "Spikes per neuron, by layer and in total"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._images = 0
        self._spikes = dict.fromkeys((source.name for source in (network.input, *network.layers)), 0)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._images += len(batch)
        for name in self._spikes:
            self._spikes[name] += int(batch.spikes(name).sum(dtype="int64"))

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        neurons = {kind: sum(layer.neurons for layer in self._of(kind)) for kind in KINDS}
        return {
            "spikes_per_neuron": self._rate(self._of("spiking")),
            "neurons": neurons,
            "signed_spikes_per_neuron": self._rate(self._of("signed")),
            "relay_spikes_per_neuron": self._rate(self._of("relay")),
            "input": {"spikes_per_neuron": self._rate([self.network.input])},
            "layers": [{"name": layer.name, "spikes_per_neuron": self._rate([layer])} for layer in self.network.layers],
        }

    def _of(self, kind: str) -> list[SpikeSource]:
        return [layer for layer in self.network.layers if layer.kind == kind]

    def _rate(self, layers: list[SpikeSource]) -> float:
        neurons = sum(layer.neurons for layer in layers) * self._images
        return sum(self._spikes[layer.name] for layer in layers) / neurons if neurons else 0.0
