"""What a neuron model is: the class a plugin subclasses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class NeuronModel:
    """A neuron with time-to-first-spike coding: the slope of its potential while its layer fires, and its weights.

    While a layer integrates, the potential of neuron i is driven by its synapses; from ``t_min`` on it rises with the
    slope ``B_i``, and the neuron fires when it reaches its threshold. In layer-local time

        x_i = min(width, max(0, z_i / B_i)),    z_i = D_i + sum_j J_ij x_j

    and a neuron whose slope is not positive stays silent (``docs/mathematics.md``). A model says what ``B_i`` is, and
    which ``(J, D)`` a neuron is given that stands for a ReLU unit with weights and bias ``(W, b)``.

    Attributes:
        name: what ``--neuron`` calls it: lower case, digits and dashes.
        summary: one line.
        fires_as: the neuron that fires, if it is one of snnctl's ("b1" or "alpha1") with other parameters; ``slope`` is
            not asked then.
    """

    name: str = ""
    summary: str = ""
    fires_as: str = ""

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``(J, D)`` of the neurons in place of ReLU units; the same numbers by default.

        Args:
            W: weights, the neurons in the last axis.
            b: biases, (neurons,).
        """
        return W, b

    def slope(self, sums: Any) -> Any:
        """``B_i``; None, the default, for 1: the neuron is a ReLU unit then, and so is its Jacobian.

        Args:
            sums: ``sum_j J_ij``, a Keras tensor that can be broadcast to (batch, \\*neurons).

        Returns:
            A Keras tensor of that shape, computed with ``keras.ops`` so that gradients are known.
        """
        return None
