"""More than a hundred recipes that are wrong: each says where and why."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from broken_recipes import FOLDER, Broken, made, written

from snnctl.errors import RecipeError
from snnctl.plugins import Registry
from snnctl.recipes import FaultyRecipe, make_plan

WRITTEN = written()


def require_complaint(broken: Broken, folder: Path, registry: Registry) -> None:
    """One of the complaints is what is expected, at its place."""
    with pytest.raises(FaultyRecipe) as caught:
        make_plan(Path(os.path.relpath(broken.path, folder)), [], registry)
    told = [(str(complaint.place), f"{complaint.message}\n{complaint.todo}") for complaint in caught.value.complaints]
    assert any(place == broken.told_at(folder) and broken.message in words for place, words in told), told


def test_there_are_more_than_a_hundred() -> None:
    assert len(WRITTEN) > 100
    assert {broken.path for broken in WRITTEN} == set(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("broken", WRITTEN, ids=lambda broken: broken.path.stem)
def test_place_and_cause(broken: Broken, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    require_complaint(broken, FOLDER, registry)


def test_files_that_are_no_text_or_no_file(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for broken in (*made(tmp_path), Broken(Path("/dev/zero"), "", False, "no regular file")):
        require_complaint(broken, tmp_path, registry)


def test_all_of_them_through_the_command(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    code, out, _ = call("recipes", "validate", "--json", *(broken.path.name for broken in WRITTEN))
    assert code == RecipeError.exit_code
    recipes = {each["name"]: each for each in json.loads(out)["recipes"]}
    for broken in WRITTEN:
        recipe = recipes[broken.path.name]
        places = [
            f"{told['file']}:{told['line']}:{told['column']}" if told["line"] else told["file"]
            for told in recipe["problems"]
        ]
        assert broken.told_at(FOLDER) in places or (recipe["needs"] and not places), broken


def test_running_one_ends_before_tensorflow_is_imported(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr("snnctl.cli.session.Session.import_tensorflow", lambda self: pytest.fail("imported"))
    code, _, err = call("run", "matrix-bad-value.yaml", "--out", str(tmp_path / "out"))
    assert code == RecipeError.exit_code
    assert err.startswith("error: matrix-bad-value.yaml:5:7: ")
    assert not (tmp_path / "out").exists()
