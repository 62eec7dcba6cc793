"""How the values of an axis are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnctl.errors import UsageError
from snnctl.verbs.options import FinetuneOptions
from snnctl.verbs.sweep.axes import numbers, whole_numbers
from snnctl.verbs.sweep.options import SweepOptions
from snnctl.verbs.validation import make_options

BITS = whole_numbers(0, 16)
NOISE = numbers(0, 10)
QUANTILES = numbers(0, 1, above_low=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("4", (4,)),
        ("3,5,4", (3, 5, 4)),
        ("3..6", (3, 4, 5, 6)),
        (" 3 .. 5 , 8", (3, 4, 5, 8)),
        ("3..5,4..7,3", (3, 4, 5, 6, 7)),
        (8, (8,)),
        ([3, "5..6"], (3, 5, 6)),
        (range(3, 6), (3, 4, 5)),
        (np.arange(2), (0, 1)),
        ("5..5", (5,)),
    ],
)
def test_whole_numbers(written: Any, meant: tuple[int, ...]) -> None:
    found = BITS(written)
    assert found == meant
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0,0.01,1e-1", (0.0, 0.01, 0.1)), ("0.1,0.10", (0.1,)), ([0, 0.5], (0.0, 0.5)), (2, (2.0,)), ("-0", (0.0,))],
)
def test_numbers(written: Any, meant: tuple[float, ...]) -> None:
    found = NOISE(written)
    assert repr(found) == repr(meant)


@pytest.mark.parametrize(
    ("read", "written", "message"),
    [
        (BITS, "8..3", "backwards; write 3..8"),
        (BITS, [1, [2]], "not lists in a list"),
        (BITS, "3.5", "whole numbers"),
        (BITS, "3..", "whole numbers"),
        (BITS, 3.5, "whole numbers"),
        (BITS, "17", "17 is not from 0 to 16"),
        (BITS, "0..99999999999", "not from 0 to 16"),
        (BITS, "-1", "-1 is not from 0 to 16"),
        (NOISE, "0..3", "ranges are for whole numbers"),
        (NOISE, "0,,1", "numbers such as"),
        (NOISE, "", "numbers such as"),
        (NOISE, [], "at least one"),
        (NOISE, "nan", "nan is not from 0 to 10"),
        (NOISE, "inf", "inf is not"),
        (NOISE, True, "a number, or several"),
        (NOISE, {"a": 1}, "a number, or several"),
        (QUANTILES, "0", "above 0 and at most 1"),
        (QUANTILES, "1.01", "above 0 and at most 1"),
        (QUANTILES, "1.0000001", "1.0000001 is not above 0 and at most 1"),
    ],
)
def test_what_is_no_axis(read: Any, written: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        read(written)


@pytest.mark.parametrize("ends", [{"w_min": 1e308, "w_max": 1.5e308}, {"w_min": -1.1e6}, {"w_max": 1e7}])
def test_weights_have_the_bounds_of_fine_tuning(ends: dict[str, float]) -> None:
    given = {"model": "any", "weight_bits": "0,3", **ends}
    for model_class in (SweepOptions, FinetuneOptions):
        with pytest.raises(UsageError, match=r"should be (less|greater) than or equal to"):
            make_options(model_class, {**given, "weight_bits": 3})
    with pytest.raises(UsageError, match=r"should be (less|greater) than or equal to"):
        make_options(SweepOptions, given)


def test_a_range_of_weights_is_told_in_full() -> None:
    with pytest.raises(UsageError, match=r"w_min is 1\.0000001 and w_max is 1\.0: w_min must be below w_max"):
        make_options(SweepOptions, {"model": "any", "weight_bits": 3, "w_min": 1.0000001, "w_max": 1.0})
