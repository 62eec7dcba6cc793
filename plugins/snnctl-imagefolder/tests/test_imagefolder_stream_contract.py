"""How snnctl reads a data set that has a stream of its own: checked, limited, preprocessed, and never trusted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from imagefolder_trees import Listener

from snnctl.data.preprocess import parse_preprocess
from snnctl.data.stream import Pair, Stream
from snnctl.errors import DataError, PluginError
from snnctl.plugins import DataContext, Dataset, Samples
from snnctl.verbs.samples import CheckedStream, gathered

INPUTS = np.arange(20, dtype=np.uint8).reshape(10, 2)
LABELS = np.arange(10) % 3


class Numbers(Stream):
    """Pairs of numbers; reading them may fail."""

    def __init__(self, inputs: np.ndarray = INPUTS, labels: np.ndarray | None = LABELS, count: int = 10) -> None:
        super().__init__((count, *inputs.shape[1:]), inputs.dtype, labels is not None)
        self.inputs, self.labels = inputs, labels

    def pairs(self, size: int) -> Iterator[Pair]:
        """In batches."""
        for start in range(0, len(self.inputs), size):
            rows = slice(start, start + size)
            yield self.inputs[rows], None if self.labels is None else self.labels[rows]


class Failing(Numbers):
    """Fails in the middle."""

    def pairs(self, size: int) -> Iterator[Pair]:
        """The first batch, and no more."""
        yield self.inputs[:size], LABELS[:size]
        raise ZeroDivisionError("half way")


class Unlabelled(Numbers):
    """Promises labels, and gives none."""

    def pairs(self, size: int) -> Iterator[Pair]:
        """In batches."""
        for inputs, _ in super().pairs(size):
            yield inputs, None


class Streamed(Dataset):
    """What :class:`Numbers` gives."""

    name = "streamed"
    input_shape = (2,)
    classes = 3
    raw_range = (0.0, 40.0)

    def __init__(self, numbers: Stream) -> None:
        self.numbers = numbers

    def load(self, split: str, context: DataContext) -> Samples:
        """Not asked for."""
        raise AssertionError("a data set with a stream is not loaded")

    def stream(self, split: str, context: DataContext) -> Stream:
        """Its stream."""
        return self.numbers


def source(numbers: Stream, limit: int | None = None, reporter: Listener | None = None):  # type: ignore[no-untyped-def]
    from snnctl.verbs.samples import Source

    dataset = Streamed(numbers)
    fields = {
        "dataset": dataset,
        "preprocessing": parse_preprocess("unit", dataset),
        "context": DataContext(reporter=reporter or Listener()),
        "limit": limit,
        "dtype": "float32",
    }
    named = {"named": None} if "named" in Source.__dataclass_fields__ else {}
    return Source(**fields, **named)


def test_a_split_is_gathered_from_the_stream_and_preprocessed() -> None:
    listener = Listener()
    samples = source(Numbers(), reporter=listener).split("train")
    assert samples.inputs.dtype == np.float32
    np.testing.assert_array_equal(samples.inputs, (INPUTS / 40).astype("float32"))
    np.testing.assert_array_equal(samples.labels, LABELS)
    assert listener.tasks == [("reading streamed, train split", 10, 10)]


def test_the_limit_takes_the_first() -> None:
    assert source(Numbers(), limit=4).split("train").labels.tolist() == LABELS[:4].tolist()
    assert len(source(Numbers(), limit=4).stream("train")) == 4
    assert len(source(Numbers(), limit=40).stream("train")) == 10


def test_a_stream_gives_batches_and_picks_rows() -> None:
    stream = source(Numbers()).stream("test")
    assert [len(inputs) for inputs in stream.batches(4)] == [4, 4, 2]
    ((inputs, labels),) = stream.select(np.array([2, 9])).pairs(8)
    np.testing.assert_array_equal(inputs, (INPUTS[[2, 9]] / 40).astype("float32"))
    assert labels is not None
    assert labels.tolist() == [2, 0]


def test_without_labels_there_is_a_stream_but_no_split() -> None:
    unlabelled = source(Numbers(labels=None))
    assert [labels for _, labels in unlabelled.stream("train").pairs(5)] == [None, None]
    with pytest.raises(DataError, match="The samples have no labels"):
        unlabelled.split("train")


def bad(row: int, value: int) -> np.ndarray:
    inputs = INPUTS.copy()
    inputs[row] = value
    return inputs


@pytest.mark.parametrize(
    ("numbers", "what", "where"),
    [
        (Numbers(bad(7, 41)), "Sample 3 holds the value 41, outside 0..40", "counted from sample 4"),
        (Numbers(bad(1, 41)), "Sample 1 holds the value 41", "streamed, train split"),
        (Numbers(labels=np.arange(10)), "Sample 3 has label 3, outside 0..2", "streamed, train split"),
        (Numbers(np.zeros((10, 3), np.uint8)), r"The inputs have shape \(4, 3\)", "streamed, train split"),
        (Numbers(labels=LABELS[:9]), "2 inputs come with labels of shape", "counted from sample 8"),
        (Unlabelled(), "Some labels are missing", "streamed, train split"),
        (Numbers(count=12), "promises 12 samples and gives 10", "streamed, train split"),
        (Numbers(count=7), "promises 7 samples and gives more", "streamed, train split"),
        (Numbers(INPUTS[:0], LABELS[:0], 0), "There are no samples", "streamed, train split"),
    ],
)
def test_broken_promises_are_told(numbers: Numbers, what: str, where: str) -> None:
    with pytest.raises(DataError, match=what) as told:
        list(CheckedStream(numbers, Streamed(numbers), "train").pairs(4))
    assert told.value.where.endswith(where)
    with pytest.raises(DataError):
        source(numbers).split("train")


def test_a_failure_while_reading_is_the_plugins() -> None:
    with pytest.raises(PluginError, match="reading the train split failed: ZeroDivisionError: half way") as told:
        list(source(Failing()).stream("train").pairs(4))
    assert "data set 'streamed'" in told.value.where


def test_what_is_gathered_need_not_come_in_equal_batches() -> None:
    samples = gathered(CheckedStream(Numbers(), Streamed(Numbers()), "train").select(np.array([1, 5])), "", Listener())
    assert samples.inputs.tolist() == INPUTS[[1, 5]].tolist()
