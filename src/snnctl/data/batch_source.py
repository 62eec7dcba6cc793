"""Batches from somebody else's code: a function that yields them, or an object that can be gone through repeatedly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from snnctl.data.stream import Pair, Stream, regrouped
from snnctl.errors import DataError, SnnctlError, UsageError

WHERE = "calibration"
LONGEST_REASON = 300  # characters
INFINITE = -1  # cardinality of a tf.data.Dataset without end
Make = Callable[[], Iterable[Any]]


class BatchStream(Stream):
    """Batches that are made anew for every pass; how many samples there are is known after the first.

    Args:
        make: called for every pass; gives batches x or (x, y).
        head: the first batch.
        count: how many samples are used; the rest is not read.
    """

    def __init__(self, make: Make, head: Pair, count: int) -> None:
        super().__init__((count, *head[0].shape[1:]), head[0].dtype, head[1] is not None)
        self._make, self._head = make, head

    def pairs(self, size: int) -> Iterator[Pair]:
        """See :meth:`Stream.pairs`.

        Raises:
            DataError: a batch that is not like the first, or a pass without any.
        """
        left = len(self)
        for inputs, labels in regrouped(self._batches(), size):
            yield inputs[:left], None if labels is None else labels[:left]
            left -= len(inputs)
            if left <= 0:
                return
        if left == len(self):
            raise DataError(
                "The second pass over the data gave no samples.",
                where=WHERE,
                todo="Give a function that makes a new generator each time it is called.",
            )

    def counted(self, count: int) -> BatchStream:
        """The same with the number of samples that were found."""
        return BatchStream(self._make, self._head, count)

    def _batches(self) -> Iterator[Pair]:
        for number, element in enumerate(_elements(self._make)):
            inputs, labels = as_pair(element, number)
            if inputs.shape[1:] != self.sample_shape or (labels is None) is self.labelled:
                raise DataError(
                    f"Batch {number} holds samples of shape {inputs.shape[1:]}"
                    f"{'' if labels is None else ' with labels'}, batch 0 of shape {self.sample_shape}"
                    f"{' with labels' if self.labelled else ''}.",
                    where=WHERE,
                )
            yield inputs, labels


def open_batches(source: Any, limit: int | None) -> BatchStream:
    """The samples of a ``tf.data.Dataset``, a function that makes a generator, or a list of batches.

    Args:
        source: gives batches, x or (x, y); what follows in a tuple is left out.
        limit: first samples that are used; None for all.

    Raises:
        UsageError: something that gives no batches, that can be gone through once only, or has no end.
        DataError: no batches, or batches that are no numbers.
    """
    make = _maker(source, limit)
    head = next(iter(islice(_elements(make), 1)), None)
    if head is None:
        raise DataError("There are no samples.", where=WHERE)
    return BatchStream(make, as_pair(head, 0), np.iinfo(np.int64).max if limit is None else limit)


def as_pair(element: Any, number: int) -> Pair:
    """Inputs and labels of one batch.

    Raises:
        DataError: no numbers, or not as many labels as samples.
    """
    inputs, labels = (element[0], element[1]) if isinstance(element, tuple) and len(element) > 1 else (element, None)
    inputs = inputs[0] if isinstance(inputs, tuple) and len(inputs) == 1 else inputs
    x = _numbers(inputs, number, "inputs")
    y = None if labels is None or isinstance(labels, dict | tuple | list) else _numbers(labels, number, "labels")
    if y is not None and y.shape[:1] != x.shape[:1]:
        raise DataError(f"Batch {number} has {len(x)} samples and labels of shape {y.shape}.", where=WHERE)
    return x, y


def _elements(make: Make) -> Iterator[Any]:
    """What ``make`` gives.

    Raises:
        DataError: instead of what its own code raises.
    """
    try:
        yield from make()
    except SnnctlError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        raise DataError(
            f"The code that gives the batches failed: {type(error).__name__}: {reason}",
            where=WHERE,
            todo="It is not snnctl's own; the exception's cause holds its traceback.",
        ) from error


def _maker(source: Any, limit: int | None) -> Make:
    if hasattr(source, "as_numpy_iterator"):
        if limit is None and int(source.cardinality()) == INFINITE:
            raise UsageError(
                "the data set has no end", where=WHERE, todo="Cut it with dataset.take(batches), or give limit=N."
            )
        return source.as_numpy_iterator
    if callable(source) and not hasattr(source, "__getitem__"):
        return source
    if hasattr(source, "__getitem__") and hasattr(source, "__len__") and not isinstance(source, dict):
        return lambda: (source[number] for number in range(len(source)))
    if hasattr(source, "__iter__") and not hasattr(source, "__next__") and not isinstance(source, dict):
        return lambda: iter(source)
    why = "can be gone through only once" if hasattr(source, "__next__") else "are no samples"
    raise UsageError(
        f"objects of type {type(source).__name__} {why}",
        where=WHERE,
        todo="Give an array, a tf.data.Dataset in batches, or a function that makes a generator of batches.",
    )


def _numbers(values: Any, number: int, what: str) -> np.ndarray:
    array = np.asarray(values) if not isinstance(values, dict) else np.array(None)
    if array.dtype.kind not in "iufb" or not array.ndim:
        kind = "a dict" if isinstance(values, dict) else f"{array.dtype} of shape {array.shape}"
        raise DataError(
            f"The {what} of batch {number} are {kind}; an array of numbers, (samples, ...), is expected.",
            where=WHERE,
            todo="" if array.dtype.kind not in "iufb" else "Are these batches? dataset.batch(64) makes some.",
        )
    return array
