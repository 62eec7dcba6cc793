"""The stream of a data set: whether it keeps its promises, and all of it in one array."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnctl.data.dataset import Dataset, Samples
from snnctl.data.stream import Pair, Stream
from snnctl.data.validate import validate
from snnctl.errors import DataError
from snnctl.plugins.guard import guard, origin
from snnctl.progress import Reporter

BATCH = 256  # samples read at a time


class CheckedStream(Stream):
    """The stream of a data set, of which nobody knows whether it keeps its promises.

    Args:
        source: gives raw samples.
        dataset: says what they are.
        split: whose samples they are, for messages.

    Raises:
        DataError: there are no samples.
    """

    def __init__(self, source: Stream, dataset: Dataset, split: str) -> None:
        super().__init__(source.shape, source.dtype, source.labelled)
        self._source, self._dataset, self._split = source, dataset, split
        if not len(source):
            raise DataError("There are no samples.", where=f"{dataset.name}, {split} split")

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`.

        Raises:
            DataError: samples, labels or values that the data set does not allow, or more or fewer than it said.
            PluginError: the data set's own code fails.
        """
        count = 0
        pairs = iter(self._source.pairs(size))
        while count <= len(self):
            with guard(f"reading the {self._split} split failed", where=origin(self._dataset)):
                pair = next(pairs, None)
            if pair is None:
                break
            self._check(pair, count)
            count += len(pair[0])
            if count <= len(self):
                yield pair
        if count != len(self):
            given = "more" if count > len(self) else f"{count:,}"
            raise DataError(
                f"The data set promises {len(self):,} samples and gives {given}.",
                where=f"{self._dataset.name}, {self._split} split",
            )

    def select(self, rows: np.ndarray) -> Stream:
        """The samples at ``rows``; the data set decides whether others are read."""
        return CheckedStream(self._source.select(rows), self._dataset, self._split)

    def place(self, row: int) -> str:
        """As the data set calls it."""
        return self._source.place(row)

    def _check(self, pair: Pair, start: int) -> None:
        inputs, labels = pair
        try:
            if labels is None:
                if self.labelled:
                    raise DataError("Some labels are missing.", where=f"{self._dataset.name}, {self._split} split")
                labels = np.zeros(len(inputs), np.int64)
            validate(Samples(inputs, labels), self._dataset, self._split)
        except DataError as error:
            where = f"{error.where}, counted from sample {start}" if start else error.where
            raise DataError(error.what, where=where, todo=error.todo) from error


def gathered(stream: Stream, where: str, reporter: Reporter) -> Samples:
    """All samples of a stream in one array, into which each batch is written as it is read.

    Args:
        stream: the samples, with labels.
        where: what they are, for messages.
        reporter: shows progress.

    Raises:
        DataError: they have no labels.
    """
    if not stream.labelled:
        raise DataError(
            "The samples have no labels.",
            where=where,
            todo="Without labels a network can be converted (`snnctl convert`), but neither trained nor measured.",
        )
    inputs, labels = np.empty(stream.shape, stream.dtype), np.empty(len(stream), np.int64)
    start = 0
    with reporter.task(f"reading {where}", len(stream)) as task:
        for batch, numbers in stream.pairs(BATCH):
            rows = slice(start, start + len(batch))
            assert numbers is not None
            inputs[rows], labels[rows] = batch, numbers
            start += len(batch)
            task.advance(len(batch))
    return Samples(inputs, labels)
