"""An estimate of the energy that the operations of one image take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.synaptic_operations import RunningMacs, RunningOperations
from snnctl.plugins.metric import Metric

PJ_IN_NJ = 1000.0


class Energy(Metric):
    """``energy``: operations times what one costs, in nJ an image, with the assumption it rests on.

    A spiking network pays for all synaptic operations, those of relay neurons among them; a ReLU network for all
    multiply-accumulates (``relu_nj``), or for those with an input that is not 0 (``relu_nonzero_nj``).
    """

    name = "energy"
    summary = "Estimate of the energy per image"
    needs: ClassVar[tuple[str, ...]] = ("spikes", "nonzero")

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._operations = RunningOperations() if network.kind == "snn" else None
        self._macs = RunningMacs(network)

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        if self._operations is not None:
            self._operations.add(batch.synaptic_operations, len(batch))
        self._macs.add(batch)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        prices = self.network.prices
        figures: dict[str, Any] = {}
        if self._operations is not None:
            paying = [name for relays in (False, True) for name in self.network.integrating(relays)]
            figures["spiking_nj"] = _energy(self._operations.per_image(paying), prices.ac_pj)
        figures["relu_nj"] = _energy(self._macs.dense, prices.mac_pj)
        figures["relu_nonzero_nj"] = _energy(self._macs.nonzero, prices.mac_pj)
        return {
            "energy": {
                **figures,
                "ac_pj": prices.ac_pj,
                "mac_pj": prices.mac_pj,
                "assumption": prices.assumption,
            }
        }


def _energy(count: float | None, price: float) -> float | None:
    return None if count is None else count * price / PJ_IN_NJ
