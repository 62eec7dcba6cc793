"""`snnctl plugins list`, `show` and `check`, as people and programs see them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import fake_package

COMMAND = Path(sys.executable).with_name("snnctl")
Done = subprocess.CompletedProcess[str]
SOURCE = """
    import numpy as np
    from snnctl.plugins import Dataset, DataContext, Samples, Metric, TrainingCallback, hookimpl

    class Dots(Dataset):
        name, summary, input_shape, classes = "cmd-dots", "One bright pixel", (4, 4, 1), 4
        raw_range = (0.0, 1.0)
        def __init__(self, count=100):
            self.count = count
        def configured(self, *, count: int):
            return Dots(count)
        def load(self, split, context):
            places = np.random.default_rng(SEED).integers(16, size=self.count + len(split))
            return Samples(np.eye(16)[places].reshape(-1, 4, 4, 1), places // 4)

    class Count(Metric):
        name, summary = "cmd-count", "How many samples there are"
        def add(self, batch): ...
        def result(self): ...

    class Watch(TrainingCallback):
        name, summary = "cmd-watch", "Watches"
        def make(self, context, *, every: int = 5, note: str = ""): ...

    @hookimpl
    def register_datasets(register):
        register(Dots())

    @hookimpl
    def register_callbacks(register):
        if CALLBACK:
            register(Watch())

    @hookimpl
    def register_metrics(register):
        if METRIC:
            register(Count)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Done]:
    """``run(source, "plugins", "list")``: the installed command, with a package ``cmd-plugin`` of this source."""

    def call(source: str, *arguments: str, columns: int = 200) -> Done:
        if not (tmp_path / "cmd_plugin.py").exists():
            fake_package.install(tmp_path, "cmd_plugin", source)
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": str(columns)}
        return subprocess.run(
            [COMMAND, *arguments], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
        )

    return call


def source(seed: str = "len(split)", callback: bool = True, metric: bool = True, hooks: str = "") -> str:
    """The package's module."""
    text = SOURCE.replace("SEED", seed).replace("CALLBACK", str(callback)).replace("METRIC", str(metric))
    return text.replace("    import numpy", f"    {hooks}\n    import numpy", 1) if hooks else text


def without_late(seed: str = "len(split)") -> str:
    """A package that is checked without TensorFlow: a data set alone."""
    text = source(seed, callback=False)
    return text[: text.index("    @hookimpl\n    def register_metrics")]


def test_listing_fits_80_columns_and_tells_kinds_that_there_are(run: Callable[..., Done]) -> None:
    lines = run(source(), "plugins", "list", columns=80).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("cmd-plugin (cmd-plugin 1.2): ok")
    assert [line.split("  ")[1] for line in lines[start + 1 : start + 4]] == [
        "data sets",
        "training callbacks",
        "further",
    ]


def test_a_plugin_is_shown_with_everything_it_adds(run: Callable[..., Done]) -> None:
    shown = run(source(hooks="requires_hooks = '1.0'"), "plugins", "show", "cmd-plugin", columns=80)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(shown.stdout.split())
    for words in (
        "package cmd-plugin 1.2",
        "module cmd_plugin",
        "hooks 1.0 provided, 1.0 required",
        "cmd-dots One bright pixel count int, required",
        "cmd-watch Watches every int, default 5 note str, default ''",
        "metrics cmd-count How many samples there are",
    ):
        assert words in text
    data = json.loads(run("", "plugins", "show", "cmd-plugin", "--json").stdout)
    assert data["adds"]["datasets"] == [
        {
            "name": "cmd-dots",
            "package": "cmd-plugin",
            "summary": "One bright pixel",
            "options": {"count": {"type": "int", "required": True, "help": ""}},
        }
    ]
    assert data["adds"]["callbacks"][0]["options"]["every"] == {"type": "int", "default": 5, "help": ""}
    assert data["hooks"] == {"provided": "1.0", "required": "1.0"}


@pytest.mark.parametrize("name", ["cmd-dots", "cmd-plugin:cmd-dots"])
def test_a_thing_is_shown_by_its_name(run: Callable[..., Done], name: str) -> None:
    shown = run(source(), "plugins", "show", name).stdout.splitlines()
    assert shown[0] == "data set cmd-dots: One bright pixel"
    assert shown[1].split() == ["provided", "by", "cmd-plugin"]
    [thing] = json.loads(run("", "plugins", "show", name, "--json").stdout)["things"]
    assert (thing["kind"], thing["name"]) == ("datasets", "cmd-dots")


@pytest.mark.long  # the metrics of all plugins are asked for, which takes TensorFlow
def test_a_name_that_nothing_has(run: Callable[..., Done]) -> None:
    done = run(source(metric=False), "plugins", "show", "cmd-dotz")
    assert done.returncode == 7
    assert done.stderr.splitlines() == [
        "error: no plugin called 'cmd-dotz'",
        "did you mean 'cmd-dots'? `snnctl plugins list` shows all",
    ]


def test_what_is_right_passes(run: Callable[..., Done]) -> None:
    done = run(without_late(), "plugins", "check", "cmd-plugin", "--opt", "count=50", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["failed"], found["skipped"]) == (0, 0, 0)
    assert found["passed"] > 10
    assert {check["subject"] for check in found["checks"]} == {"package", "data set 'cmd-dots'"}


def test_what_is_wrong_fails_with_the_exit_code_of_plugins(run: Callable[..., Done]) -> None:
    done = run(without_late(seed=""), "plugins", "check", "cmd-plugin", "--opt", "count=50", columns=80)
    assert done.returncode == 7
    assert "failed   loads the train split alike twice" in done.stdout
    assert "cmd-plugin (cmd-plugin 1.2): " in done.stdout.splitlines()[-1]
    assert "2 of 1" in done.stderr
    assert "checks of plugin cmd-plugin (cmd-plugin) failed" in done.stderr
    assert len([line for line in done.stderr.splitlines() if not line.startswith("checking")]) <= 3


def test_an_option_that_is_required_is_asked_for(run: Callable[..., Done]) -> None:
    done = run(without_late(), "plugins", "check", "cmd-dots")
    assert done.returncode == 0
    assert "skipped  takes its options" in done.stdout
    assert "needs --opt count=VALUE" in done.stdout


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("cout=3", "nothing of plugin 'cmd-plugin' has an option 'cout'"),
        ("count", "--opt count is not NAME=VALUE"),
    ],
)
def test_an_option_that_cannot_be(run: Callable[..., Done], option: str, message: str) -> None:
    done = run(without_late(), "plugins", "check", "cmd-plugin", "--opt", option)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_package_that_imports_tensorflow_is_refused(run: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("")  # stands for the real one, which would take its time
    done = run(f"    import keras\n{without_late()}", "plugins", "check", "cmd-plugin", "--opt", "count=50")
    assert done.returncode == 7
    assert "it imports keras: import them inside functions" in done.stdout
