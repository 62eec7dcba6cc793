"""Which points a sweep has, and what is measured for them."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from snnctl.errors import UsageError
from snnctl.verbs.sweep.grid import AXES, Setting, count, given_axes, points
from snnctl.verbs.sweep.jobs import Plan
from snnctl.verbs.sweep.options import SweepOptions
from snnctl.verbs.validation import make_options


def options(**given: Any) -> SweepOptions:
    return make_options(SweepOptions, {"model": "snn", **given})


def test_each_axis_alone() -> None:
    axes = given_axes(options(weight_bits="2..3", noise="0.1,0"))
    found = list(points(axes, grid=False))
    assert [(point.axis, point.setting) for point in found] == [
        ("noise", Setting(noise=0.1)),
        ("noise", Setting(noise=0.0)),
        ("weight_bits", Setting(weight_bits=2)),
        ("weight_bits", Setting(weight_bits=3)),
    ]
    assert count(axes, grid=False) == len(found)


def test_all_combinations() -> None:
    axes = given_axes(options(zeta="0,0.5", noise="0,1", time_bits="3..5", grid=True))
    found = list(points(axes, grid=True))
    wanted = [Setting(noise=n, time_bits=b, zeta=z) for n, b, z in product((0.0, 1.0), (3, 4, 5), (0.0, 0.5))]
    assert [point.setting for point in found] == wanted
    assert {point.axis for point in found} == {None}
    assert count(axes, grid=True) == len(found) == len(set(found))


def test_every_axis_is_an_option_and_can_be_swept() -> None:
    values = {"noise": "0.1", "time_bits": 3, "weight_bits": 3, "threshold_bits": 3, "latency_quantile": 0.9, "zeta": 0}
    assert set(values) == set(AXES)
    assert list(given_axes(options(**values))) == list(AXES)


def test_seeds_are_for_what_is_random() -> None:
    plan = Plan(seed=7, repeats=3, finetunes=False)
    found = {
        point.setting: plan.jobs(point, "before") for point in points({"noise": (0.0, 0.1), "zeta": (0.5,)}, False)
    }
    assert [len(jobs) for jobs in found.values()] == [1, 3, 1]
    assert [job.seed for job in found[Setting(noise=0.1)]] == [7, 8, 9]


def test_with_fine_tuning_every_point_is_random_after_it() -> None:
    plan = Plan(seed=0, repeats=3, finetunes=True)
    [point] = points({"time_bits": (3,)}, False)
    assert [len(plan.jobs(point, stage)) for stage in plan.stages] == [1, 3]


def test_what_does_nothing_is_measured_once() -> None:
    plan = Plan(seed=0, repeats=5, finetunes=False)
    axes = {"noise": (0.0,), "time_bits": (0, 4), "weight_bits": (0,)}
    jobs = plan.all_jobs(points(axes, False))
    assert [job.setting for job in jobs] == [Setting(), Setting(time_bits=4)]
    assert len({job.key for job in plan.all_jobs(points({**axes, "noise": (0.0, 0.1)}, True))}) == 2 + 5 * 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no axis"),
        ({"noise": None}, "no axis"),
        ({"noise": "-1"}, "'noise' is '-1': -1 is not from 0"),
        ({"time_bits": "17"}, "17 is not from 0 to 16"),
        ({"latency_quantile": [0.9, 0]}, "above 0"),
        ({"noise": True}, "cannot be true"),
        ({"noise": 0, "w_min": 0}, "weights are not rounded"),
        ({"weight_bits": 3, "w_min": 1, "w_max": 1}, "below w_max"),
        ({"noise": 0, "repeats": 0}, "repeats"),
        ({"noise": 0, "seed": 2**32 - 2}, "seed"),
        ({"noise": 0, "simulator": "events"}, "no option 'simulator'"),
        (
            {**dict.fromkeys(("time_bits", "weight_bits", "threshold_bits"), "0..16"), "noise": "0,1,2", "grid": True},
            "14,739 points",
        ),
    ],
)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options(**given)
