"""What hardware does to spike times, weights and thresholds: the definition, and how layers carry it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

MOST_BITS = 16


@dataclass(frozen=True)
class Constraints:
    """What hardware does to spike times, weights and thresholds; the default is nothing.

    - *noise*: normal jitter of the times of neurons that fire (not of the input's); silent ones stay silent; then
      confined to the window.
    - *time_bits* b: times are rounded to the 2^b levels of the layer's window (both ends are levels), after the jitter.
      The input's spikes too. A spike that is moved to the window's end is none.
    - *weight_bits* b: J, the readout's too, is rounded to 2^b levels from ``w_min`` to ``w_max``, moved by less than a
      step so that 0 is a level if it lies between; weights outside saturate. Computed in float64.
    - *threshold_bits* b: D is rounded to 2^b levels from the layer's smallest to its largest.

    Args:
        noise: standard deviation, in tau_c.
        time_bits: 0: not rounded.
        weight_bits: 0: not rounded.
        threshold_bits: 0: not rounded.
        w_min: smallest weight; None: the layer's own.
        w_max: largest weight; None: the layer's own.
        seed: of the jitter.

    Raises:
        ValueError: a value is out of its range.
    """

    noise: float = 0.0
    time_bits: int = 0
    weight_bits: int = 0
    threshold_bits: int = 0
    w_min: float | None = None
    w_max: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"noise is {self.noise}; it must be a finite number, not below 0")
        for name in ("time_bits", "weight_bits", "threshold_bits"):
            bits = getattr(self, name)
            if not (isinstance(bits, int) and 0 <= bits <= MOST_BITS):
                raise ValueError(f"{name} is {bits}; it must be a whole number from 0 to {MOST_BITS}")
        for end in (self.w_min, self.w_max):
            if end is not None and not math.isfinite(end):
                raise ValueError(f"the weights' range ends at {end}; it must be finite")
        if self.w_min is not None and self.w_max is not None and not self.w_min < self.w_max:
            raise ValueError(f"w_min is {self.w_min} and w_max {self.w_max}; w_min must be below w_max")

    @property
    def on_times(self) -> bool:
        """Whether spike times are not what they would be."""
        return self.noise > 0 or self.time_bits > 0

    def in_force(self) -> dict[str, Any]:
        """Only what has an effect, by name; empty for nothing. ``Constraints(**in_force)`` has the same effect."""
        values = {name: value for name, value in asdict(self).items() if value not in (0, None)}
        if self.weight_bits:
            values |= {name: getattr(self, name) for name in ("w_min", "w_max") if getattr(self, name) is not None}
        else:
            values = {name: value for name, value in values.items() if name not in ("w_min", "w_max")}
        if not self.noise:
            values.pop("seed", None)
        return values

    def without_times(self) -> Constraints:
        """Those on weights and thresholds alone."""
        return replace(self, noise=0.0, time_bits=0)

    def times_only(self) -> Constraints:
        """Those on spike times alone."""
        return Constraints(noise=self.noise, time_bits=self.time_bits, seed=self.seed)


NONE = Constraints()


def from_config(config: Mapping[str, Any] | None) -> Constraints:
    """The constraints in the configuration of a layer.

    Raises:
        ValueError: it holds something else.
    """
    if not isinstance(config, Mapping | None):
        raise ValueError(f"constraints are given by name, not as {config!r}")
    try:
        return Constraints(**(config or {}))
    except TypeError as error:
        raise ValueError(f"these are no constraints: {dict(config or {})}") from error


def to_config(constraints: Constraints) -> dict[str, Any]:
    """The entry in the configuration of a layer; none where nothing is in force, so that files stay as they were."""
    values = constraints.in_force()
    return {"constraints": values} if values else {}
