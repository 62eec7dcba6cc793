from __future__ import annotations

import numpy as np
import pytest

from snnctl.data import validate
from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.errors import DataError, UsageError

COUNT = 12


class Fake(Dataset):
    name = "fake"
    input_shape = (2, 3)
    classes = 4
    raw_range = (0.0, 10.0)

    def __init__(self, inputs: object, labels: object) -> None:
        self.samples = Samples(inputs, labels)  # type: ignore[arg-type]

    def load(self, split: str, context: DataContext) -> Samples:
        return self.samples


def inputs(dtype: str = "float32") -> np.ndarray:
    return (np.arange(COUNT * 6).reshape(COUNT, 2, 3) % 11).astype(dtype)


def labels(dtype: str = "uint8") -> np.ndarray:
    return (np.arange(COUNT) % 4).astype(dtype)


def load(dataset: Dataset, split: str = "train", **options: object) -> Samples:
    return load_split(dataset, split, DataContext(), parse_preprocess("unit", dataset), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("stored", ["uint8", "int32", "float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_are_preprocessed_in_the_wanted_precision(stored: str, dtype: str) -> None:
    samples = load(Fake(inputs(stored), labels()), dtype=dtype)
    assert samples.inputs.dtype == dtype
    np.testing.assert_array_equal(samples.inputs, inputs().astype(dtype) / np.dtype(dtype).type(10))
    assert samples.labels.dtype == np.int64
    np.testing.assert_array_equal(samples.labels, labels())


@pytest.mark.parametrize(("limit", "expected"), [(None, COUNT), (1, 1), (5, 5), (COUNT, COUNT), (1000, COUNT)])
def test_the_limit_takes_the_first_samples(limit: int | None, expected: int) -> None:
    samples = load(Fake(inputs(), labels()), limit=limit)
    assert len(samples) == len(samples.labels) == expected
    np.testing.assert_array_equal(samples.inputs, load(Fake(inputs(), labels())).inputs[:expected])


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        load(Fake(inputs(), labels()), limit=limit)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(UsageError, match='no split "validation"'):
        load(Fake(inputs(), labels()), "validation")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (inputs()[:, :, :2], r"shape \(12, 2, 2\) instead of \(n, 2, 3\)"),
        (inputs().reshape(COUNT, 6), r"shape \(12, 6\) instead of"),
        (np.array(1.0), r"shape \(\) instead of"),
        (inputs()[:11], "11 inputs come with labels of shape"),
        (inputs().tolist(), "inputs are a list instead of an array"),
        (inputs().astype(object), "inputs are object instead of numbers"),
        (inputs().astype("complex64"), "inputs are complex64 instead of numbers"),
        (inputs().astype("U3"), "instead of numbers"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(bad: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(Fake(bad, labels()), "test")
    assert caught.value.where == "fake, test split"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (labels().astype("float32"), "labels are float32 instead of integers"),
        (labels() > 0, "labels are bool instead of integers"),
        (labels().tolist(), "labels are a list"),
        (labels()[:, None], r"12 inputs come with labels of shape \(12, 1\)"),
        (np.eye(4, dtype=np.int64)[labels()], r"labels of shape \(12, 4\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(bad: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(Fake(inputs(), bad))


@pytest.mark.parametrize(("label", "index"), [(4, 3), (-1, 0), (200, 11)])
def test_the_first_label_out_of_range_is_named(label: int, index: int) -> None:
    bad = labels("int16")
    bad[index:] = label
    with pytest.raises(DataError, match=rf"Sample {index} has label {label}, outside 0\.\.3"):
        load(Fake(inputs(), bad))


def test_no_samples_are_refused() -> None:
    with pytest.raises(DataError, match="no samples"):
        load(Fake(inputs()[:0], labels()[:0]))


def test_what_is_not_samples_is_refused() -> None:
    dataset = Fake(inputs(), labels())
    dataset.samples = (inputs(), labels())  # type: ignore[assignment]
    with pytest.raises(DataError, match="a tuple instead of Samples"):
        load(dataset)


@pytest.mark.parametrize("chunk", [1, 20, 1 << 20])
@pytest.mark.parametrize("index", [0, 1, 7, COUNT - 1])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "the value nan, not a finite number"),
        (np.inf, "the value inf, not a finite number"),
        (-np.inf, "the value -inf, not a finite number"),
        (10.5, r"the value 10.5, outside 0..10"),
        (-0.5, r"the value -0.5, outside 0..10"),
    ],
)
def test_the_first_bad_value_is_named(
    monkeypatch: pytest.MonkeyPatch, value: float, message: str, index: int, chunk: int
) -> None:
    monkeypatch.setattr(validate, "CHUNK_VALUES", chunk)
    bad = inputs()
    bad[index:, 1, 2] = value
    with pytest.raises(DataError, match=f"Sample {index} holds {message}") as caught:
        load(Fake(bad, labels()), "test", limit=1)
    assert caught.value.where == "fake, test split"


def test_bytes_are_checked_when_the_raw_range_is_narrower() -> None:
    bad = inputs("uint8")
    bad[4, 0, 0] = 11
    with pytest.raises(DataError, match="Sample 4 holds the value 11"):
        load(Fake(bad, labels()))


def test_infinite_values_are_refused_even_when_the_raw_range_is_infinite() -> None:
    dataset = Fake(inputs(), labels())
    dataset.raw_range = (-np.inf, np.inf)
    validate.validate(dataset.samples, dataset, "train")
    dataset.samples.inputs[2] = np.inf
    with pytest.raises(DataError, match="Sample 2 holds the value inf"):
        validate.validate(dataset.samples, dataset, "train")
