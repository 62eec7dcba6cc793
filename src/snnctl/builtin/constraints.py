"""snnctl's own hardware constraints. Each is an option of its own as well: ``--time-bits 4`` is short for
``--constraint time-bits.value=4``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from snnctl.plugins.constraint import HardwareConstraint


class _Own(HardwareConstraint):
    """A constraint that is part of :class:`snnctl.ttfs.constraints.Constraints`, which computes it.

    Attributes:
        option: its option in commands and recipes, and its field there.
    """

    option: ClassVar[str]
    value: Any

    def _constraints(self, **more: Any) -> Any:
        from snnctl.ttfs.constraints import Constraints

        return Constraints(**{self.option: self.value, **more})


class _OnTimes(_Own):
    """One that acts on spike times."""

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        """See :meth:`snnctl.ttfs.constraints.Constraints.times`."""
        return self._constraints().times(x, width, seed)


class Noise(_OnTimes):
    """Jitter of spike times."""

    name = "noise"
    summary = "Jitter of spike times"
    option = "noise"

    def __init__(self, *, value: float = 0.0) -> None:
        self.value = value


class TimeBits(_OnTimes):
    """Spike times on a few levels."""

    name = "time-bits"
    summary = "Spike times are rounded to 2^bits levels of their window"
    option = "time_bits"

    def __init__(self, *, value: int = 0) -> None:
        self.value = value


class WeightBits(_Own):
    """Weights on a few levels."""

    name = "weight-bits"
    summary = "Weights are rounded to 2^bits levels"
    option = "weight_bits"

    def __init__(self, *, value: int = 0, w_min: float | None = None, w_max: float | None = None) -> None:
        self.value = value
        self.w_min = w_min
        self.w_max = w_max

    def weights(self, J: Any) -> Any:
        """See :func:`snnctl.ttfs.constraints.rounded_weights`."""
        return self._constraints(w_min=self.w_min, w_max=self.w_max).weights(J)


class ThresholdBits(_Own):
    """Thresholds on a few levels."""

    name = "threshold-bits"
    summary = "Thresholds are rounded to 2^bits levels a layer"
    option = "threshold_bits"

    def __init__(self, *, value: int = 0) -> None:
        self.value = value

    def thresholds(self, D: Any) -> Any:
        """See :func:`snnctl.ttfs.constraints.rounded_thresholds`."""
        return self._constraints().thresholds(D)


ALL: tuple[type[HardwareConstraint], ...] = (Noise, TimeBits, WeightBits, ThresholdBits)
