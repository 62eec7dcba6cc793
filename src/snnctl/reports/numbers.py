"""Figures as they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence

DASH = "–"  # no figure
MOST = 1e15  # a larger part or count is damage


def percent(value: float | None, decimals: int = 2) -> str:
    """A part of 1."""
    return DASH if value is None or abs(value) > MOST else f"{100 * value:.{decimals}f} %"


def plain(value: float | None, digits: int = 4) -> str:
    """A number with so many digits; large ones with thin spaces between thousands."""
    if value is None:
        return DASH
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e9:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return f"{value:,.{decimals}f}".replace(",", "\u202f").replace("-", "−")
    return f"{value:.{digits - 1}e}".replace("-", "−")


def count(value: float | None) -> str:
    """A whole number."""
    return DASH if value is None or abs(value) > MOST else f"{value:,.0f}".replace(",", "\u202f")


def energy(nanojoules: float | None) -> str:
    """With a unit of fitting size."""
    if nanojoules is None:
        return DASH
    for size, unit in ((1e6, "mJ"), (1e3, "µJ")):
        if abs(nanojoules) >= size:
            return f"{plain(nanojoules / size, 3)} {unit}"
    return f"{plain(nanojoules, 3)} nJ"


def enumerated(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def seconds(value: float) -> str:
    """``0.5 s``, ``12 s``, ``3 min 20 s`` or ``2 h 5 min``; a dash for what is no finite number."""
    if not math.isfinite(value):
        return DASH
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
