"""The slopes of potentials while a layer fires, by neuron model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from snnctl.ttfs.constraints import registered


@dataclass(frozen=True)
class Rise:
    """How potentials rise.

    Args:
        A: slope without inputs while the layer integrates.
        slope: ``B_i``, the slope while it fires, from ``sum_j J_ij``; None: 1.
    """

    A: float = 0.0
    slope: Callable[[Any], Any] | None = None


def alpha1_slope(sums: Any) -> Any:
    """``B_i = 1 + sum_j J_ij``: all inputs have arrived, and go on driving. [EM]"""
    return 1.0 + sums


OWN = {"b1": Rise(), "alpha1": Rise(A=1.0, slope=alpha1_slope)}


def rise_of(neuron: str) -> Rise:
    """How the potentials of a neuron model rise.

    Args:
        neuron: "b1", "alpha1", or ``package:name`` of a plugin's.

    Raises:
        ValueError: it is not known.
    """
    if neuron in OWN:
        return OWN[neuron]
    if ":" not in neuron:
        raise ValueError(f"unknown neuron model {neuron!r}; known: {', '.join(OWN)}")
    model = registered("neuron_models", neuron)
    return Rise(slope=model.slope)
