"""More than a hundred recipes that are wrong: each says where and why, without TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from broken_recipes import FOLDER, Broken, made, written
from snnctl.errors import RecipeError
from snnctl.plugins import load_registry
from snnctl.recipes import Complaint, FaultyRecipe, make_plan

WRITTEN = written()
COMMAND = Path(sys.executable).with_name("snnctl")
HEAVY = ("tensorflow", "keras", "h5py", "PIL", "numba", "onnx", "nir")


def complaints_about(broken: Broken, folder: Path) -> tuple[Complaint, ...]:
    with pytest.raises(FaultyRecipe) as caught:
        make_plan(Path(os.path.relpath(broken.path, folder)), [], load_registry())
    assert caught.value.exit_code == RecipeError.exit_code
    return caught.value.complaints


def tells(broken: Broken, complaints: tuple[Complaint, ...], folder: Path) -> bool:
    """Whether one of the complaints is what is expected, at its place."""
    return any(
        str(complaint.place) == broken.told_at(folder)
        and (broken.message in complaint.message or broken.message in complaint.todo)
        for complaint in complaints
    )


def test_there_are_more_than_a_hundred() -> None:
    assert len(WRITTEN) > 100
    assert {broken.path for broken in WRITTEN} == set(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("broken", WRITTEN, ids=lambda broken: broken.path.stem)
def test_place_and_cause(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    complaints = complaints_about(broken, FOLDER)
    assert tells(broken, complaints, FOLDER), complaints


def test_files_that_are_no_text_or_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for broken in made(tmp_path):
        complaints = complaints_about(broken, tmp_path)
        assert tells(broken, complaints, tmp_path), complaints


def test_all_of_them_through_the_command_without_what_takes_long_to_import() -> None:
    names = [broken.path.name for broken in WRITTEN]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND, "recipes", "validate", "--json", *names],
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    assert done.returncode == RecipeError.exit_code
    recipes = {each["name"]: each for each in json.loads(done.stdout)["recipes"]}
    for broken in WRITTEN:
        places = [place(problem) for problem in recipes[broken.path.name]["problems"]]
        needed = recipes[broken.path.name]["needs"]
        assert broken.told_at(FOLDER) in places or (needed and not places), broken
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "snnctl" in imported
    assert not imported & set(HEAVY)


def place(problem: dict[str, object]) -> str:
    line = f":{problem['line']}:{problem['column']}" if problem["line"] else ""
    return f"{problem['file']}{line}"


@pytest.mark.parametrize("name", ["type-text", "billion-laughs", "matrix-bad-value", "extends-circle"])
def test_running_one_ends_before_anything_heavy_is_imported(name: str, tmp_path: Path) -> None:
    [broken] = [each for each in WRITTEN if each.path.stem == name]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND, "run", broken.path.name, "--out", tmp_path / "out"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == RecipeError.exit_code
    assert lines[0].startswith(f"error: {broken.told_at(FOLDER)}: ")
    assert not [line for line in done.stderr.splitlines() if line.endswith(("| tensorflow", "| keras"))]
    assert not (tmp_path / "out").exists()
