"""How the spiking network is made."""

from __future__ import annotations

from dataclasses import dataclass

from snnctl.conversion.neurons import Neuron


@dataclass(frozen=True)
class SpikingSettings:
    """What the source network does not say.

    Args:
        input_range: (p, q), the declared range of the input.
        neuron: "b1", "alpha1" or "smart-alpha1", or another one.
        width: first width of every window, in tau_c.
        windows: "grow" or "fixed", when the network is trained.
        gamma: see :class:`~snnctl.ttfs.spiking.SpikingLayer`.
        dtype: "float32" or "float64".
    """

    input_range: tuple[float, float] = (0.0, 1.0)
    neuron: str | Neuron = "b1"
    width: float = 1.5
    windows: str = "grow"
    gamma: float = 10.0
    dtype: str = "float32"
