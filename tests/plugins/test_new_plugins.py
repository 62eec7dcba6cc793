"""`snnctl plugins new` writes packages that can be read and work; names that cannot be used are refused."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from snnctl.errors import OutputError
from snnctl.plugins import load_registry
from snnctl.plugins.kinds import KINDS, LATE
from snnctl.scaffold import SCAFFOLDS, write_package

KIND_OPTIONS = [word for kind in SCAFFOLDS for word in ("--kind", kind)]
COMMAND = Path(sys.executable).with_name("snnctl")
NAME = "every-thing"
RECIPE = f"""
steps:
  - id: counted
    {NAME}: {{model: snn, data: {NAME}, least: 100}}
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """``call("plugins", "new", ...)``, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return call


def test_all_kinds_in_one_package_well_formed(new_package: Callable) -> None:
    assert {scaffold.key for scaffold in SCAFFOLDS.values()} == {*KINDS, *LATE}
    folder = new_package("some-thing", *SCAFFOLDS)
    [plugin] = [plugin for plugin in load_registry().plugins if plugin.name == "some-thing"]
    assert (plugin.error, {*plugin.adds, *plugin.late}) == (None, {*KINDS, *LATE})
    assert (plugin.adds["steps"], plugin.adds["commands"]) == (("some-thing",), ("some-thing-table",))
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["snnctl"] == {"some-thing": "some_thing"}
    for path in [path for path in folder.rglob("*") if path.suffix in (".py", ".md", ".toml")]:
        content = path.read_text()
        assert "${" not in content
        assert content.endswith("\n")
        assert path.suffix != ".py" or ast.get_docstring(ast.parse(content, path))
    rules = ("--isolated", "--select", "E,F,W,I,B,UP,C4,SIM,RUF,PT,PIE", "--line-length", "120", "--no-cache")
    command = [sys.executable, "-m", "ruff", "check", *rules, "--target-version", "py311", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_says_what_was_written_and_what_to_do_next(call: Call) -> None:
    code, out, err = call("plugins", "new", "some-data", "--kind", "dataset", "--out", "deep/er")
    assert (code, err) == (0, "")
    assert Path("deep/er/some-data/src/some_data/dataset.py").is_file()
    assert "pip install ./deep/er/some-data" in out
    assert "snnctl train --data some-data --arch fc2 --epochs 1" in out
    assert [path.name for path in Path("deep/er").iterdir()] == ["some-data"], "nothing is left over"
    code, out, _ = call("plugins", "new", "some-thing", *KIND_OPTIONS, "--json")
    written = json.loads(out)
    files = {str(path.relative_to("some-thing")) for path in Path("some-thing").rglob("*") if path.is_file()}
    assert (code, set(written["files"])) == (0, files)
    registry = load_registry()
    words = {*registry.verbs, *registry.commands, "some-thing", "some-thing-table"}
    for program, first, *_ in (command.split() for command in written["commands"]):
        assert program == "pip" or (first in words if program == "snnctl" else Path(first).is_file())


@pytest.mark.parametrize(
    ("name", "kind", "code", "message"),
    [
        ("My_Data", "dataset", 2, "for example 'my-data'"),
        ("../up", "dataset", 2, "for example 'up'"),
        ("x" * 51, "dataset", 2, "at most 50 characters"),
        ("class", "dataset", 2, "'class' is a keyword of Python"),
        ("con", "dataset", 2, "is a device of Windows"),
        ("json", "dataset", 2, "there is a Python module 'json' already"),
        ("snnctl-example", "dataset", 7, "you have a plugin called 'snnctl-example' already"),
        ("fc2", "architecture", 7, "architecture 'fc2' is already provided by snnctl"),
        ("doctor", "step", 7, "command 'doctor' is already provided by snnctl"),
        ("mine", "datset", 2, "did you mean 'dataset'?"),
        ("mine", "zzz", 2, "one of dataset, architecture, layer-rule"),
        ("mine", "", 2, "--kind is missing"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(call, name, kind, code, message):
    exit_code, out, err = call("plugins", "new", name, *(("--kind", kind) if kind else ()))
    assert (exit_code, out) == (code, "")
    assert message in err
    assert len(err.splitlines()) <= 3
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_what_exists_is_left_alone(call: Call, make: Callable[[Path], Any]) -> None:
    make(Path("mine"))
    code, _, err = call("plugins", "new", "mine", "--kind", "dataset")
    assert (code, "mine exists already" in err) == (8, True)
    assert [path.name for path in Path().iterdir()] == ["mine"]


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_package(tmp_path / "mine", {"a": "b", "a/c": "d"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_new_plugin_of_all_kinds_is_installed_tested_checked_and_used(tmp_path: Path) -> None:
    """Not a line of it edited, each thing by its command."""
    work, site = tmp_path / "work", tmp_path / "site"
    work.mkdir()

    def run(*words: object) -> str:
        environment = {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "200"}
        command = [str(word) for word in words]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def snnctl(*words: object) -> Any:
        return json.loads(run(COMMAND, *words, "--json"))

    run(COMMAND, "plugins", "new", NAME, *KIND_OPTIONS)
    # With hatchling at hand pip needs no network.
    pip = ("-m", "pip", "install", *(["--no-build-isolation"] if find_spec("hatchling") else []))
    run(sys.executable, *pip, "--quiet", "--no-deps", "--target", site, f"./{NAME}")
    run(sys.executable, f"{NAME}/examples/make_weights.py", "weights.npz")
    run(sys.executable, f"{NAME}/examples/make_model.py", "model.keras")

    assert " passed" in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NAME)
    checked = snnctl("plugins", "check", NAME, "--sample", "weights.npz")
    assert (checked["failed"], checked["warned"]) == (0, 0)
    subjects = {check["subject"].partition(" '")[0].partition(" for ")[0] for check in checked["checks"]}
    assert len(subjects) == len(SCAFFOLDS) + 1, "one for each kind, and the package"

    data = ("--data", NAME, "--epochs", "1")
    relu = snnctl("train", *data, "--arch", NAME, "--callback", f"{NAME}.path=epochs.csv", "--out", "relu")
    assert relu["accuracy"] > 0.5, "chance is 0.25"
    assert len((work / "epochs.csv").read_text().splitlines()) == 2
    snn = snnctl("train", *data, "--arch", "fc2", "--type", "snn", "--neuron", NAME, "--out", "snn")
    constrained = snnctl("eval", "snn", "--constraint", f"{NAME}.part=0.05")
    assert all(0 < part <= 1 for part in constrained["plugins"][NAME].values())
    assert constrained["loss"] != snn["loss"]
    snnctl("export", "snn", "--to", NAME, "--to-opt", "weights=true", "--out", "exported")
    assert json.loads((work / "exported" / f"{NAME}.json").read_text())["projections"][0]["J"]
    for model in ("weights.npz", "model.keras"):
        assert snnctl("convert", model, "--data", "mnist-mini", "--limit", "200")["agreement"] == 1.0
    assert snnctl("convert", "relu")["agreement"] == 1.0
    (work / "recipe.yaml").write_text(RECIPE)
    run(COMMAND, "run", "recipe.yaml", "--out", "counted")
    assert len((work / "counted" / "counted" / "spikes.csv").read_text().splitlines()) == 2
    table = run(COMMAND, f"{NAME}-table", "snn", "counted/counted", "--figure", "spikes_per_neuron").splitlines()
    assert [line.split()[0] for line in table] == ["run", "snn", "counted"]
    assert table[1].split()[1] == table[2].split()[1], "the same network, measured twice"
