"""Multiply-accumulates of a ReLU network, counted in it or in a spiking network that equals it."""

from __future__ import annotations

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork


class RunningMacs:
    """Sums up multiply-accumulates batch by batch.

    In a spiking network every synapse of spiking layers and readouts stands for one; those of relay neurons, which only
    wait, do not.

    Args:
        network: ReLU or spiking.
    """

    def __init__(self, network: MeasuredNetwork) -> None:
        self.network = network
        self._nonzero: int | None = 0
        self._images = 0

    @property
    def dense(self) -> int | None:
        """All of one image; None where they cannot be counted."""
        network = self.network
        if network.kind == "relu":
            return None if network.connections is None else network.connections.macs
        read = [fan.synapses for fan in network.fan_outs if not fan.relayed]
        known = [synapses for synapses in read if synapses is not None]
        return sum(int(synapses.sum()) for synapses in known) if len(known) == len(read) else None

    @property
    def nonzero(self) -> float | None:
        """Those of one image whose input is not 0, on average; None where they cannot be counted."""
        return None if self._nonzero is None else self._nonzero / self._images

    def add(self, batch: Batch) -> None:
        """Take note of a batch; needs "nonzero"."""
        counted = _nonzero(batch)
        self._nonzero = None if counted is None or self._nonzero is None else self._nonzero + counted
        self._images += len(batch)


def _nonzero(batch: Batch) -> int | None:
    network = batch.network
    if network.kind == "snn":
        relays = {fan.target for fan in network.fan_outs if fan.relayed}
        read = [count for target, count in batch.nonzero_operations.items() if target not in relays]
        known = [count for count in read if count is not None]
        return sum(known) if len(known) == len(read) else None
    if network.connections is None:
        return None
    layers = network.connections.layers
    return sum(int((batch.nonzero(layer.name) * layer.macs).sum()) + layer.within * len(batch) for layer in layers)
