"""What an axis of accuracies spans at least: chance is not to look like a trend."""

from __future__ import annotations

import math
from collections.abc import Iterable

LEAST = 0.02
ERRORS = 4  # standard errors


def accuracy_span(accuracies: Iterable[float | None], images: float | None) -> float:
    """Two points, or four standard errors of the mean accuracy (binomial) if that is more.

    Args:
        accuracies: parts of 1 that are drawn; others are left out.
        images: that each was measured on; None if not known.
    """
    found = [value for value in accuracies if value is not None and 0 <= value <= 1]
    if not found or images is None or images < 1:
        return LEAST
    mean = sum(found) / len(found)
    return max(LEAST, ERRORS * math.sqrt(mean * (1 - mean) / images))
