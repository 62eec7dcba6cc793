"""Plugins that fail: named, and in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed import Snnctl

import fake_package

PLUGIN = 7
REGISTERS_NONSENSE = """
    from snnctl.plugins import hookimpl

    @hookimpl
    def register_architectures(register):
        register("not an architecture")
"""


def test_a_plugin_whose_import_fails_is_named_when_it_is_missed(snnctl: Snnctl, broken_plugin: Path) -> None:
    message = snnctl.fail(PLUGIN, "train", "--arch", "theirs", PYTHONPATH=str(broken_plugin))
    assert "no architecture called 'theirs'" in message
    assert "not loaded: plugin broken-import (broken-import): cannot be loaded: ModuleNotFoundError" in message


def test_a_plugin_that_registers_nonsense_is_named(snnctl: Snnctl, packages: Path) -> None:
    fake_package.install(packages, "nonsense", REGISTERS_NONSENSE)
    message = snnctl.fail(PLUGIN, "train", "--arch", "theirs", PYTHONPATH=str(packages))
    assert "plugin nonsense (nonsense): register_architectures: registers str 'not an architecture', which" in message
    listed = snnctl("plugins", "list", PYTHONPATH=str(packages), COLUMNS="200").out.splitlines()
    assert "register_architectures: registers str" in listed[listed.index("nonsense (nonsense 1.2): broken") + 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arch", "fc2", "--data", "fails-to-load"], ["data set 'fails-to-load'", "the cable is loose"]),
        pytest.param(
            ["--arch", "fails-to-build", "--data", "mnist-mini"],
            ["architecture 'fails-to-build'", "no more bricks"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["--arch", "leaves", "--data", "mnist-mini"],
            ["'leaves' (faulty): build failed", "SystemExit"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["--arch", "unknown-shape", "--data", "mnist-mini"],
            ["architecture 'unknown-shape' (faulty)", "the shapes of its network are not known"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["--arch", "builds-nothing", "--data", "mnist-mini"],
            ["architecture 'builds-nothing'", "not return a Keras"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["--arch", "wrong-shape", "--data", "mnist-mini"],
            ["architecture 'wrong-shape'", "(None, 28, 28, 1)"],
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_plugin_that_fails_at_work(
    snnctl: Snnctl, faulty_plugin: Path, arguments: list[str], words: list[str]
) -> None:
    message = snnctl.fail(PLUGIN, "train", *arguments, PYTHONPATH=str(faulty_plugin))
    assert [word for word in words if word not in message] == [], message


@pytest.mark.long
def test_an_architecture_that_fails_to_build_for_a_weight_file(
    snnctl: Snnctl, faulty_plugin: Path, model_files: Path
) -> None:
    arguments = ("--arch", "fails-to-build", "--data", "mnist-mini")
    message = snnctl.fail(PLUGIN, "convert", model_files / "fc2.weights.h5", *arguments, PYTHONPATH=str(faulty_plugin))
    assert "architecture 'fails-to-build'" in message
    assert "no more bricks" in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arch", "lenet", "--data", "mnist-mini"], ["no architecture called 'lenet'", "did you mean 'lenet5'?"]),
        (["--arch", "fc2", "--data", "mnist_mini"], ["no data set called 'mnist_mini'", "did you mean 'mnist-mini'?"]),
        (["--arch", "fc2", "--data", "qqq"], ["no data set called 'qqq'", "`snnctl data list` shows all"]),
    ],
)
def test_an_unknown_name(snnctl: Snnctl, arguments: list[str], words: list[str]) -> None:
    message = snnctl.fail(PLUGIN, "train", *arguments)
    assert [word for word in words if word not in message] == [], message
