"""Constants on their way through linear layers, position by position.

``W (scale x + shift) + b`` has the bias ``b + W shift``. Zero padding pads the *source's* tensor, where the
shift is missing: near the border fewer taps contribute, and the bias depends on the position. The layer itself is
run on the image that holds the shift everywhere, whatever the kernel, stride, dilation and padding.

A constant is (channels,) where it is the same at every position, otherwise of the tensor's whole shape.
"""

from __future__ import annotations

import numpy as np

from snnctl.conversion.linear import Linear, Shape

ROUNDING = 1e-12  # of a channel's largest value: what float64 sums of the same taps may differ by


class SizeNotFixedError(Exception):
    """The constant depends on the position, and the tensor's size is not known."""


def through(linear: Linear, offset: np.ndarray, shape: Shape) -> np.ndarray:
    """What ``linear`` makes of a constant tensor.

    Args:
        linear: the map.
        offset: (channels,) or ``shape``.
        shape: of the tensor it reads, without the batch.

    Returns:
        (output channels,) or the output's shape.

    Raises:
        SizeNotFixedError: see there.
    """
    constant = offset.ndim == 1
    if not np.any(offset):
        return np.zeros(_channels(linear.output_shape(shape)))
    if constant and linear.form in ("average", "select"):
        return offset
    if constant and linear.form == "dense":
        assert linear.kernel is not None
        return offset @ linear.kernel
    if any(side is None for side in shape):
        raise SizeNotFixedError
    return compressed(linear.run(np.broadcast_to(offset, (1, *shape)))[0])


def compressed(offset: np.ndarray) -> np.ndarray:
    """(channels,) when a constant is the same at every position; else as it is."""
    if offset.ndim == 1:
        return offset
    rows = offset.reshape(-1, offset.shape[-1])
    if np.all(np.abs(rows - rows[0]).max(axis=0) <= ROUNDING * np.abs(rows).max(axis=0)):
        return rows[0]
    return offset


def distinct(offset: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The distinct rows of a constant, and which of them holds at each position.

    Returns:
        (channels,) and None, or (rows, channels) and whole numbers of the positions' shape
        (3 x 3, stride 1, "same": 9 rows).
    """
    offset = compressed(offset)
    if offset.ndim == 1:
        return offset, None
    rows = offset.reshape(-1, offset.shape[-1])
    # Rows are told apart by one random combination of their values: sorting numbers is faster than sorting rows.
    largest = np.abs(rows).max(axis=0)
    mixed = (rows / np.where(largest > 0, largest, 1.0)) @ np.random.default_rng(0).normal(size=rows.shape[-1])
    steps = np.round(mixed / (ROUNDING * 100 * max(np.abs(mixed).max(), np.finfo(float).tiny)))
    _, first, index = np.unique(steps, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    if np.any(np.abs(rows - rows[first][index]).max(axis=0) > ROUNDING * largest):
        first, index = np.arange(len(rows)), np.arange(len(rows))
    return rows[first], index.reshape(offset.shape[:-1])


def _channels(shape: Shape) -> int:
    channels = shape[-1]
    if channels is None:
        raise SizeNotFixedError
    return channels
