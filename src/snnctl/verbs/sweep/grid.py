"""Which points a sweep has: each axis alone, or all combinations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

Axes = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Setting:
    """What a network is constrained by; None: not at all.

    Args:
        noise: standard deviation of the jitter, in tau_c.
        time_bits: bits of a spike's time in its window.
        weight_bits: bits of a weight.
        threshold_bits: bits of a threshold.
        latency_quantile: part of a layer's spikes that its window is made for.
        zeta: margin of the windows beyond that.
    """

    noise: float | None = None
    time_bits: int | None = None
    weight_bits: int | None = None
    threshold_bits: int | None = None
    latency_quantile: float | None = None
    zeta: float | None = None

    @property
    def effective(self) -> Setting:
        """The same with None for what does nothing: no noise, and 0 bits, which means as many as there are."""
        idle = {name: None for name in UNCONSTRAINED_BY_ZERO if getattr(self, name) == 0}
        return replace(self, **idle)

    @property
    def narrows(self) -> bool:
        """Whether the windows are set anew."""
        return self.latency_quantile is not None or self.zeta is not None

    def values(self) -> dict[str, Any]:
        """By axis."""
        return asdict(self)


AXES = tuple(field.name for field in fields(Setting))
UNCONSTRAINED_BY_ZERO = ("noise", "time_bits", "weight_bits", "threshold_bits")


@dataclass(frozen=True)
class Point:
    """One point of a sweep.

    Args:
        setting: its value on every axis.
        axis: the axis it lies on; None in a grid.
    """

    setting: Setting
    axis: str | None


def given_axes(options: Any) -> dict[str, tuple[float, ...]]:
    """The axes that ``options`` name, in the order of :data:`AXES`, with their values as given."""
    values = {axis: getattr(options, axis) for axis in AXES}
    return {axis: tuple(found) for axis, found in values.items() if found is not None}


def count(axes: Axes, grid: bool) -> int:
    """How many points there are."""
    sizes = [len(values) for values in axes.values()]
    return math.prod(sizes) if grid else sum(sizes)


def points(axes: Axes, grid: bool) -> Iterator[Point]:
    """The points, axis by axis; in a grid the last axis varies fastest.

    Args:
        axes: values by axis.
        grid: whether all combinations are taken; otherwise each axis is, with the others unconstrained.
    """
    if grid:
        for combination in product(*axes.values()):
            yield Point(_setting(dict(zip(axes, combination, strict=True))), None)
        return
    for axis, values in axes.items():
        yield from (Point(_setting({axis: value}), axis) for value in values)


def _setting(values: dict[str, Any]) -> Setting:
    return Setting(**values)
