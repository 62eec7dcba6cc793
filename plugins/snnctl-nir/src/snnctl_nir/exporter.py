"""The exporter ``nir``: a spiking network as a NIR graph in an HDF5 file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from snnctl.errors import UsageError
from snnctl.plugins import ExportContext, Exporter

if TYPE_CHECKING:
    from snnctl.events.network import Network

FILE = "network.nir"


class NirExporter(Exporter):
    """Writes ``network.nir``. What NIR has no words for is told, and stands in its metadata (docs/plugins/nir.md)."""

    name = "nir"
    summary = "NIR, the Neuromorphic Intermediate Representation (HDF5)"

    def __init__(self) -> None:
        self._told: set[str] = set()

    def export(self, network: Network, context: ExportContext, *, largest: int = 1 << 24) -> Mapping[str, bytes | str]:
        """The file.

        Args:
            network: as plain data; of it are the thresholds and windows.
            context: of its Keras model are layers and weights.
            largest: how many weights a node may have that no layer of the network has, where a layer is written as a
                matrix or a grouped convolution as an ordinary one.

        Raises:
            UsageError: ``largest`` is negative.
            ModelError: layers that NIR cannot hold; names all of them.
        """
        from snnctl_nir.files import content
        from snnctl_nir.told import notes, warning
        from snnctl_nir.writing import written

        if largest < 0:
            raise UsageError(f"option 'largest' of exporter 'nir' is {largest}; it must not be negative")
        found = written(network, context.model, context.name, largest)
        self._tell(context.reporter.warn, [warning()])
        self._tell(context.reporter.note, notes(found, network))
        return {FILE: content(found.graph)}

    def _tell(self, tell: Callable[[str], None], texts: Sequence[str]) -> None:
        """Tell each text once: a recipe may export many networks that are alike."""
        for text in texts:
            if text not in self._told:
                self._told.add(text)
                tell(text)
