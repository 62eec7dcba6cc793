"""The metric ``silent``: neurons that never fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from snnctl.plugins import Metric

if TYPE_CHECKING:
    from snnctl.metrics.batch import Batch
    from snnctl.metrics.network import MeasuredNetwork


class Silent(Metric):
    """Which fraction of each layer's neurons fired for none of the samples.

    ``needs`` says what of each batch is asked for; snnctl computes nothing else. ``batch.spikes`` has a count for each
    neuron, summed up over the batch.
    """

    name = "silent"
    summary = "Neurons that never fire"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """Begin a measurement; each has a new object.

        Args:
            network: what is measured; ``network.layers`` are its layers of neurons.
        """
        super().__init__(network)
        self.spikes = {layer.name: np.zeros(layer.shape, np.int64) for layer in network.layers}

    def add(self, batch: Batch) -> None:
        """Count the spikes of every neuron."""
        for name, count in self.spikes.items():
            count += batch.spikes(name)

    def result(self) -> Mapping[str, Any]:
        """The figures; in ``metrics.json`` they stand under ``plugins`` and the metric's name."""
        return {name: float(np.mean(count == 0)) for name, count in self.spikes.items()}
