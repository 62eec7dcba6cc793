"""`snnctl plugins new` writes packages that can be read and work; names that cannot be used are refused."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import fake_package
from snnctl.errors import OutputError, PluginError, UsageError
from snnctl.plugins import load_registry
from snnctl.plugins.kinds import KINDS, LATE
from snnctl.scaffold import SCAFFOLDS, Names, Scaffold, check_names, new_package, write_package

ALL = list(SCAFFOLDS.values())
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """``call("plugins", "new", ...)``, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return call


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Names, list[Scaffold]], Path]]:
    """A function that writes a new package and lets Python and snnctl find it, without pip."""
    modules = []

    def install(names: Names, scaffolds: list[Scaffold]) -> Path:
        folder = write_package(tmp_path / names.name, new_package(names, scaffolds))
        site = folder / "src"
        monkeypatch.syspath_prepend(site)
        fake_package.install(site, names.module, None)
        modules.append(names.module)
        return folder

    yield install
    for name in [name for name in sys.modules if name.partition(".")[0] in modules]:
        del sys.modules[name]


def test_every_kind_of_thing_can_be_begun() -> None:
    assert {scaffold.key for scaffold in ALL} == {*KINDS, *LATE}


@pytest.mark.parametrize("scaffold", [each for each in ALL if each.key in KINDS], ids=lambda each: each.kind)
def test_it_registers_under_its_name(installed: Callable, scaffold: Scaffold) -> None:
    names = Names.of(f"fresh-{scaffold.kind}", [scaffold])
    installed(names, [scaffold])
    registry = load_registry()
    [plugin] = [plugin for plugin in registry.plugins if plugin.name == names.name]
    assert (plugin.error, dict(plugin.adds)) == (None, {scaffold.key: (names.name,)})
    assert registry.find(scaffold.key, names.name).summary


@pytest.mark.parametrize("scaffold", [each for each in ALL if each.key in LATE], ids=lambda each: each.kind)
def test_what_is_registered_late(installed: Callable, scaffold: Scaffold) -> None:
    names = Names.of(f"fresh-{scaffold.kind}", [scaffold])
    installed(names, [scaffold])
    registry = load_registry()
    [plugin] = [plugin for plugin in registry.plugins if plugin.name == names.name]
    assert (plugin.error, plugin.late) == (None, (scaffold.key,))
    found = registry.metrics() if scaffold.key == "metrics" else {"fresh-layer-rule": registry.layer_rules()}
    assert found[names.name]
    assert [problem for problem in registry.problems if problem.package == names.name] == []


def test_a_step_and_a_command_have_two_names(installed: Callable) -> None:
    scaffolds = [SCAFFOLDS["step"], SCAFFOLDS["command"]]
    installed(Names.of("fresh-pair", scaffolds), scaffolds)
    [plugin] = [plugin for plugin in load_registry().plugins if plugin.name == "fresh-pair"]
    assert plugin.error is None
    assert plugin.adds == {"steps": ("fresh-pair",), "commands": ("fresh-pair-table",)}


def test_a_new_data_set_can_be_learnt_and_has_its_options(installed: Callable) -> None:
    import numpy as np

    from snnctl.plugins import DataContext

    installed(Names.of("fresh-data", [SCAFFOLDS["dataset"]]), [SCAFFOLDS["dataset"]])
    registry = load_registry()
    samples = registry.dataset("fresh-data", {"noise": "0.3"}).load("train", DataContext())
    inputs = samples.inputs.reshape(len(samples), -1)
    means = np.stack([inputs[samples.labels == label].mean(axis=0) for label in range(4)])
    nearest = np.linalg.norm(inputs[:, None] - means, axis=2).argmin(axis=1)
    assert (nearest == samples.labels).mean() > 0.9
    with pytest.raises(UsageError, match="noise is"):
        registry.dataset("fresh-data", {"noise": "2"})


