"""Values of options that are written as texts."""

from __future__ import annotations

from typing import Any

FLOAT32_MAX = 3.4028234e38
SMALLEST = 1e-6  # part of the larger end that the two must lie apart, to be different in float32


def read_range(value: Any) -> Any:
    """``"P,Q"`` or a pair of numbers as (P, Q).

    Raises:
        ValueError: not two numbers, or not in order.
    """
    parts = value.split(",") if isinstance(value, str) else value
    try:
        low, high = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise ValueError("it should be two numbers P,Q, for example 0,1") from None
    if not (abs(low) <= FLOAT32_MAX and abs(high) <= FLOAT32_MAX):  # NaN too
        raise ValueError("it should be two finite numbers P,Q, for example 0,1")
    if high - low < SMALLEST * max(abs(low), abs(high), 1e-30):
        raise ValueError("P should be smaller than Q")
    return low, high


def read_path(value: Any) -> Any:
    """A path as it is given.

    Raises:
        ValueError: an empty one, which would be the working folder.
    """
    if value == "":
        raise ValueError("it should be a file or folder, but is empty")
    return value


def read_samples_path(value: Any) -> Any:
    """The path of samples to calibrate on; a number is told where it belongs.

    Raises:
        ValueError: a number, or an empty path.
    """
    if isinstance(value, int):
        raise ValueError("it should be a file or folder; the number of images is calibration_images")
    return read_path(value)
