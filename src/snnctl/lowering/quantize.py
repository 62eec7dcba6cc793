"""Weights and thresholds as hardware with few bits has them; see :class:`snnctl.ttfs.constraints.Constraints`."""

from __future__ import annotations

import numpy as np


def rounded_weights(J: np.ndarray, bits: int, w_min: float | None = None, w_max: float | None = None) -> np.ndarray:
    """Weights on 2^bits levels from ``w_min`` to ``w_max``, moved by less than a step so that 0, if between, is one.

    Args:
        J: of one layer, any shape, float64.
        bits: at least 1.
        w_min: smallest level; the smallest weight when not given.
        w_max: largest level; the largest weight when not given. Where one end is not given and lies beyond the other,
            the two are the same.

    Returns:
        Of J's shape. Weights outside the range are at its ends; without a range they all are at one place.
    """
    low = float(J.min()) if w_min is None else w_min
    high = float(J.max()) if w_max is None else w_max
    if low > high:
        low, high = (low, low) if w_max is None else (high, high)
    if low == high:
        return np.full_like(J, low)
    last = 2**bits - 1
    step = (high - low) / last
    zero = -low / step  # which level would be 0, in steps from the first
    if low <= 0.0 <= high:
        zero = np.round(zero)
    level = np.clip(np.round(J / step + zero), 0, last)
    return (level - zero) * step


def rounded_thresholds(D: np.ndarray, bits: int) -> np.ndarray:
    """D on 2^bits levels from the layer's smallest to its largest; float64, any shape."""
    low, high = float(D.min()), float(D.max())
    if low == high:
        return D
    last = 2**bits - 1
    return low + np.round((D - low) / (high - low) * last) / last * (high - low)
