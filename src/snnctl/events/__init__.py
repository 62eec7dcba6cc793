"""Event-driven simulation of TTFS networks: NumPy and Numba, float64, absolute time.

It is the oracle: it shares no code with the TensorFlow layers and imports nothing from snnctl.
"""

from __future__ import annotations

from snnctl.events.checks import check
from snnctl.events.network import (
    Coding,
    Hardware,
    Network,
    NetworkError,
    Pools,
    Population,
    Projection,
    Readout,
    threshold_for,
)
from snnctl.events.npz import read_network, write_network
from snnctl.events.simulation import Batch, simulate
from snnctl.events.tracing import Potential, Trace, trace

__all__ = [
    "Batch",
    "Coding",
    "Hardware",
    "Network",
    "NetworkError",
    "Pools",
    "Population",
    "Potential",
    "Projection",
    "Readout",
    "Trace",
    "check",
    "read_network",
    "simulate",
    "threshold_for",
    "trace",
    "write_network",
]
