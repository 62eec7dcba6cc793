"""What callers hand over besides a network: refused with one sentence, at the call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_networks import case

from snnctl.events import (
    Coding,
    Hardware,
    Network,
    NetworkError,
    Pools,
    check,
    read_network,
    simulate,
    trace,
    write_network,
)

CASE = next(made for made in (case(seed) for seed in range(100)) if made.network.pools and made.network.coding)
NOISY = replace(CASE.network, hardware=Hardware(noise=0.1))
NAME = CASE.network.populations[1].name


@pytest.mark.parametrize("network", [CASE.network, NOISY], ids=["quiet", "noisy"])
@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"first": -1}, "first is -1"),
        ({"first": 1.5}, "first is 1.5"),
        ({"first": True}, "first is True"),
        ({"first": None}, "first is None"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"threads": "2"}, "threads is '2'"),
        ({"dtype": "float16"}, "float32 or float64, not in 'float16'"),
        ({"dtype": ["float32"]}, "float32 or float64"),
    ],
)
def test_options_that_mean_nothing_are_refused_at_the_call(
    network: Network, options: dict[str, Any], what: str
) -> None:
    with pytest.raises(NetworkError, match=what):
        simulate(network, CASE.inputs, **options)


@pytest.mark.parametrize("first", [np.uint8(255), 2**63])
def test_images_are_numbered_from_any_whole_number_on(first: int) -> None:
    batches = simulate(NOISY, [CASE.inputs[:1], CASE.inputs[1:]], first=first)
    assert [batch.first for batch in batches] == [int(first), int(first) + 1]


@pytest.mark.parametrize(
    ("inputs", "what"),
    [
        (None, "not of the type NoneType"),
        (5, "not of the type int"),
        ("ab", "not of the type str"),
        ({"x": CASE.inputs}, "not of the type dict"),
        (np.zeros((2, 99)), "shape"),
        (np.full_like(CASE.inputs, np.nan), "input 0 of image 0 is nan"),
        (CASE.inputs.astype(object), "not numbers"),
    ],
)
def test_inputs_that_are_none_are_refused_at_the_call(inputs: Any, what: str) -> None:
    with pytest.raises(NetworkError, match=what):
        simulate(CASE.network, inputs)


def test_several_arrays_are_refused_when_their_turn_comes() -> None:
    batches = simulate(CASE.network, [CASE.inputs, [[1.0], [1.0, 2.0]]], threads=1)  # type: ignore[list-item]
    with pytest.raises(NetworkError, match="no array can be made of the inputs"):
        list(batches)


@pytest.mark.parametrize(
    "watched", ["ab", None, 5, {NAME: 0}, [(NAME,)], [(NAME, 1.5)], [(NAME, True)], [(None, 0)], [NAME], [(NAME, 0, 0)]]
)
def test_what_is_watched_is_pairs(watched: Any) -> None:
    with pytest.raises(NetworkError, match="watched"):
        trace(CASE.network, CASE.inputs[0], watched)


@pytest.mark.parametrize("options", [{"image": None}, {"image": [[1], [1, 2]]}, {"number": -1}, {"number": 0.5}])
def test_images_and_numbers_that_are_none_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(NetworkError):
        trace(CASE.network, **{"image": CASE.inputs[0], **options})


@pytest.mark.parametrize("path", ["", None, 5, b"network.npz", ".", Path(), "a\0b", "\ud800"])
def test_a_file_is_named_by_a_path(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkError, match="path"):
        read_network(path)
    with pytest.raises(NetworkError, match="path"):
        write_network(path, CASE.network)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("network", "what"),
    [
        (None, "no network, but of the type NoneType"),
        (replace(CASE.network, populations=None), "'populations' of the network are not a list of Population"),
        (replace(CASE.network, pools=[5]), "'pools' of the network are not a list of Pools"),
        (replace(CASE.network, coding=Hardware()), "'coding' of the network is no Coding"),
        (replace(CASE.network, hardware=None), "'hardware' of the network is no Hardware"),
        (replace(CASE.network, about=None), "about"),
        (replace(CASE.network, coding=Coding(None, 1)), "coding"),  # type: ignore[arg-type]
        (replace(CASE.network, pools=[Pools("p", (True,), 0, *[np.zeros(2, np.int64)] * 3)]), "shape"),
    ],
)
def test_networks_of_other_things_are_refused(network: Any, what: str) -> None:
    for used in (check, lambda made: simulate(made, CASE.inputs), lambda made: trace(made, CASE.inputs[0])):
        with pytest.raises(NetworkError, match=what):
            used(network)
