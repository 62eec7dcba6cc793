"""Samples that are read batch by batch, as often as wanted, so that memory does not grow with the data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator

import numpy as np

Pair = tuple[np.ndarray, np.ndarray | None]


class Stream(ABC):
    """Samples in a fixed order.

    Args:
        shape: (samples, \\*sample_shape).
        dtype: element type of the samples.
        labelled: whether samples come with labels.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype, labelled: bool = False) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.labelled = labelled

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.shape[1:]

    def __len__(self) -> int:
        """The number of samples."""
        return self.shape[0]

    @abstractmethod
    def pairs(self, size: int) -> Iterator[Pair]:
        """Inputs (n, \\*sample_shape) with their labels (n, ...) or None, n at most ``size``; from the first sample on.

        Raises:
            DataError: a file turns out to be damaged.
        """

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """The inputs alone."""
        for inputs, _ in self.pairs(size):
            yield inputs

    def select(self, rows: np.ndarray) -> Stream:
        """The samples at ``rows``, which increase."""
        return Selected(self, rows)

    def some(self, count: int) -> Stream:
        """``count`` samples at most, to stand for all; the first."""
        return first(self, count)

    def place(self, row: int) -> str:
        """What the sample at ``row`` is called in messages."""
        return f"Sample {row}"


class ArrayStream(Stream):
    """The rows of an array that can be indexed: in memory, or mapped from a file.

    Args:
        open_array: gives the array. It is called for every batch, so that the pages of a mapped file are let go again.
        labels: (samples, ...) in memory, or None.
        rows: which rows, increasing; None for all.
    """

    def __init__(
        self, open_array: Callable[[], np.ndarray], labels: np.ndarray | None = None, rows: np.ndarray | None = None
    ) -> None:
        array = open_array()
        count = len(array) if rows is None else len(rows)
        super().__init__((count, *array.shape[1:]), array.dtype, labels is not None)
        self._open, self._labels, self._rows = open_array, labels, rows

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`."""
        for start in range(0, len(self), size):
            batch: slice | np.ndarray = slice(start, start + size)
            if self._rows is not None:
                batch = self._rows[batch]
            # A copy, because what is handed on must outlive the mapping.
            yield np.array(self._open()[batch]), None if self._labels is None else self._labels[batch]

    def select(self, rows: np.ndarray) -> Stream:
        """The samples at ``rows``; no others are read."""
        return ArrayStream(self._open, self._labels, rows if self._rows is None else self._rows[rows])

    def place(self, row: int) -> str:
        """By the row in the whole array."""
        return f"Sample {row if self._rows is None else self._rows[row]}"


class Selected(Stream):
    """Some samples of a stream that can only be read from its beginning.

    Args:
        source: all samples.
        rows: which of them, increasing; reading ends with the last.
    """

    def __init__(self, source: Stream, rows: np.ndarray) -> None:
        super().__init__((len(rows), *source.sample_shape), source.dtype, source.labelled)
        self._source, self._rows = source, np.asarray(rows)

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`."""
        return regrouped(self._picked(size), size)

    def place(self, row: int) -> str:
        """By the row in the source."""
        return self._source.place(int(self._rows[row]))

    def _picked(self, size: int) -> Iterator[Pair]:
        start = taken = 0
        for inputs, labels in self._source.pairs(size):
            until = int(np.searchsorted(self._rows, start + len(inputs)))
            here = self._rows[taken:until] - start
            if len(here):
                yield inputs[here], None if labels is None else labels[here]
            start, taken = start + len(inputs), until
            if taken == len(self._rows):
                return


def regrouped(pairs: Iterable[Pair], size: int) -> Iterator[Pair]:
    """The same samples in batches of exactly ``size``, but for the last."""
    kept: list[Pair] = []
    count = 0
    for pair in pairs:
        kept.append(pair)
        count += len(pair[0])
        while count >= size:
            inputs, labels = _joined(kept)
            yield inputs[:size], None if labels is None else labels[:size]
            kept = [(inputs[size:], None if labels is None else labels[size:])]
            count -= size
    if count:
        yield _joined(kept)


def _joined(pairs: list[Pair]) -> Pair:
    pairs = [pair for pair in pairs if len(pair[0])]
    if len(pairs) == 1:
        return pairs[0]
    labels = [labels for _, labels in pairs if labels is not None]
    inputs = np.concatenate([inputs for inputs, _ in pairs])
    return inputs, np.concatenate(labels) if len(labels) == len(pairs) else None


def first(stream: Stream, count: int) -> Stream:
    """The first ``count`` samples at most."""
    return stream if len(stream) <= count else stream.select(np.arange(count))


def drawn(stream: Stream, count: int, seed: int) -> Stream:
    """``count`` samples at most, drawn at random, in their order."""
    if len(stream) <= count:
        return stream
    rows = np.random.default_rng(seed).choice(len(stream), count, replace=False)
    return stream.select(np.sort(rows))
