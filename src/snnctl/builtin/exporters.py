"""snnctl's own format of spiking networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from snnctl.plugins.exporter import ExportContext, Exporter

if TYPE_CHECKING:
    from snnctl.events.network import Network

NAME = "network.npz"


class Npz(Exporter):
    """Arrays, as the event-driven simulator reads them."""

    name = "npz"
    summary = "NumPy arrays, which the event-driven simulator reads (docs/events.md)"

    def export(self, network: Network, context: ExportContext) -> Mapping[str, bytes | str]:
        """The network as ``network.npz``."""
        from snnctl.events import write_network

        with TemporaryDirectory(prefix="snnctl-") as folder:
            path = Path(folder) / NAME
            write_network(path, network)
            return {NAME: path.read_bytes()}


ALL: tuple[Exporter, ...] = (Npz(),)
