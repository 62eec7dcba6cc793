"""The output layer: it integrates and does not fire."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from snnctl.ttfs.integration import IntegratingLayer

DECODINGS = ("linear", "relu")


@keras.saving.register_keras_serializable("snnctl")
class Readout(IntegratingLayer):
    """Reads the potentials at ``t_min``, the end of the last hidden layer's window, as logits.

        V_i(t_min) = D_i + sum_j J_ij (t_min - t_j) = D_i + sum_j J_ij x_j          [HP, Methods]

    Args:
        synapses: see :class:`~snnctl.ttfs.integration.IntegratingLayer`, as for all further arguments.
        decoding: "linear", or "relu" for a source network that ends in a ReLU, so that its ties stay ties.
        max_value: largest output of the "relu" decoding (a clipped ReLU); None for no limit.

    Shapes: local spike times (batch, \\*inputs), or a list of them; out (batch, \\*outputs).

    Raises:
        ValueError: unknown decoding, or a synapse layer that is not linear.
    """

    def __init__(self, synapses: Any, decoding: str = "linear", max_value: float | None = None, **kwargs: Any) -> None:
        super().__init__(synapses, **kwargs)
        if decoding not in DECODINGS:
            raise ValueError(f"unknown decoding {decoding!r}; known: {', '.join(DECODINGS)}")
        self.decoding = decoding
        self.max_value = max_value

    def call(self, inputs):
        """The logits."""
        potential = self.integrate(inputs)  # (batch, *outputs)
        if self.decoding == "linear":
            return potential
        positive = ops.relu(potential)
        return positive if self.max_value is None else ops.minimum(positive, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "decoding": self.decoding, "max_value": self.max_value}
