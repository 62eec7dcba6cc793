"""The example plugin, installed as anyone's would be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl, metrics


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("data list", ["bars", "8x8x1", "made on the spot"]),
        ("archs list", ["allconv", "filters, stages, batch_norm"]),
        ("archs show allconv", ["stages", "int", "2"]),
        ("data show snnctl-example:bars", ["snnctl-example", "horizontal, vertical, rising, falling"]),
    ],
)
def test_it_is_listed(snnctl: Snnctl, command: str, words: list[str]) -> None:
    shown = snnctl(*command.split(), COLUMNS="200").out
    assert all(word in shown for word in words)


def test_what_it_adds(snnctl: Snnctl) -> None:
    plugins = {plugin["name"]: plugin for plugin in json.loads(snnctl("plugins", "list", "--json").out)["plugins"]}
    assert {key: value for key, value in plugins["example"].items() if value} == {
        "name": "example",
        "package": "snnctl-example",
        "version": "0.1.0",
        "datasets": ["bars"],
        "architectures": ["allconv"],
        "metrics": True,
    }


@pytest.mark.long
def test_its_network_learns_and_converts(snnctl: Snnctl, run_folder: Callable[[str], Path]) -> None:
    relu = run_folder("bars")
    assert metrics(relu)["accuracy"] > 0.9
    found = snnctl("convert", relu, "--json").json()
    assert found["agreement"] == 1.0
    assert found["source_accuracy"] == metrics(relu)["accuracy"]
    assert found["settings"]["data"] == "bars"


@pytest.mark.long
def test_its_errors_are_told_like_snnctls_own(snnctl: Snnctl) -> None:
    message = snnctl.fail(2, "train", "--arch", "allconv", "--arch-opt", "stages=0", "--data", "bars")
    assert message == "error: Option stages of architecture allconv must be at least 1, not 0."
