"""What cannot be simulated is refused with one sentence, which names the part and the field, or the argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from event_networks import case

from snnctl.events import Coding, Hardware, Network, NetworkError, check, simulate, trace

CASE = next(
    each
    for each in (case(seed) for seed in range(100))
    if each.network.pools
    and each.network.coding
    and len(each.network.populations) > 3
    and all(projection.target.size for projection in each.network.projections)
)
NETWORK = CASE.network
LAST = len(NETWORK.populations) - 1


def changed(kind: str, number: int, field: str, value: Any) -> Network:
    """The network with another field of one part; a function changes what is there."""
    parts = list(getattr(NETWORK, kind))
    value = value(getattr(parts[number], field)) if callable(value) else value
    parts[number] = replace(parts[number], **{field: value})
    return replace(NETWORK, **{kind: parts})


def with_first(value: float) -> Callable[[np.ndarray], np.ndarray]:
    """The array with another first number."""

    def change(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values.flat[0] = value
        return values

    return change


def later(value: float) -> float:
    return value + 0.25


POPULATION = [
    ("name", "", "name is '', not a text that is not empty"),
    ("kind", "bursting", "kind is 'bursting', not one of input, spiking, signed, relay"),
    ("shape", [3], r"shape is \[3\], not a tuple"),
    ("shape", (2**20, 2**20), "shape is .* product below 268435456"),
    ("level", 0, "level is 0, and no population before it"),
    ("level", 1.0, "level is 1.0, not a whole number"),
    ("start", np.nan, "start is nan, not a number"),
    ("start", later, "start is .*, and its inputs may fire"),
    ("end", later, "end is .*, and its inputs' windows end"),
    ("t_min", lambda t: t - 100, "t_min is .*, before its inputs' windows end"),
    ("t_max", later, "t_max is .*, and that of its level"),
    ("t_max", -1.0, "t_min to t_max is empty"),
    ("A", 1e31, r"A is 1e\+31"),
    ("threshold", with_first(np.nan), "threshold has numbers that are not finite"),
    ("threshold", with_first(-1.1e30), "threshold has numbers .* beyond 1e"),
    ("threshold", lambda values: values[:-1], "threshold has the shape"),
    ("threshold", lambda values: values.astype(object), "threshold is not an array of float64 or float32"),
    ("low", np.zeros(1000), r"low has the shape \(1000,\)"),
    ("B", np.zeros(0), r"B has the shape \(0,\)"),
    ("B", np.full(1, 5e-324), "B has slopes below 1e-30"),
]
PROJECTION = [
    ("target_name", "nobody", "no such population"),
    ("target_name", "out", "source has spikes that are not of level"),
    ("source", with_first(-2), "source has numbers outside"),
    ("source", lambda ids: np.concatenate([ids, ids], axis=1), "source has the shape .* places, channels"),
    ("start", with_first(1), "start does not rise from 0"),
    ("target", with_first(-1), "target has numbers outside"),
    ("matrix", with_first(3), "matrix has numbers outside"),
    ("offset", with_first(-1), "offset has numbers outside"),
    ("J", with_first(np.inf), "J has numbers"),
    ("J", lambda J: np.concatenate([J] * 8, axis=2), "target, offset and J reach neuron"),
]
POOLS = [
    ("level", 17, "no population is of this level"),
    ("start", lambda start: np.array([0, 0, start[-1]]), "a pool without members"),
    ("members", with_first(-1), "members has numbers outside"),
    ("latest", np.zeros(2), "latest is not an array of bool"),
]
READOUT = [
    ("name", "1.0", "'1.0'"),
    ("level", 99, "level is 99, and no population"),
    ("t_read", later, "t_read is .*, and its inputs' windows end"),
    ("start", later, "start is .*, and its inputs may fire"),
    ("D", np.zeros(4), r"D has the shape \(4,\)"),
    ("decoding", "softmax", "decoding is 'softmax'"),
    ("max_value", -1.0, "max_value is -1.0, not a positive number"),
]
WHOLE = [
    ({"populations": []}, "no populations"),
    ({"readouts": []}, "no readouts"),
    ({"populations": NETWORK.populations[1:]}, "the first population alone is the input"),
    ({"coding": Coding(1.0, 1.0)}, "coding: the range from low"),
    ({"hardware": Hardware(time_bits=33)}, "hardware: time_bits is 33, not a whole number from 0 to 32"),
    ({"about": {"a": 1}}, "about"),
]
WRONG = [
    *(("populations", LAST, *row) for row in POPULATION),
    *(("projections", 0, *row) for row in PROJECTION),
    *(("pools", 0, *row) for row in POOLS),
    *(("readouts", 0, *row) for row in READOUT),
]


@pytest.mark.parametrize(("kind", "number", "field", "value", "message"), WRONG)
def test_wrong_fields_are_refused_by_name(kind: str, number: int, field: str, value: Any, message: str) -> None:
    check(NETWORK)
    with pytest.raises(NetworkError, match=message):
        check(changed(kind, number, field, value))


@pytest.mark.parametrize(("values", "message"), WHOLE)
def test_wrong_networks_are_not_simulated(values: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        simulate(replace(NETWORK, **values), CASE.inputs)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [1e30, 1e-30])
def test_numbers_at_the_limits_are_computed_with(value: float, dtype: str) -> None:
    network = replace(
        NETWORK,
        coding=Coding(0.0, value),
        hardware=Hardware(noise=value),
        projections=[replace(each, J=np.full_like(each.J, value)) for each in NETWORK.projections],
        populations=[replace(each, B=np.full_like(each.B, value)) for each in NETWORK.populations],
    )
    inputs = np.stack([np.full(network.populations[0].neurons, each) for each in (0.0, 1e-300, 1.0, 1e308)])
    for batch in simulate(network, inputs, dtype=dtype, threads=1):
        for times in batch.times.values():
            assert not np.isnan(times).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": -1}, "first is -1, not a whole number"),
        ({"threads": 0}, "threads is 0"),
        ({"dtype": "float16"}, "float32 or float64, not in 'float16'"),
        ({"inputs": np.zeros(())}, "shape"),
        ({"inputs": np.zeros((2, 99))}, r"shape \(2, 99\); the network takes \(images, \d+\)"),
        ({"inputs": np.full_like(CASE.inputs, np.nan), "first": 7}, "input 0 of image 7 is nan; inputs must be finite"),
        ({"inputs": CASE.inputs.astype(object)}, "not numbers"),
    ],
)
def test_arguments_are_refused_at_the_call(options: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        simulate(NETWORK, **{"inputs": CASE.inputs, **options})


def test_several_arrays_are_refused_when_their_turn_comes() -> None:
    batches = simulate(replace(NETWORK, coding=None), [np.zeros_like(CASE.inputs), np.ones_like(CASE.inputs) * 1.5])
    with pytest.raises(NetworkError, match=r"input 0 of image 3 is 1.5; inputs must be in \[0, 1.0\]"):
        list(batches)


@pytest.mark.parametrize("watched", [("in", 0), ("out", 3), ("out", -1), ("out", 0.5), ("nobody", 0)])
def test_what_has_no_potential_is_not_traced(watched: tuple[str, int]) -> None:
    with pytest.raises(NetworkError, match=f"no neuron {watched[1]} with a potential in '{watched[0]}'"):
        trace(NETWORK, CASE.inputs[0], [watched])
