"""Looks at all raw values once: how many samples, from where to where, and whether all are numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnctl.data.stream import Stream
from snnctl.errors import DataError
from snnctl.progress import Reporter

CHUNK_VALUES = 1 << 22


@dataclass(frozen=True)
class Survey:
    """What was seen.

    Args:
        samples: how many.
        low: smallest value.
        high: largest value.
        lowest: the sample that holds the smallest value.
        highest: the sample that holds the largest value.
    """

    samples: int
    low: float
    high: float
    lowest: int
    highest: int


def survey(stream: Stream, where: str, reporter: Reporter, total: int | None = None) -> Survey:
    """Reads the whole stream.

    Args:
        stream: raw samples.
        where: the file, for messages.
        reporter: shows progress.
        total: how many samples are expected; those of the stream by default.

    Raises:
        DataError: no samples, or a value that is NaN or infinite; names the first sample.
    """
    found = Survey(0, np.inf, -np.inf, 0, 0)
    size = max(1, CHUNK_VALUES // max(1, int(np.prod(stream.sample_shape))))
    with reporter.task("looking through the data", len(stream) if total is None else total) as task:
        for batch in stream.batches(size):
            found = _with(found, batch, stream, where)
            task.advance(len(batch))
    if not found.samples:
        raise DataError("There are no samples.", where=where)
    return found


def _with(found: Survey, batch: np.ndarray, stream: Stream, where: str) -> Survey:
    flat = batch.reshape(len(batch), -1)
    # A NaN makes both extremes NaN, so one pass finds everything.
    low, high = float(flat.min()), float(flat.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        row, column = (int(index) for index in np.argwhere(~np.isfinite(flat))[0])
        raise DataError(
            f"{stream.place(found.samples + row)} holds the value {float(flat[row, column]):g}, "
            "which is not a finite number.",
            where=where,
            todo="Remove the sample, or replace the value.",
        )
    lowest, highest = found.lowest, found.highest
    if low < found.low:
        lowest = found.samples + int(flat.min(axis=1).argmin())
    if high > found.high:
        highest = found.samples + int(flat.max(axis=1).argmax())
    return Survey(found.samples + len(batch), min(low, found.low), max(high, found.high), lowest, highest)
