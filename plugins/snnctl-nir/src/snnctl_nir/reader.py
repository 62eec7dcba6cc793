"""The reader ``nir``: files of the exporter, and graphs of other tools."""

from __future__ import annotations

from pathlib import Path

from snnctl.plugins import Read, ReadContext, Reader


class NirReader(Reader):
    """Reads ``.nir`` files: snnctl's own as spiking networks, others as ReLU networks of their firing rates."""

    name = "nir"
    summary = "NIR, the Neuromorphic Intermediate Representation (HDF5)"
    suffixes = (".nir",)

    def read(self, path: Path, context: ReadContext) -> Read:
        """The network.

        Raises:
            ModelError: damaged, or a graph that stands for no network of snnctl; names every node.
        """
        from snnctl.models.safety import check_tensors
        from snnctl_nir.fields import unpacked
        from snnctl_nir.files import read
        from snnctl_nir.foreign import relu_network
        from snnctl_nir.reading import spiking_network

        graph = read(path)
        if "format" in unpacked(graph.metadata):
            found = Read(spiking_network(graph, path))
        else:
            found = Read(*relu_network(graph, path, context.input_shape, context.dtype))
        check_tensors(found.model, path)
        return found
