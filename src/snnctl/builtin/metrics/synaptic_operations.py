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
        self._running = RunningOperations()

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._running.add(batch.synaptic_operations, len(batch))

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        network, per_image = self.network, self._running.per_image
        layers = [{"name": layer.name, "synaptic_operations": per_image([layer.name])} for layer in network.layers]
        return {
            "synaptic_operations": per_image(network.integrating(relays=False)),
            "relay_synaptic_operations": per_image(network.integrating(relays=True)),
            "layers": layers,
            "readouts": [
                {"name": name, "kind": "readout", "synaptic_operations": per_image([name])} for name in network.readouts
            ],
        }
