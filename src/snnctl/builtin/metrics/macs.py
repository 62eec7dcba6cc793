"""Multiply-accumulates of the ReLU network, or of the one that a spiking network equals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.synaptic_operations import RunningMacs
from snnctl.plugins.metric import Metric


class Macs(Metric):
    """``macs``: all multiply-accumulates of an image; ``nonzero_macs``: those with an input that is not 0, on average.

    None where they cannot be counted.
    """

    name = "macs"
    summary = "Multiply-accumulates per image of the ReLU network, dense and non-zero"
    needs: ClassVar[tuple[str, ...]] = ("nonzero",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._running = RunningMacs(network)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        self._running.add(batch)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        return {"macs": self._running.dense, "nonzero_macs": self._running.nonzero}
