"""snnctl's own neuron models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.plugins.neuron_model import NeuronModel

if TYPE_CHECKING:
    import numpy as np


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
        """See :func:`snnctl.conversion.settings.smart_alpha1`."""
        from snnctl.conversion.settings import smart_alpha1

        return smart_alpha1(W, b)


ALL: tuple[NeuronModel, ...] = (B1(), Alpha1(), SmartAlpha1())
