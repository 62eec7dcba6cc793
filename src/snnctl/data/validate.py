"""Check that samples are what their data set promises."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from snnctl.data.dataset import Dataset, Samples
from snnctl.errors import DataError

CHUNK_VALUES = 1 << 20


def validate(samples: Samples, dataset: Dataset, split: str) -> None:
    """Check shapes, element types, labels and values; cheap where the element type settles the matter.

    Raises:
        DataError: something does not fit; names the split and the first sample (from 0) it does not fit in.
    """
    where = f"{dataset.name}, {split} split"
    _check_kind(samples, where)
    _check_shapes(samples, dataset, where)
    _check_labels(samples.labels, dataset.classes, where)
    _check_values(samples.inputs, dataset.raw_range, where)


def _check_kind(samples: object, where: str) -> None:
    if not isinstance(samples, Samples):
        raise DataError(f"The data set returned a {type(samples).__name__} instead of Samples.", where=where)
    for what, values, kinds in (("inputs", samples.inputs, "iuf"), ("labels", samples.labels, "iu")):
        if not isinstance(values, np.ndarray):
            raise DataError(f"The {what} are a {type(values).__name__} instead of an array.", where=where)
        if values.dtype.kind not in kinds:
            wanted = "integers" if kinds == "iu" else "numbers"
            raise DataError(f"The {what} are {values.dtype} instead of {wanted}.", where=where)


def _check_shapes(samples: Samples, dataset: Dataset, where: str) -> None:
    inputs, labels = samples.inputs.shape, samples.labels.shape
    if not inputs or inputs[1:] != tuple(dataset.input_shape):
        raise DataError(
            f"The inputs have shape {inputs} instead of (n, {', '.join(map(str, dataset.input_shape))}).", where=where
        )
    if labels != inputs[:1]:
        raise DataError(f"{inputs[0]} inputs come with labels of shape {labels}.", where=where)
    if not inputs[0]:
        raise DataError("There are no samples.", where=where)


def _check_labels(labels: np.ndarray, classes: int, where: str) -> None:
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        index = int(wrong.argmax())
        raise DataError(f"Sample {index} has label {labels[index]}, outside 0..{classes - 1}.", where=where)


def _check_values(inputs: np.ndarray, raw_range: tuple[float, float], where: str) -> None:
    low, high = float(raw_range[0]), float(raw_range[1])
    if inputs.dtype.kind in "iu" and low <= np.iinfo(inputs.dtype).min and np.iinfo(inputs.dtype).max <= high:
        return
    for start, chunk in _chunks(inputs):
        # A NaN makes both extremes NaN, so one pass finds everything.
        smallest, largest = chunk.min(), chunk.max()
        if not (smallest >= low and largest <= high and np.isfinite(smallest) and np.isfinite(largest)):
            raise _first_bad_value(chunk, start, low, high, where)


def _first_bad_value(chunk: np.ndarray, start: int, low: float, high: float, where: str) -> DataError:
    good = (chunk >= low) & (chunk <= high) & np.isfinite(chunk)
    row, column = (int(i) for i in np.argwhere(~good)[0])
    value = float(chunk[row, column])
    kind = f"outside {low:g}..{high:g}" if math.isfinite(value) else "not a finite number"
    todo = "Mend the samples, or the data set's raw_range, which says what values there can be."
    return DataError(f"Sample {start + row} holds the value {value:g}, {kind}.", where=where, todo=todo)


def _chunks(inputs: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Runs of samples, flattened to (n, values), each with the index of its first sample."""
    rows = max(1, CHUNK_VALUES // max(1, inputs[0].size))
    for start in range(0, len(inputs), rows):
        chunk = inputs[start : start + rows]
        yield start, chunk.reshape(len(chunk), -1)
