"""Samples of data sets are checked and preprocessed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnctl.data import validate
from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import Preprocessing, parse_preprocess
from snnctl.errors import DataError, UsageError

BYTES = np.arange(256, dtype=np.uint8).reshape(-1, 1)
COUNT = 12


class Fake(Dataset):
    name = "fake"
    input_shape = (2, 3)
    classes = 4

    def __init__(
        self,
        samples: object = None,
        raw_range: tuple[float, float] = (0.0, 255.0),
        standard: tuple[float, float] | None = None,
    ) -> None:
        self.samples, self.raw_range, self.standard = samples, raw_range, standard

    def load(self, split: str, context: DataContext) -> Samples:
        return self.samples  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("text", "dataset", "raw", "expected", "input_range", "spelling"),
    [
        (None, Fake(), [0, 255], [0.0, 1.0], (0.0, 1.0), "unit"),
        (" unit ", Fake(), [51], [0.2], (0.0, 1.0), "unit"),
        ("unit", Fake(raw_range=(-2.0, 6.0)), [-2, 0, 6], [0.0, 0.25, 1.0], (0.0, 1.0), "unit"),
        ("raw", Fake(), [0, 7], [0, 7], (0.0, 255.0), "raw"),
        ("standard", Fake(standard=(100.0, 50.0)), [0, 100, 200], [-2.0, 0.0, 2.0], (-2.0, 3.1), "mean=100.0,std=50.0"),
        ("mean=10,std=5", Fake(), [0, 20], [-2.0, 2.0], (-2.0, 49.0), "mean=10.0,std=5.0"),
        (" std = 5.0 , mean = 1e1 ", Fake(), [0, 20], [-2.0, 2.0], (-2.0, 49.0), "mean=10.0,std=5.0"),
    ],
)
def test_every_spelling(text, dataset, raw, expected, input_range, spelling):
    preprocessing = parse_preprocess(text, dataset)
    assert preprocessing.apply(np.array(raw), "float64").tolist() == expected
    assert preprocessing.input_range == input_range
    assert preprocessing.spelling == spelling
    assert parse_preprocess(spelling, dataset) == preprocessing


@given(mean=st.floats(-1e4, 1e4), std=st.floats(1e-2, 1e4), dtype=st.sampled_from(["float32", "float64"]))
def test_inputs_fill_the_input_range_and_keep_their_order(mean: float, std: float, dtype: str) -> None:
    preprocessing = parse_preprocess(f"mean={mean!r},std={std!r}", Fake())
    assert parse_preprocess(preprocessing.spelling, Fake()) == preprocessing
    result = preprocessing.apply(BYTES, dtype).ravel()
    low, high = (np.array(bound, dtype) for bound in preprocessing.input_range)
    assert (result[0], result[-1]) == (low, high)
    assert (np.diff(result) >= 0).all()


def test_the_result_does_not_depend_on_how_many_samples_there_are() -> None:
    preprocessing = Preprocessing("", 3.0, 7.0, (0.0, 255.0))
    large = np.random.default_rng(0).integers(0, 256, (4, 700, 1000), np.uint8)  # several chunks
    result = preprocessing.apply(large, "float32")
    for sample, alone in zip(result, large, strict=True):
        np.testing.assert_array_equal(sample, preprocessing.apply(alone[None], "float32")[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("standard", "fake has no standard preprocessing"),
        ("mean=nan,std=1", 'mean must be a number, not "nan"'),
        ("mean=,std=1", 'mean must be a number, not ""'),
        ("mean=1,std=inf", 'std must be a positive number, not "inf"'),
        ("mean=1,std=0", "std must be a positive number"),
        ("mean=0,std=1e-40", "no range of inputs"),
        ("mean=1e30,std=1", "no range of inputs"),
        *((text, f'"{text}" is not a preprocessing') for text in ("minmax", "mean=1", "mean=1,std=2,std=3", "=")),
        ("Unit", "\nDid you mean unit? Accepted: unit, raw, standard, mean=M,std=S."),
        ("standart", "\nDid you mean standard? Accepted"),
        ("mean=1;std=2", "\nDid you mean mean=M,std=S? Accepted"),
    ],
)
def test_spellings_and_figures_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preprocess(text, Fake())
    assert message in str(caught.value)
    with pytest.raises(UsageError, match="no range of inputs"):
        parse_preprocess("unit", Fake(raw_range=(5.0, 2.0)))


def inputs(dtype: str = "float32") -> np.ndarray:
    return (np.arange(COUNT * 6).reshape(COUNT, 2, 3) % 11).astype(dtype)


def labels(dtype: str = "uint8") -> np.ndarray:
    return (np.arange(COUNT) % 4).astype(dtype)


def load(samples: object, split: str = "train", **options: object) -> Samples:
    dataset = Fake(samples, (0.0, 10.0))
    return load_split(dataset, split, DataContext(), parse_preprocess("unit", dataset), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("stored", ["uint8", "int32", "float16", "float64"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_are_preprocessed_in_the_wanted_precision(stored: str, dtype: str) -> None:
    samples = load(Samples(inputs(stored), labels()), dtype=dtype)
    assert (samples.inputs.dtype, samples.labels.dtype) == (dtype, np.int64)
    np.testing.assert_array_equal(samples.inputs, inputs().astype(dtype) / np.dtype(dtype).type(10))
    np.testing.assert_array_equal(samples.labels, labels())


def test_the_limit_takes_the_first_samples() -> None:
    samples = Samples(inputs(), labels())
    for limit, count in ((1, 1), (5, 5), (COUNT, COUNT), (1000, COUNT)):
        limited = load(samples, limit=limit)
        assert len(limited.labels) == count
        np.testing.assert_array_equal(limited.inputs, load(samples).inputs[:count])
    with pytest.raises(UsageError, match="at least 1"):
        load(samples, limit=0)
    with pytest.raises(UsageError, match='no split "validation"'):
        load(samples, "validation")


def with_label(index: int, label: int) -> np.ndarray:
    changed = labels("int16")
    changed[index:] = label
    return changed


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ((inputs(), labels()), "a tuple instead of Samples"),
        (Samples(inputs()[:, :, :2], labels()), r"shape \(12, 2, 2\) instead of \(n, 2, 3\)"),
        (Samples(inputs()[:11], labels()), "11 inputs come with labels of shape"),
        (Samples(inputs().tolist(), labels()), "inputs are a list instead of an array"),  # type: ignore[arg-type]
        (Samples(inputs().astype("complex64"), labels()), "inputs are complex64 instead of numbers"),
        (Samples(inputs()[:0], labels()[:0]), "no samples"),
        (Samples(inputs(), labels("float32")), "labels are float32 instead of integers"),
        (Samples(inputs(), labels().tolist()), "labels are a list"),  # type: ignore[arg-type]
        (Samples(inputs(), labels()[:, None]), r"12 inputs come with labels of shape \(12, 1\)"),
        (Samples(inputs(), with_label(3, 4)), r"Sample 3 has label 4, outside 0\.\.3"),
        (Samples(inputs(), with_label(0, -1)), r"Sample 0 has label -1, outside 0\.\.3"),
        (Samples(inputs("uint8") + np.uint8(1), labels()), r"Sample 1 holds the value 11, outside 0\.\.10"),
    ],
)
def test_samples_that_do_not_fit(samples: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(samples, "test")
    assert caught.value.where == "fake, test split"


@pytest.mark.parametrize("chunk", [1, 20, 1 << 20])
@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "value nan, not a finite"), (-np.inf, "value -inf, not a finite"), (10.5, "value 10.5, outside 0..10")],
)
def test_the_first_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, value: float, message: str, chunk: int) -> None:
    monkeypatch.setattr(validate, "CHUNK_VALUES", chunk)
    for index in (0, 7, COUNT - 1):
        bad = inputs()
        bad[index:, 1, 2] = value
        with pytest.raises(DataError, match=f"Sample {index} holds the {message}"):
            load(Samples(bad, labels()), "test", limit=1)
