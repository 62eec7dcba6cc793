"""Synaptic operations: accumulates that spikes really cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.synaptic_operations import RunningOperations
from snnctl.plugins.metric import Metric


class SynapticOperations(Metric):
    """``synaptic_operations``: spikes times the synapses they reach, per image; None where those cannot be counted.

    Those that relay neurons integrate stand apart. A layer's are those that it integrates.
    """

    name = "synaptic-operations"
    summary = "Accumulates per image: spikes times their true fan-out"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._running = RunningOperations(network.fan_outs)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._running.add(batch.synaptic_operations, len(batch))

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        running = self._running
        return {
            "synaptic_operations": running.per_image(relayed=False),
            "relay_synaptic_operations": running.per_image(relayed=True),
            "layers": [
                {"name": layer.name, "synaptic_operations": running.of(layer.name)} for layer in self.network.layers
            ],
            "readouts": [
                {"name": name, "kind": "readout", "synaptic_operations": running.of(name)} for name in self._readouts()
            ],
        }

    def _readouts(self) -> list[str]:
        hidden = {layer.name for layer in self.network.layers}
        return list(dict.fromkeys(fan.target for fan in self.network.fan_outs if fan.target not in hidden))
