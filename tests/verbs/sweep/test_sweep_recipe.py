"""A sweep as the step of a recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from ctrl_c import CtrlC

import snnctl
from snnctl.errors import Interrupted, RecipeError

RECIPE = """
defaults: {limit: 60}
steps:
  - {id: same, finetune: {model: MODEL, epochs: 0}}
  - id: curves
    sweep:
      model: same
      noise: [0, 0.5]
      time_bits: 2..3
      repeats: 2
"""


@pytest.fixture
def recipe(digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE.replace("MODEL", str(digits)))
    return path


def names() -> set[str]:
    """What is in the working folder besides the cache."""
    return {path.name for path in Path.cwd().iterdir()} - {"runs"}


@pytest.mark.long
def test_an_interrupted_step_goes_on_when_the_recipe_is_run_again(recipe: Path, digits: Path) -> None:
    with pytest.raises(Interrupted) as caught:
        snnctl.run_recipe(recipe, out="out", reporter=CtrlC(2))
    assert "--out out --resume" in caught.value.todo
    assert names() == {"r.yaml", "out", "out.curves.unfinished"}
    assert {path.name for path in Path("out").iterdir()} == {"recipe.yaml", "step-keys.json", "same"}
    rest = CtrlC(after=10**9)
    snnctl.run_recipe(recipe, out="out", overwrite=True, reporter=rest)
    assert rest.rows == 5 - 2
    assert names() == {"r.yaml", "out"}
    alone = snnctl.sweep(digits, limit=60, noise=[0, 0.5], time_bits="2..3", repeats=2)
    assert (Path("out") / "curves" / "sweep.csv").read_text() == alone.files["sweep.csv"]


def test_what_the_first_step_has_found_outlasts_its_staging_folder(recipe: Path, digits: Path) -> None:
    recipe.write_text(f"steps: [{{sweep: {{model: {digits}, limit: 60, time_bits: '2,3'}}}}]")
    with pytest.raises(Interrupted) as caught:
        snnctl.run_recipe(recipe, out="out", reporter=CtrlC(1))
    assert caught.value.todo == "Give the command again, with --out out --resume, and it goes on with the rest."
    assert names() == {"r.yaml", "out.sweep.unfinished"}
    rest = CtrlC(after=10**9)
    snnctl.run_recipe(recipe, out="out", reporter=rest)
    assert (rest.rows, names()) == (2, {"r.yaml", "out"})


@pytest.mark.parametrize(
    ("step", "place", "message"),
    [
        ("{model: relu, noise: 0}", "4:14", "makes a ReLU network; sweep takes a spiking one"),
        ("{model: snn}", "4:6", "no axis is given to sweep"),
        ("{model: snn, time_bits: 8..3}", "4:26", "write 3..8"),
        ("{model: snn, noise: [0, -1]}", "4:26", "-1 is not from 0"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(recipe: Path, step: str, place: str, message: str) -> None:
    recipe.write_text(f"""steps:
  - {{id: relu, train: {{arch: fc2}}}}
  - {{id: snn, convert: {{model: relu}}}}
  - {{sweep: {step}}}
""")
    with pytest.raises(RecipeError, match=message.replace(".", r"\.")) as caught:
        snnctl.run_recipe(recipe, out="out")
    assert caught.value.where.endswith(f"r.yaml:{place}")
    assert names() == {"r.yaml"}
