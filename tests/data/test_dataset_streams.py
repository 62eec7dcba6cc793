"""How a data set that has a stream of its own is read: checked, limited, preprocessed, and never trusted."""

from collections.abc import Iterator

import numpy as np
import pytest

from snnctl.data.preprocess import parse_preprocess
from snnctl.data.stream import Pair, Stream
from snnctl.errors import DataError, PluginError
from snnctl.plugins import DataContext, Dataset, Samples
from snnctl.verbs.samples import Source

INPUTS = np.arange(20, dtype=np.uint8).reshape(10, 2)
LABELS = np.arange(10) % 3


class Numbers(Stream):
    """Pairs of numbers; a batch that ``fails`` is not given."""

    def __init__(
        self, inputs: np.ndarray = INPUTS, labels: np.ndarray | None = LABELS, count: int = 10, fails: bool = False
    ) -> None:
        super().__init__((count, *inputs.shape[1:]), inputs.dtype, labels is not None)
        self.inputs, self.labels, self.fails = inputs, labels, fails

    def pairs(self, size: int) -> Iterator[Pair]:
        for start in range(0, len(self.inputs), size):
            if start and self.fails:
                raise ZeroDivisionError("half way")
            rows = slice(start, start + size)
            yield self.inputs[rows], None if self.labels is None else self.labels[rows]


class Unlabelled(Numbers):
    def pairs(self, size: int) -> Iterator[Pair]:
        for inputs, _ in super().pairs(size):
            yield inputs, None


class Streamed(Dataset):
    name = "streamed"
    input_shape = (2,)
    classes = 3
    raw_range = (0.0, 40.0)

    def __init__(self, numbers: Stream) -> None:
        self.numbers = numbers

    def load(self, split: str, context: DataContext) -> Samples:
        raise AssertionError("a data set with a stream is not loaded")

    def stream(self, split: str, context: DataContext) -> Stream:
        return self.numbers


def source(numbers: Stream, limit: int | None = None) -> Source:
    dataset = Streamed(numbers)
    unit = parse_preprocess("unit", dataset)
    return Source(dataset, preprocessing=unit, context=DataContext(), limit=limit, dtype="float32", named=None)


def test_splits_and_streams_are_limited_and_preprocessed() -> None:
    samples = source(Numbers()).split("train")
    assert samples.inputs.dtype == np.float32
    np.testing.assert_array_equal(samples.inputs, (INPUTS / 40).astype("float32"))
    np.testing.assert_array_equal(samples.labels, LABELS)
    assert source(Numbers(), limit=4).split("train").labels.tolist() == LABELS[:4].tolist()
    assert [len(source(Numbers(), limit=limit).stream("train")) for limit in (4, 40)] == [4, 10]
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


def with_value(row: int, value: int) -> np.ndarray:
    inputs = INPUTS.copy()
    inputs[row] = value
    return inputs


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (Numbers(with_value(7, 41)), "Sample 3 holds the value 41, outside 0..40"),
        (Numbers(labels=np.arange(10)), "Sample 3 has label 3, outside 0..2"),
        (Numbers(np.zeros((10, 3), np.uint8)), r"The inputs have shape \(4, 3\)"),
        (Numbers(labels=LABELS[:9]), "2 inputs come with labels of shape"),
        (Unlabelled(), "Some labels are missing"),
        (Numbers(count=12), "promises 12 samples and gives 10"),
        (Numbers(count=7), "promises 7 samples and gives more"),
        (Numbers(INPUTS[:0], LABELS[:0], 0), "There are no samples"),
    ],
)
def test_broken_promises_are_told(numbers: Numbers, message: str) -> None:
    with pytest.raises(DataError, match=message) as told:
        list(source(numbers).stream("train").pairs(4))
    assert "streamed" in told.value.where
    with pytest.raises(DataError):
        source(numbers).split("train")


def test_a_failure_while_reading_is_the_plugins() -> None:
    with pytest.raises(PluginError, match="reading the train split failed: ZeroDivisionError: half way") as told:
        list(source(Numbers(fails=True)).stream("train").pairs(4))
    assert "data set 'streamed'" in told.value.where
