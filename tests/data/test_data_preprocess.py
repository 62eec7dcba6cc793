from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.preprocess import Preprocessing, parse_preprocess
from snnctl.errors import UsageError

BYTES = np.arange(256, dtype=np.uint8).reshape(-1, 1)


class Fake(Dataset):
    name = "fake"
    input_shape = (1,)
    classes = 2

    def __init__(
        self, raw_range: tuple[float, float] = (0.0, 255.0), standard: tuple[float, float] | None = None
    ) -> None:
        self.raw_range, self.standard = raw_range, standard

    def load(self, split: str, context: DataContext) -> Samples:
        raise NotImplementedError


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("text", [None, "unit", " unit "])
def test_unit_is_exactly_raw_over_255(text: str | None, dtype: type) -> None:
    preprocessing = parse_preprocess(text, Fake())
    result = preprocessing.apply(BYTES, dtype)
    assert result.dtype == dtype
    assert result.tolist() == (BYTES.astype(dtype) / dtype(255)).tolist()
    assert preprocessing.input_range == (0.0, 1.0)
    assert preprocessing.spelling == "unit"


def test_unit_maps_any_raw_range_to_0_1() -> None:
    preprocessing = parse_preprocess("unit", Fake(raw_range=(-2.0, 6.0)))
    assert preprocessing.input_range == (0.0, 1.0)
    assert preprocessing.apply(np.array([[-2.0], [0.0], [6.0]]), "float64").ravel().tolist() == [0.0, 0.25, 1.0]


def test_raw_changes_nothing_but_the_type() -> None:
    preprocessing = parse_preprocess("raw", Fake())
    assert preprocessing.apply(BYTES, "float32").ravel().tolist() == list(range(256))
    assert preprocessing.input_range == (0.0, 255.0)


def test_standard_uses_the_figures_of_the_data_set() -> None:
    preprocessing = parse_preprocess("standard", Fake(standard=(100.0, 50.0)))
    assert preprocessing.apply(BYTES, "float64")[[0, 100, 200]].ravel().tolist() == [-2.0, 0.0, 2.0]
    assert preprocessing.input_range == (-2.0, 3.1)


def test_standard_needs_a_data_set_that_has_it() -> None:
    with pytest.raises(UsageError, match="fake has no standard preprocessing"):
        parse_preprocess("standard", Fake())


@pytest.mark.parametrize("text", ["mean=10,std=5", "std=5,mean=10", " mean = 1e1 , std = 5.0 "])
def test_mean_and_std_in_either_order(text: str) -> None:
    preprocessing = parse_preprocess(text, Fake())
    assert (preprocessing.mean, preprocessing.std) == (10.0, 5.0)
    assert preprocessing.spelling == "mean=10.0,std=5.0"


@given(mean=st.floats(-1e4, 1e4), std=st.floats(1e-2, 1e4))
def test_a_spelling_means_the_same_when_read_again(mean: float, std: float) -> None:
    first = parse_preprocess(f"mean={mean!r},std={std!r}", Fake())
    assert parse_preprocess(first.spelling, Fake()) == first
    assert (first.mean, first.std) == (mean, std)


@given(mean=st.floats(-1e4, 1e4), std=st.floats(1e-2, 1e4), dtype=st.sampled_from(["float32", "float64"]))
def test_inputs_fill_the_input_range_and_keep_their_order(mean: float, std: float, dtype: str) -> None:
    preprocessing = Preprocessing("", mean, std, (0.0, 255.0))
    result = preprocessing.apply(BYTES, dtype).ravel()
    low, high = (np.array(bound, dtype) for bound in preprocessing.input_range)
    assert result[0] == low
    assert result[-1] == high
    assert (np.diff(result) >= 0).all()


@given(st.integers(0, 7))
def test_the_result_does_not_depend_on_how_many_samples_there_are(count: int) -> None:
    preprocessing = Preprocessing("", 3.0, 7.0, (0.0, 255.0))
    large = np.random.default_rng(count).integers(0, 256, (count, 700, 1000), np.uint8)  # several chunks
    result = preprocessing.apply(large, "float32")
    assert result.shape == large.shape
    for sample, alone in zip(result, large, strict=True):
        np.testing.assert_array_equal(sample, preprocessing.apply(alone[None], "float32")[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean=nan,std=1", 'mean must be a number, not "nan"'),
        ("mean=inf,std=1", 'mean must be a number, not "inf"'),
        ("mean=1,std=nan", 'std must be a positive number, not "nan"'),
        ("mean=1,std=inf", "std must be a positive number"),
        ("mean=1,std=0", "std must be a positive number"),
        ("mean=1,std=-2", "std must be a positive number"),
        ("mean=a,std=1", 'mean must be a number, not "a"'),
        ("mean=,std=1", 'mean must be a number, not ""'),
        ("mean=0,std=1e-40", "no range of inputs"),
        ("mean=1e30,std=1", "no range of inputs"),
        ("mean=0,std=1e300", "no range of inputs"),
        ("mean=1e308,std=1e-308", "no range of inputs"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_preprocess(text, Fake())


@pytest.mark.parametrize(
    "text", ["minmax", "mean=1", "std=1", "mean=1,std=2,std=3", "mean=1,mean=2", "=", ",", "mean:1,std:2"]
)
def test_unknown_spellings_list_what_is_accepted(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preprocess(text, Fake())
    assert f'"{text}"' in caught.value.what
    assert caught.value.todo.endswith("Accepted: unit, raw, standard, mean=M,std=S.")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "meant"), [("units", "unit"), ("Unit", "unit"), ("standart", "standard"), ("mean=1;std=2", "mean=M,std=S")]
)
def test_the_nearest_spelling_is_suggested(text: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_preprocess(text, Fake())
    assert caught.value.todo.startswith(f"Did you mean {meant}?")


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        preprocessing = parse_preprocess(text, Fake(standard=(1.0, 2.0)))
    except UsageError:
        return
    low, high = preprocessing.input_range
    assert math.isfinite(low)
    assert low < high < math.inf


@pytest.mark.parametrize("raw_range", [(3.0, 3.0), (5.0, 2.0), (0.0, math.inf)])
def test_a_data_set_without_a_proper_raw_range_is_refused(raw_range: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="no range of inputs"):
        parse_preprocess("unit", Fake(raw_range=raw_range))