def test_all_files_are_well_formed(tmp_path: Path) -> None:
    files = new_package(Names.of("some-thing", ALL), ALL)
    project = tomllib.loads(files["pyproject.toml"])
    assert project["project"]["entry-points"]["snnctl"] == {"some-thing": "some_thing"}
    for name, content in files.items():
        assert "${" not in content
        assert content.endswith("\n")
        assert not content.endswith("\n\n")
        if name.endswith(".py"):
            assert ast.get_docstring(ast.parse(content, name))
    folder = write_package(tmp_path / "some-thing", files)
    rules = ("--isolated", "--select", "E,F,W,I,B,UP,C4,SIM,RUF,PT,PIE", "--line-length", "120", "--no-cache")
    command = [sys.executable, "-m", "ruff", "check", *rules, "--target-version", "py311", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_readme_tells_commands_that_there_are(call: Call) -> None:
    kinds = [word for kind in SCAFFOLDS for word in ("--kind", kind)]
    code, out, _ = call("plugins", "new", "some-thing", *kinds, "--json")
    made = json.loads(out)
    assert code == 0
    known = {*load_registry().verbs, *load_registry().commands, "some-thing", "some-thing-table"}
    for command in made["commands"]:
        program, first = command.split()[:2]
        assert program in ("pip", "python", "snnctl")
        assert program != "snnctl" or first in known
        assert program != "python" or Path(first).is_file()
    assert set(made["files"]) == {
        str(path.relative_to(made["folder"])) for path in Path(made["folder"]).rglob("*") if path.is_file()
    }


def test_it_says_what_to_do_next(call: Call) -> None:
    code, out, err = call("plugins", "new", "some-data", "--kind", "dataset", "--out", "deep/er")
    assert (code, err) == (0, "")
    assert Path("deep/er/some-data/src/some_data/dataset.py").is_file()
    assert "pip install ./deep/er/some-data" in out
    assert "snnctl train --data some-data --arch fc2 --epochs 1" in out
    assert [path.name for path in Path("deep/er").iterdir()] == ["some-data"], "nothing is left over"


@pytest.mark.parametrize(
    ("name", "kind", "code", "message"),
    [
        ("My_Data", "dataset", 2, "for example 'my-data'"),
        ("2fast", "dataset", 2, "for example 'fast'"),
        ("../up", "dataset", 2, "for example 'up'"),
        ("a--b", "dataset", 2, "single dashes"),
        ("x" * 51, "dataset", 2, "at most 50 characters"),
        ("class", "dataset", 2, "'class' is a keyword of Python"),
        ("con", "dataset", 2, "is a device of Windows"),
        ("match", "dataset", 2, "'match' is a keyword of Python"),
        ("json", "dataset", 2, "there is a Python module 'json' already"),
        ("numpy", "dataset", 2, "there is a Python module 'numpy' already"),
        ("snnctl", "dataset", 2, "there is a Python module 'snnctl' already"),
        ("snnctl-example", "dataset", 7, "you have a plugin called 'snnctl-example' already"),
        ("example", "dataset", 7, "a new one adds several things if --kind is repeated"),
        ("mnist-mini", "dataset", 7, "data set 'mnist-mini' is already provided by snnctl"),
        ("fc2", "architecture", 7, "architecture 'fc2' is already provided by snnctl"),
        ("early-stopping", "callback", 7, "training callback 'early-stopping' is already provided by snnctl"),
        ("convert", "command", 7, "step 'convert' is already provided by snnctl"),
        ("doctor", "step", 7, "command 'doctor' is already provided by snnctl"),
        ("mine", "datset", 2, "did you mean 'dataset'?"),
        ("mine", "zzz", 2, "one of dataset, architecture, layer-rule"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    call: Call, name: str, kind: str, code: int, message: str
) -> None:
    found, out, err = call("plugins", "new", name, "--kind", kind)
    assert (found, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) <= 3
    assert list(Path().iterdir()) == []


def test_a_metric_that_is_there() -> None:
    scaffolds = [SCAFFOLDS["metric"]]
    with pytest.raises(PluginError, match="metric 'accuracy' is already provided by snnctl"):
        check_names(Names.of("accuracy", scaffolds), scaffolds, load_registry(entry_points=False))


def test_a_thing_of_another_kind_may_have_the_name() -> None:
    scaffolds = [SCAFFOLDS["dataset"]]
    check_names(Names.of("fc2", scaffolds), scaffolds, load_registry(entry_points=False))


def test_without_a_kind(call: Call) -> None:
    code, _, err = call("plugins", "new", "mine")
    assert code == 2
    assert "--kind is missing" in err


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_what_exists_is_left_alone(call: Call, make: Callable[[Path], Any]) -> None:
    make(Path("mine"))
    code, _, err = call("plugins", "new", "mine", "--kind", "dataset")
    assert code == 8
    assert "mine exists already" in err
    assert [path.name for path in Path().iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_package(tmp_path / "file" / "mine", {"a": "b"})


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_package(tmp_path / "mine", {"a": "b", "a/c": "d"})
    assert list(tmp_path.iterdir()) == []
