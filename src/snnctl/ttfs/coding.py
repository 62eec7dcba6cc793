"""Input coding: a value in a declared range becomes the time of a spike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from snnctl.ttfs.constraints import ConstrainedLayer

INPUT_WIDTH = 1.0  # of the input's window, in tau_c


@keras.saving.register_keras_serializable("snnctl")
class InputCoding(ConstrainedLayer):
    """Codes each input value as one spike in the window [0, 1].

    A value ``v`` of the range ``[low, high] = [p, q]`` fires at ``t = 1 - (v - p) / (q - p)``, so in
    layer-local time ``x = 1 - t = (v - p) / (q - p)``. The largest value fires first; ``p`` is silent.
    Values outside the range saturate at its ends. [HP, Methods]

    Args:
        low: p, the smallest value of the range.
        high: q, the largest.
        constraints: see :class:`~snnctl.ttfs.constraints.ConstrainedLayer`. The input's times do not jitter.

    Shapes: any shape in, the same out. Units: local time in tau_c.

    Raises:
        ValueError: ``low`` is not below ``high``.
    """

    width = INPUT_WIDTH

    def __init__(self, low: float = 0.0, high: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not low < high:
            raise ValueError(f"the input range [{low}, {high}] is empty")
        self.low = float(low)
        self.high = float(high)

    def coded(self, inputs):
        """Local spike times, in [0, 1], before the hardware rounds them."""
        width = self.high - self.low
        shifted = inputs if self.low == 0.0 else inputs - self.low
        return ops.clip(shifted if width == 1.0 else shifted / width, 0.0, 1.0)

    def call(self, inputs):
        """Local spike times, in [0, 1]."""
        return self.constrained_times(self.coded(inputs), self.width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "low": self.low, "high": self.high}
