"""What a metric is: the class a plugin subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from snnctl.metrics.batch import Batch
    from snnctl.metrics.network import MeasuredNetwork

NETWORKS = ("relu", "snn")
NEEDS = (
    "labels",
    "inputs",
    "source",
    "spikes",
    "saturated",
    "nonzero",
    "last_spikes",
    "first_spikes",
    "times",
)


class Metric(ABC):
    """Something that is measured of a network while samples are shown to it.

    The class itself is registered. An object is made anew for each measurement, is given all batches in turn, and is
    asked for the figures at the end. Only what some metric ``needs`` is computed; counts are summed up where the
    network is computed, so they cost little, while ``times`` hands on every spike time. All metrics are given the same
    batches and network: arrays are read-only, and the model must not be changed.

    Attributes:
        name: lower case, digits and dashes.
        summary: one line.
        networks: to which networks it applies: "relu", "snn" or both.
        needs: what of a batch is asked for besides the outputs; a metric whose needs are not there (samples without
            labels) is left out.

            - "labels": :attr:`Batch.labels <snnctl.metrics.batch.Batch.labels>` and an output of shape (classes,)
            - "inputs": :attr:`Batch.inputs <snnctl.metrics.batch.Batch.inputs>`
            - "source": outputs of the ReLU network that a spiking one is compared with; only when it is converted
            - "spikes", "saturated", "last_spikes", "first_spikes", "times", of spiking networks: the methods of
              these names
            - "nonzero": :meth:`Batch.nonzero <snnctl.metrics.batch.Batch.nonzero>`
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    networks: ClassVar[tuple[str, ...]] = NETWORKS
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, network: MeasuredNetwork) -> None:
        """A new measurement.

        Args:
            network: what is measured: its kind, its layers and their windows, its synapses.
        """
        self.network = network

    @abstractmethod
    def add(self, batch: Batch) -> None:
        """Take note of a batch."""

    @abstractmethod
    def result(self) -> Mapping[str, Any]:
        """The figures, by name: numbers, texts, lists and mappings of these; None for one that cannot be had."""
