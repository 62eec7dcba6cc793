"""What the source network does not say: its input's range, windows, precision, and what ReLU units become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Above this sum of weights, J = W / (1 - sum W) would blow up; the slope B = 1 / (1 - sum W) is then at most 2.
LARGEST_SUM = 0.5

Parameters = tuple[np.ndarray, np.ndarray]


def same(W: np.ndarray, b: np.ndarray) -> Parameters:
    """``J = W, D = b``: for b1 the identity, for alpha1 the standard initialiser, whatever its Jacobian J / B. [HP]"""
    return W, b


def smart_alpha1(W: np.ndarray, b: np.ndarray) -> Parameters:
    """``J_ij = W_ij / (1 - sum_k W_ik)`` and ``D = B b``: the neuron computes what the ReLU unit does. [EM]

    Exact for Dense and "valid" convolutions. Near a zero-padded border fewer taps contribute to the slope B, and a
    neuron there weighs its inputs differently from the ReLU unit.

    Needs ``sum_k W_ik < 1``. W is a random draw here; where a sum exceeds 1/2, all weights of that
    neuron are lowered alike until it is 1/2.
    """
    axes = tuple(range(W.ndim - 1))
    inputs = np.prod(W.shape[:-1])
    W = W - np.maximum(W.sum(axis=axes) - LARGEST_SUM, 0.0) / inputs
    B = 1.0 / (1.0 - W.sum(axis=axes))
    return W * B, b * B


@dataclass(frozen=True)
class Neuron:
    """What ReLU units become.

    Args:
        name: of the neuron model, for messages.
        neuron: of :class:`~snnctl.ttfs.spiking.SpikingLayer`.
        parameters: (J, D) from (W, b).
    """

    name: str
    neuron: str
    parameters: Callable[[np.ndarray, np.ndarray], Parameters] = same


NEURONS: dict[str, Neuron] = {
    "b1": Neuron("b1", "b1"),
    "alpha1": Neuron("alpha1", "alpha1"),
    "smart-alpha1": Neuron("smart-alpha1", "alpha1", smart_alpha1),
}
"""Those of snnctl, by name."""


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
