"""Explaining networks, through the installed command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl

MODEL, CONVERSION = 3, 5
Folder = Callable[[str], Path]


def test_a_run_folder_before_and_after_conversion(snnctl: Snnctl, run_folder: Folder) -> None:
    relu = snnctl("inspect", run_folder("relu"), "--json").json()
    assert (relu["type"], relu["converts"], relu["hidden"]) == ("relu", True, None)
    plan = snnctl("convert", run_folder("relu"), "--plan", "--json").json()
    snn = snnctl("inspect", run_folder("snn"), "--json").json()
    assert [row["name"] for row in plan["layers"]] == [row["name"] for row in snn["layers"]]
    assert (plan["synapses"], plan["neurons"], plan["parameters"]) == (
        snn["synapses"],
        snn["neurons"],
        snn["parameters"],
    )
    assert snn["latency"] > 1.0
    assert (plan["input_range"], plan["assumed"]) == ([0.0, 1.0], False)
    out = snnctl("inspect", run_folder("snn"), COLUMNS="80").out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.long
def test_bare_files_and_weights(snnctl: Snnctl, model_files: Path) -> None:
    before = snnctl.files()
    assert "yes; `snnctl convert" in snnctl("inspect", model_files / "good.h5").out
    assert "input range      0 to 1, assumed" in snnctl("convert", model_files / "good.h5", "--plan").out
    weights = ("inspect", model_files / "fc2.weights.h5")
    assert "holds weights only" in snnctl.fail(MODEL, *weights)
    named = ("--arch", "fc2", "--arch-opt", "hidden=30", "--data", "mnist-mini")
    assert snnctl(*weights, *named, "--json").json()["converts"]
    assert snnctl.files() == before


@pytest.mark.long
def test_what_does_not_convert_is_shown_and_every_obstacle_told(snnctl: Snnctl, model_files: Path) -> None:
    assert "no, 1 obstacle;" in snnctl("inspect", model_files / "tanh.keras").out
    message = snnctl.fail(CONVERSION, "convert", model_files / "tanh.keras", "--plan")
    assert "layer 'curved' (Dense)" in message
    assert "--allow-code" in snnctl.fail(MODEL, "inspect", model_files / "lambda.keras")
