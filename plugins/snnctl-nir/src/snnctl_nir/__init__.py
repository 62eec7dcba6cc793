"""Spiking networks of snnctl to and from NIR, the Neuromorphic Intermediate Representation.

Keras, h5py and nir are imported when a file is written or read, not before.
"""

from __future__ import annotations

from collections.abc import Callable

from snnctl.plugins import Exporter, Reader, hookimpl
from snnctl_nir.exporter import NirExporter
from snnctl_nir.reader import NirReader


@hookimpl
def register_exporters(register: Callable[[Exporter], None]) -> None:
    """Add ``nir``."""
    register(NirExporter())


@hookimpl
def register_readers(register: Callable[[Reader], None]) -> None:
    """Add ``nir``."""
    register(NirReader())
