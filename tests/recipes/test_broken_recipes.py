"""More than a hundred recipes that are wrong: each says where and why."""

from pathlib import Path

import pytest
from broken_recipes import FOLDER, Broken, made, written

from snnctl.errors import RecipeError
from snnctl.plugins import Registry
from snnctl.recipes import FaultyRecipe, make_plan

WRITTEN = written()


def require_complaint(broken: Broken, registry: Registry) -> None:
    """One of the complaints is what is expected, at its place."""
    with pytest.raises(FaultyRecipe) as caught:
        make_plan(Path(broken.name), [], registry)
    assert caught.value.exit_code == RecipeError.exit_code
    told = [(str(complaint.place), f"{complaint.message}\n{complaint.todo}") for complaint in caught.value.complaints]
    assert any(place == broken.place and broken.message in words for place, words in told), told


def test_there_are_more_than_a_hundred() -> None:
    assert len(WRITTEN) > 100
    assert {broken.name for broken in WRITTEN} == {path.name for path in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize("broken", WRITTEN, ids=lambda broken: broken.name)
def test_place_and_cause(broken: Broken, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    require_complaint(broken, registry)


def test_files_that_are_no_text_or_no_file(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for broken in made(tmp_path):
        require_complaint(broken, registry)
