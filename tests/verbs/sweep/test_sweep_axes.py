"""How axes are written, which points there are, and what is measured for them."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from snnctl.errors import UsageError
from snnctl.verbs.options import FinetuneOptions
from snnctl.verbs.sweep.axes import numbers, whole_numbers
from snnctl.verbs.sweep.grid import AXES, Setting, count, given_axes, points
from snnctl.verbs.sweep.jobs import Plan
from snnctl.verbs.sweep.options import SweepOptions
from snnctl.verbs.validation import make_options

BITS = whole_numbers(0, 16)
NOISE = numbers(0, 10)
QUANTILES = numbers(0, 1, above_low=True)


@pytest.mark.parametrize(
    ("read", "written", "meant"),
    [
        (BITS, "4", (4,)),
        (BITS, " 3 .. 5 , 8", (3, 4, 5, 8)),
        (BITS, "3..5,4..7,3", (3, 4, 5, 6, 7)),
        (BITS, 8, (8,)),
        (BITS, [3, "5..6"], (3, 5, 6)),
        (BITS, range(3, 6), (3, 4, 5)),
        (BITS, np.arange(2), (0, 1)),
        *((NOISE, written, meant) for written, meant in (("0,0.01,1e-1", (0.0, 0.01, 0.1)), ("0.1,0.10", (0.1,)))),
        *((NOISE, written, meant) for written, meant in (([0, 0.5], (0.0, 0.5)), (2, (2.0,)), ("-0", (0.0,)))),
    ],
)
def test_numbers_of_an_axis(read: Any, written: Any, meant: tuple) -> None:
    assert repr(read(written)) == repr(meant)  # types, too


@pytest.mark.parametrize(
    ("read", "written", "message"),
    [
        (BITS, "8..3", "backwards; write 3..8"),
        (BITS, [1, [2]], "not lists in a list"),
        (BITS, "3..", "whole numbers"),
        (BITS, 3.5, "whole numbers"),
        (BITS, "0..99999999999", "not from 0 to 16"),
        (NOISE, "0..3", "ranges are for whole numbers"),
        (NOISE, "0,,1", "numbers such as"),
        (NOISE, [], "at least one"),
        (NOISE, "nan", "nan is not from 0 to 10"),
        (NOISE, True, "a number, or several"),
        (QUANTILES, "0", "above 0 and at most 1"),
        (QUANTILES, "1.0000001", "1.0000001 is not above 0 and at most 1"),
    ],
)
def test_what_is_no_axis(read: Any, written: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        read(written)


def options(**values: Any) -> SweepOptions:
    return make_options(SweepOptions, {"model": "snn", **values})


def test_each_axis_alone() -> None:
    axes = given_axes(options(weight_bits="2..3", noise="0.1,0"))
    each = list(points(axes, grid=False))
    assert [(point.axis, point.setting) for point in each] == [
        ("noise", Setting(noise=0.1)),
        ("noise", Setting(noise=0.0)),
        ("weight_bits", Setting(weight_bits=2)),
        ("weight_bits", Setting(weight_bits=3)),
    ]
    assert count(axes, grid=False) == len(each)
    every = {"noise": "0.1", "time_bits": 3, "weight_bits": 3, "threshold_bits": 3, "latency_quantile": 0.9, "zeta": 0}
    assert list(given_axes(options(**every))) == list(AXES)


def test_all_combinations() -> None:
    axes = given_axes(options(zeta="0,0.5", noise="0,1", time_bits="3..5", grid=True))
    each = list(points(axes, grid=True))
    wanted = [Setting(noise=n, time_bits=b, zeta=z) for n, b, z in product((0.0, 1.0), (3, 4, 5), (0.0, 0.5))]
    assert [point.setting for point in each] == wanted
    assert {point.axis for point in each} == {None}
    assert count(axes, grid=True) == len(each) == len(set(each))


def test_what_is_random_has_seeds_and_what_does_nothing_is_measured_once() -> None:
    plan = Plan(seed=7, repeats=3, finetunes=False)
    jobs = {point.setting: plan.jobs(point, "before") for point in points({"noise": (0.0, 0.1), "zeta": (0.5,)}, False)}
    assert [len(each) for each in jobs.values()] == [1, 3, 1]
    assert [job.seed for job in jobs[Setting(noise=0.1)]] == [7, 8, 9]
    tuned = Plan(seed=0, repeats=3, finetunes=True)
    [point] = points({"time_bits": (3,)}, False)
    assert [len(tuned.jobs(point, stage)) for stage in tuned.stages] == [1, 3]
    plan = Plan(seed=0, repeats=5, finetunes=False)
    axes = {"noise": (0.0,), "time_bits": (0, 4), "weight_bits": (0,)}
    assert [job.setting for job in plan.all_jobs(points(axes, False))] == [Setting(), Setting(time_bits=4)]
    assert len({job.key for job in plan.all_jobs(points({**axes, "noise": (0.0, 0.1)}, True))}) == 2 + 5 * 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise": None}, "no axis"),
        ({"noise": "-1"}, "'noise' is '-1': -1 is not from 0"),
        ({"noise": True}, "cannot be true"),
        ({"noise": 0, "w_min": 0}, "weights are not rounded"),
        (
            {"weight_bits": 3, "w_min": 1.0000001, "w_max": 1.0},
            r"w_min is 1\.0000001 and w_max is 1\.0: w_min must be below w_max",
        ),
        ({"noise": 0, "repeats": 0}, "repeats"),
        ({"noise": 0, "seed": 2**32 - 2}, "seed"),
        ({"noise": 0, "simulator": "events"}, "no option 'simulator'"),
        (
            {**dict.fromkeys(("time_bits", "weight_bits", "threshold_bits"), "0..16"), "noise": "0,1,2", "grid": True},
            "14,739 points",
        ),
    ],
)
def test_what_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options(**values)


@pytest.mark.parametrize("ends", [{"w_min": 1e308, "w_max": 1.5e308}, {"w_min": -1.1e6}])
def test_weights_have_the_bounds_of_fine_tuning(ends: dict[str, float]) -> None:
    for model_class in (SweepOptions, FinetuneOptions):
        with pytest.raises(UsageError, match=r"should be (less|greater) than or equal to"):
            make_options(model_class, {"model": "any", "weight_bits": 3, **ends})
