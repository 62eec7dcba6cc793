"""A stream as a network is fed with it: reshaped, preprocessed batch by batch, with labels as class numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from snnctl.data.preprocess import Preprocessing
from snnctl.data.stream import Pair, Stream
from snnctl.errors import DataError


class PreparedStream(Stream):
    """What a network reads.

    Args:
        source: raw samples; as many values each as ``sample_shape`` has.
        sample_shape: the shape the network takes.
        preprocessing: how raw values become inputs.
        dtype: precision of the inputs.
        classes: labels are given as numbers from 0 to classes - 1; None leaves labels out.
        where: the file, for messages.
    """

    def __init__(
        self,
        source: Stream,
        sample_shape: tuple[int, ...],
        preprocessing: Preprocessing,
        dtype: DTypeLike,
        classes: int | None,
        where: str = "",
    ) -> None:
        super().__init__((len(source), *sample_shape), np.dtype(dtype), source.labelled and classes is not None)
        self._source, self._preprocessing, self._classes, self._where = source, preprocessing, classes, where

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`; labels are int64 of shape (n,).

        Raises:
            DataError: a label is no class; names the first sample.
        """
        start = 0
        for raw, labels in self._source.pairs(size):
            inputs = self._preprocessing.apply(raw.reshape(len(raw), *self.sample_shape), self.dtype)
            yield inputs, self._class_numbers(labels, start)
            start += len(raw)

    def select(self, rows: np.ndarray) -> Stream:
        """The samples at ``rows``; the others are not preprocessed."""
        return PreparedStream(
            self._source.select(rows), self.sample_shape, self._preprocessing, self.dtype, self._classes, self._where
        )

    def place(self, row: int) -> str:
        """As its source calls it."""
        return self._source.place(row)

    def _class_numbers(self, labels: np.ndarray | None, start: int) -> np.ndarray | None:
        if labels is None or self._classes is None:
            return None
        numbers = class_numbers(labels, self._classes, self._where)
        wrong = (numbers < 0) | (numbers >= self._classes)
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(
                f"{self.place(start + row)} has label {numbers[row]}, but the network has {self._classes} classes "
                f"(0 to {self._classes - 1}).",
                where=self._where,
                todo="Give the labels the network was trained with, or none.",
            )
        return numbers


def class_numbers(labels: np.ndarray, classes: int, where: str = "") -> np.ndarray:
    """Labels as int64 (n,); given as whole numbers (n,) or (n, 1), or one column per class.

    Raises:
        DataError: another shape, or numbers that are not whole.
    """
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim == 2 and flat.shape[1] == classes and flat.dtype.kind in "iufb":
        return flat.argmax(axis=1).astype(np.int64)
    whole = flat.dtype.kind in "iub" or (flat.dtype.kind == "f" and bool(np.all(flat == np.floor(flat))))
    if flat.ndim != 1 or not whole:
        raise DataError(
            f"The labels have shape (samples, {', '.join(map(str, labels.shape[1:]))}) and type {labels.dtype}; "
            f"expected are whole numbers, one a sample, or {classes} columns with the class marked.",
            where=where,
            todo="Give such labels, or none.",
        )
    return flat.astype(np.int64)
