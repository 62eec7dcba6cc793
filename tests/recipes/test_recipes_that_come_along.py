"""The recipes of the repository are valid; nothing is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnctl.plugins import load_registry
from snnctl.recipes import make_plan, parse_settings

FOLDER = Path(__file__).parents[2] / "recipes"
NEEDED = {"cifar10-pretrained": ["weights=weights.h5"]}  # what a recipe cannot know
FILES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_the_plan_of_each(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    plan = make_plan(path, parse_settings(NEEDED.get(path.stem, [])), load_registry())
    assert plan.steps
    assert plan.description


def test_the_experiments_of_the_paper_are_among_them():
    names = {path.stem for path in FILES if path.parent.name == "paper"}
    assert names == {
        "cifar10",
        "fashion-mnist",
        "gradients",
        "mnist",
        "robustness",
        "sparsity",
        "trajectories",
    }
