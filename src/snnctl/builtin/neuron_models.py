"""snnctl's own neuron models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.plugins.neuron_model import NeuronModel

if TYPE_CHECKING:
    import numpy as np

# Above this sum of weights, J = W / (1 - sum W) would blow up; the slope B = 1 / (1 - sum W) is then at most 2.
LARGEST_SUM = 0.5


class B1(NeuronModel):
    """The slope is 1 while the layer fires: exactly a ReLU unit. [HP]"""

    name = "b1"
    summary = "Slope 1 while firing: exactly a ReLU unit, and its Jacobian"
    fires_as = "b1"


class Alpha1(NeuronModel):
    """The inputs go on driving while the layer fires. [EM]"""

    name = "alpha1"
    summary = "Inputs go on driving while firing; weights as those of the ReLU unit"
    fires_as = "alpha1"

    def slope(self, sums: Any) -> Any:
        """See :func:`snnctl.ttfs.spiking.alpha1_slope`."""
        from snnctl.ttfs.spiking import alpha1_slope

        return alpha1_slope(sums)


class SmartAlpha1(Alpha1):
    """alpha1 neurons that begin as the ReLU units they stand for. [EM]"""

    name = "smart-alpha1"
    summary = "alpha1 with weights that make it the same function as the ReLU unit at the start"

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``J_ij = W_ij / (1 - sum_k W_ik)`` and ``D = B b``: the neuron computes what the ReLU unit does. [EM]

        Exact for Dense and "valid" convolutions. Near a zero-padded border fewer taps contribute to the slope B, and a
        neuron there weighs its inputs differently from the ReLU unit.

        Needs ``sum_k W_ik < 1``. W is a random draw here; where a sum exceeds 1/2, all weights of that neuron are
        lowered alike until it is 1/2.
        """
        sums = W.sum(axis=tuple(range(W.ndim - 1)))
        W = W - (sums - LARGEST_SUM).clip(min=0.0) / (W.size / W.shape[-1])
        B = 1.0 / (1.0 - W.sum(axis=tuple(range(W.ndim - 1))))
        return W * B, b * B


ALL: tuple[NeuronModel, ...] = (B1(), Alpha1(), SmartAlpha1())
