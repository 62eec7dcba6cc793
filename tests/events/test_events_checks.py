"""What is no network is refused, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from event_networks import case

from snnctl.events import Coding, Hardware, Network, NetworkError, check, simulate

NETWORK = next(
    made
    for made in (case(seed).network for seed in range(100))
    if made.pools and made.coding and len(made.populations) > 3 and all(each.target.size for each in made.projections)
)
LAST = len(NETWORK.populations) - 1


def changed(kind: str, number: int, values: dict[str, Any]) -> Network:
    """The network with other fields of one part; functions change what is there."""
    parts = list(getattr(NETWORK, kind))
    part = parts[number]
    values = {name: value(getattr(part, name)) if callable(value) else value for name, value in values.items()}
    parts[number] = replace(part, **values)
    return replace(NETWORK, **{kind: parts})


def with_first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    """The array with another first number."""

    def made(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values.flat[0] = value
        return values

    return made


def later(value: float) -> float:
    return value + 0.25


def earlier(value: float) -> float:
    return value - 0.25


POPULATIONS = [
    ({"name": "in"}, "'in'"),
    ({"name": ""}, "no name"),
    ({"kind": "input"}, "not of level 0"),
    ({"kind": "input", "level": 0}, "second input|level 0 comes after"),
    ({"kind": "bursting"}, "kind 'bursting'"),
    ({"shape": [3]}, "shape"),
    ({"shape": (0,)}, "shape"),
    ({"shape": (2**20, 2**20)}, "too large"),
    ({"level": LAST}, "level"),
    ({"level": -1}, "level"),
    ({"level": 1.0}, "level"),
    ({"level": True}, "level"),
    ({"start": np.nan}, "start"),
    ({"start": later}, "starts at"),
    ({"end": later}, "end"),
    ({"end": earlier}, "end"),
    ({"t_min": np.inf}, "t_min"),
    ({"t_min": lambda t: t - 100}, "t_min"),
    ({"t_max": later}, "t_max"),
    ({"t_max": -1.0}, "window"),
    ({"A": None}, "A is not"),
    ({"threshold": with_first(np.nan)}, "threshold"),
    ({"threshold": lambda values: values[:-1]}, "threshold"),
    ({"threshold": lambda values: values[None]}, "threshold"),
    ({"threshold": lambda values: values.astype(object)}, "threshold"),
    ({"threshold": lambda values: list(values)}, "threshold"),
    ({"B": np.zeros(0)}, "B has 0 numbers"),
    ({"B": np.full(1, np.inf)}, "B has numbers"),
    ({"low": np.zeros(1000)}, "low has 1000"),
    ({"threshold": with_first(-1.1e30)}, "beyond 1e"),
    ({"A": 1e31}, "A is not"),
    ({"B": np.full(1, 5e-324)}, "B has slopes below 1e-30"),
    ({"B": np.full(1, 1e308)}, "B has numbers"),
    ({"name": "\ud800"}, "no text"),
]
PROJECTIONS = [
    ({"target_name": "nobody"}, "nobody"),
    ({"target_name": "in"}, "in"),
    ({"source": with_first(-2)}, "source"),
    ({"source": with_first(2**31)}, "source"),
    ({"source": with_first(0), "target_name": "out"}, "not of level"),
    ({"source": lambda ids: ids.astype(np.float64)}, "source"),
    ({"source": lambda ids: np.concatenate([ids, ids], axis=1)}, "channels"),
    ({"start": with_first(1)}, "start"),
    ({"start": lambda start: start[::-1].copy()}, "start"),
    ({"start": lambda start: start[:-1]}, "start"),
    ({"target": with_first(-1)}, "target"),
    ({"target": with_first(2**62)}, "target"),
    ({"matrix": with_first(3)}, "matrix"),
    ({"matrix": with_first(-1)}, "matrix"),
    ({"matrix": lambda values: values[:-1]}, "matrix"),
    ({"offset": with_first(-1)}, "offset"),
    ({"offset": with_first(6)}, "offset|reach"),
    ({"offset": lambda values: values[:-1]}, "offset"),
    ({"J": with_first(np.inf)}, "J"),
    ({"J": lambda J: J.astype(np.complex128)}, "J"),
    ({"J": lambda J: np.concatenate([J] * 8, axis=2)}, "reach"),
    ({"J": lambda J: J[0]}, "J"),
    ({"J": with_first(1e308)}, "J has numbers"),
]
POOLS = [
    ({"level": 17}, "level"),
    ({"level": None}, "level"),
    ({"start": np.zeros(3, np.int64)}, "start"),
    ({"start": lambda start: np.array([0, 0, start[-1]])}, "no members"),
    ({"members": with_first(-1)}, "members"),
    ({"members": with_first(2**40)}, "members"),
    ({"members": lambda ids: ids.astype(np.uint64)}, "members"),
    ({"latest": np.zeros(2)}, "latest"),
    ({"latest": np.zeros(3, bool)}, "latest"),
    ({"shape": (5,)}, "start"),
]
READOUTS = [
    ({"name": "1.0"}, "'1.0'"),
    ({"level": 1}, "t_read|starts"),
    ({"level": 0}, "level"),
    ({"level": 99}, "level"),
    ({"t_read": later}, "t_read"),
    ({"start": later}, "starts"),
    ({"D": np.zeros(4)}, "D has 4"),
    ({"D": with_first(np.nan)}, "D"),
    ({"decoding": "softmax"}, "softmax"),
    ({"max_value": -1.0}, "max_value"),
    ({"max_value": "1"}, "max_value"),
]
WHOLE = [
    ({"populations": []}, "no populations"),
    ({"readouts": []}, "no readouts"),
    ({"populations": NETWORK.populations[1:]}, "not the input"),
    ({"coding": Coding(1.0, 1.0)}, "coding"),
    ({"coding": Coding(np.nan, 1.0)}, "coding"),
    ({"coding": Coding(0.0, 5e-324)}, "coding"),
    ({"coding": Coding(0.0, 1e308)}, "coding"),
    ({"hardware": Hardware(noise=1e308)}, "noise"),
    ({"hardware": Hardware(noise=-1.0)}, "noise"),
    ({"hardware": Hardware(noise=np.nan)}, "noise"),
    ({"hardware": Hardware(time_bits=-1)}, "time_bits"),
    ({"hardware": Hardware(time_bits=33)}, "time_bits"),
    ({"hardware": Hardware(seed=-1)}, "seed"),
]
WRONG = [
    *(("populations", LAST, values, what) for values, what in POPULATIONS),
    *(("projections", 0, values, what) for values, what in PROJECTIONS),
    *(("pools", 0, values, what) for values, what in POOLS),
    *(("readouts", 0, values, what) for values, what in READOUTS),
]


def test_networks_are_accepted() -> None:
    check(NETWORK)


@pytest.mark.parametrize(("kind", "number", "values", "what"), WRONG)
def test_wrong_parts_are_refused_by_name(kind: str, number: int, values: dict[str, Any], what: str) -> None:
    with pytest.raises(NetworkError, match=what):
        check(changed(kind, number, values))


@pytest.mark.parametrize(("values", "what"), WHOLE)
def test_wrong_networks_are_refused(values: dict[str, Any], what: str) -> None:
    with pytest.raises(NetworkError, match=what):
        simulate(replace(NETWORK, **values), np.zeros((1, NETWORK.populations[0].neurons)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [1e30, 1e-30])
def test_numbers_at_the_limits_are_computed_with(value: float, dtype: str) -> None:
    network = replace(NETWORK, coding=Coding(0.0, value), hardware=Hardware(noise=value))
    network = replace(
        network,
        projections=[replace(each, J=np.full_like(each.J, value)) for each in network.projections],
        populations=[
            each if each.kind == "input" else replace(each, B=np.full_like(each.B, value))
            for each in network.populations
        ],
    )
    inputs = np.stack([np.full(network.populations[0].neurons, each) for each in (0.0, 1e-300, 1.0, 1e308)])
    for batch in simulate(network, inputs, dtype=dtype, threads=1):
        for times in batch.times.values():
            assert not np.isnan(times).any()
