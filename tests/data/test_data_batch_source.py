"""Batches from a caller's own code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from snnctl.data.batch_source import open_batches
from snnctl.data.survey import survey
from snnctl.errors import DataError, UsageError
from snnctl.progress import SilentReporter

X = np.arange(30, dtype=np.float32).reshape(10, 3)
Y = np.arange(10)


def with_labels() -> Iterator[Any]:
    yield X[:4], Y[:4]
    yield X[4:], Y[4:], np.ones(6)


class Sequence:
    """Like ``keras.utils.PyDataset``."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, number: int) -> Any:
        return X[5 * number : 5 * number + 5], Y[5 * number : 5 * number + 5]


@pytest.mark.parametrize("source", [with_labels, Sequence(), [(X[:3], Y[:3]), (X[3:], Y[3:])]])
def test_batches_are_counted_and_read_again(source: Any) -> None:
    stream = open_batches(source, None)
    seen = survey(stream, "here", SilentReporter(), total=0)
    counted = stream.counted(seen.samples)
    assert (counted.shape, seen.high) == ((10, 3), 29.0)
    for _ in range(2):
        inputs, labels = zip(*counted.pairs(4), strict=True)
        assert [len(batch) for batch in inputs] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate(inputs), X)
        np.testing.assert_array_equal(np.concatenate(labels), Y)


@pytest.mark.parametrize("limit", [1, 4, 7])
def test_a_limit_cuts_also_what_has_no_end(limit: int) -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            yield X

    stream = open_batches(endless, limit)
    assert survey(stream, "here", SilentReporter(), total=limit).samples == limit
    np.testing.assert_array_equal(np.concatenate(list(stream.counted(limit).batches(3))), X[:limit])


@pytest.mark.parametrize("source", [with_labels(), 5, {"x": X}, iter([X])])
def test_what_gives_no_batches_twice(source: Any) -> None:
    with pytest.raises(UsageError, match=r"only once|are no samples") as caught:
        open_batches(source, None)
    assert "a function that makes a generator" in caught.value.todo


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "no samples"),
        ([{"x": X}], "inputs of batch 0 are a dict"),
        ([X.astype("U3")], "inputs of batch 0 are <U"),
        ([(X, Y[:3])], r"Batch 0 has 10 samples and labels of shape \(3,\)"),
        ([X, X[:, :2]], r"Batch 1 holds samples of shape \(2,\), batch 0 of shape \(3,\)"),
        ([(X, Y), X], "Batch 1 holds samples of shape .* with labels"),
        ([np.float32(3)], "Are these batches"),
    ],
)
def test_batches_that_are_none(batches: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        survey(open_batches(lambda: iter(batches), None), "here", SilentReporter(), total=0)


def test_a_function_that_gives_the_same_generator_again() -> None:
    once = iter([X, X])
    stream = open_batches(lambda: once, None)
    with pytest.raises(DataError, match="The second pass"):
        list(stream.counted(10).batches(4)) and list(stream.counted(10).batches(4))
