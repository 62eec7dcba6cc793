"""What hardware does to spike times, weights and thresholds: the definition, and how layers carry it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

MOST_BITS = 16


@dataclass(frozen=True)
class Constraints:
    """What hardware does to spike times, weights and thresholds; the default is nothing.

    - *noise*: normal jitter of the times of neurons that fire (not of the input's); silent ones stay silent; then
      confined to the window.
    - *time_bits* b: times are rounded to the 2^b levels of the layer's window (both ends are levels), after the jitter.
      The input's spikes too. A spike that is moved to the window's end is none.
    - *weight_bits* b: J, the readout's too, is rounded to b-bit signed integers times a step that reaches from
      ``w_min`` to ``w_max``; weights outside saturate. Computed in float64.
    - *threshold_bits* b: D is rounded to 2^b levels from the layer's smallest to its largest.
    - *constraint*: those of plugins (:class:`snnctl.plugins.HardwareConstraint`), each after the rounding of weights
      and thresholds, and between the jitter and the rounding of times.

    Args:
        noise: standard deviation, in tau_c.
        time_bits: 0: not rounded.
        weight_bits: 0: not rounded.
        threshold_bits: 0: not rounded.
        w_min: smallest weight; None: the layer's own.
        w_max: largest weight; None: the layer's own.
        seed: of the jitter, and of the constraints of plugins.
        constraint: options by ``package:name``.

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
    constraint: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))

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
        if not isinstance(self.constraint, Mapping) or not all(
            isinstance(options, Mapping) for options in self.constraint.values()
        ):
            raise ValueError(f"constraint is {self.constraint!r:.60}; it must hold options by name")
        frozen = {name: MappingProxyType(dict(options)) for name, options in self.constraint.items()}
        object.__setattr__(self, "constraint", MappingProxyType(frozen))

    @property
    def on_times(self) -> bool:
        """Whether spike times are not what they would be."""
        return self.noise > 0 or self.time_bits > 0 or self.of_plugins

    @property
    def on_weights(self) -> bool:
        """Whether weights are not what they would be."""
        return self.weight_bits > 0 or self.of_plugins

    @property
    def on_thresholds(self) -> bool:
        """Whether thresholds are not what they would be."""
        return self.threshold_bits > 0 or self.of_plugins

    @property
    def random(self) -> bool:
        """Whether random numbers may be drawn for spike times."""
        return self.noise > 0 or self.of_plugins

    @property
    def of_plugins(self) -> bool:
        """Whether constraints of plugins are among them, which may change anything."""
        return len(self.constraint) > 0

    def in_force(self) -> dict[str, Any]:
        """Only what has an effect, by name; empty for nothing. ``Constraints(**in_force)`` has the same effect."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "constraint"}
        values = {name: value for name, value in numbers.items() if value not in (0, None)}
        if self.weight_bits:
            values |= {name: getattr(self, name) for name in ("w_min", "w_max") if getattr(self, name) is not None}
        else:
            values = {name: value for name, value in values.items() if name not in ("w_min", "w_max")}
        if not self.random:
            values.pop("seed", None)
        if self.of_plugins:
            values["constraint"] = {name: dict(options) for name, options in self.constraint.items()}
        return values

    def without_times(self) -> Constraints:
        """Those on weights and thresholds, and those of plugins, which cannot be taken apart."""
        return replace(self, noise=0.0, time_bits=0)

    def times_only(self) -> Constraints:
        """Jitter and rounding of spike times alone."""
        return Constraints(noise=self.noise, time_bits=self.time_bits, seed=self.seed)


NONE = Constraints()


def from_config(config: Mapping[str, Any] | None) -> Constraints:
    """The constraints in the configuration of a layer.

    Raises:
        ValueError: it holds something else, or the constraint of a plugin that is not registered with Keras.
    """
    if not isinstance(config, Mapping | None):
        raise ValueError(f"constraints are given by name, not as {config!r}")
    try:
        constraints = Constraints(**(config or {}))
    except TypeError as error:
        raise ValueError(f"these are no constraints: {dict(config or {})}") from error
    if constraints.of_plugins:
        from snnctl.ttfs.quantize import of_plugins

        of_plugins(constraints)
    return constraints


def to_config(constraints: Constraints) -> dict[str, Any]:
    """The entry in the configuration of a layer; none where nothing is in force, so that files stay as they were."""
    values = constraints.in_force()
    return {"constraints": values} if values else {}
