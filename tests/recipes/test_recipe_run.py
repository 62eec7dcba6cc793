"""A recipe's folder: each step complete or absent, the summary last."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from snnctl.errors import AgreementError, DataError, Interrupted, OutputError, SnnctlError, TrainingError
from snnctl.plugins import load_registry
from snnctl.recipes import absent, execute_plan, make_plan, run_recipe
from snnctl.verbs.result import Run


def names(folder: str = ".") -> set[str]:
    """What is in ``folder``, hidden files included; of the working folder, what is not the test's."""
    return {path.name for path in Path(folder).iterdir()} - {"calls.log", "runs"}


def test_all_steps(three) -> None:
    outcome = three.run("a/out", command=["snnctl", "run"])
    assert names("a") == {"out"}
    assert names("a/out") == {"relu", "snn", "score", "recipe.yaml", "step-keys.json", "summary.json"}
    assert names("a/out/snn") == {"model.keras", "metrics.json", "run.json"}
    record = json.loads(Path("a/out/snn/run.json").read_text())
    assert record["options"]["model"] == str(outcome.folder / "relu")
    summary = json.loads(Path("a/out/summary.json").read_text(), parse_constant=pytest.fail)
    assert [step["id"] for step in summary["steps"]] == ["relu", "snn", "score"]
    assert [step["metrics"] for step in summary["steps"]][:2] == [{"accuracy": 0.3}, {"agreement": 0.5}]
    again, plan = (make_plan(Path(path), [], load_registry()) for path in ("a/out/recipe.yaml", "r.yaml"))
    assert [step.options for step in again.steps] == [step.options for step in plan.steps]


def test_a_new_folder_by_default_with_a_short_name(three) -> None:
    first, second = (three.run().folder for _ in range(2))
    assert first != second
    assert first.parent == Path("runs").resolve()
    assert "-three" in first.name
    registry = load_registry()
    plan = replace(make_plan(three.path, [], registry), name="ä/" * 400)
    assert len(execute_plan(plan, Run(registry)).folder.name.encode()) < 120


@pytest.mark.parametrize("recipe", ["r.yaml", "out/r.yaml"])
def test_a_folder_in_use_is_refused_before_the_first_step(three, recipe: str) -> None:
    """One that is replaced may not hold what the recipe reads."""
    Path("out").mkdir()
    Path("out/precious").touch()
    three.path = three.path.rename(recipe)
    words = r"out/r\.yaml, which is needed" if recipe != "r.yaml" else "is not empty"
    with pytest.raises(OutputError, match=words):
        three.run("out", overwrite=recipe != "r.yaml", before_start=lambda: pytest.fail("started"))
    assert three.ran() == []


def test_data_that_cannot_be_had_is_known_before_the_first_step(three, monkeypatch: pytest.MonkeyPatch) -> None:
    three.edit("- {id: score", "- {id: late, make: {data: lines}}\n  - {id: score")
    registry = load_registry()
    plan = make_plan(three.path, [], registry)
    assert [(step.id, dataset.name) for step, dataset in absent(plan, registry)] == [("late", "lines")]

    def refuse(*_: Any) -> None:
        raise DataError("it is not on this machine")

    monkeypatch.setattr(type(registry.dataset("lines")), "fetch", refuse)
    with pytest.raises(DataError, match="not on this machine") as caught:
        execute_plan(plan, Run(registry), out=Path("out"))
    assert caught.value.where == "step 'late'"
    assert three.ran() == []
    assert names() == {"r.yaml"}


def interrupt(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    begun: list[int] = []

    def press(seed: int) -> None:
        begun.append(seed)
        if len(begun) == step:
            raise KeyboardInterrupt

    monkeypatch.setattr("snnctl.recipes.run.start_afresh", press)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("how", ["fails", "interrupted"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_if_a_step_fails_those_before_it_stay(three, monkeypatch, step, how, overwrite):
    """If it is the first one, nothing has changed."""
    if overwrite:
        Path("out").mkdir()
        Path("out/summary.json").touch()
    before = names()
    if how == "fails":
        three.edit(("value: 3", "value: 5")[step - 1], "fail: true")
    else:
        interrupt(monkeypatch, step)
    with pytest.raises((SnnctlError, KeyboardInterrupt)) as caught:
        three.run("out", overwrite=overwrite)
    if how == "fails":
        assert isinstance(caught.value, TrainingError)
        assert caught.value.where == f"step '{('relu', 'snn')[step - 1]}'"
    if step == 1:
        assert names() == before
        assert not overwrite or names("out") == {"summary.json"}
    else:
        assert names("out") == {"relu", "recipe.yaml", "step-keys.json"}
    if step == 2 and how == "interrupted":
        assert isinstance(caught.value, Interrupted)
        assert caught.value.what == "interrupted; 1 of 3 steps are complete in out"
        assert "--out out --resume" in caught.value.todo


def test_a_step_that_misses_what_is_required_is_the_last_and_stays(three) -> None:
    three.edit("value: 5", "value: 5, require: true")
    outcome = three.run("out")
    assert names("out") == {"relu", "snn", "recipe.yaml", "step-keys.json"}
    assert isinstance(outcome.failure, AgreementError)
    assert outcome.failure.where == "step 'snn'"
    assert outcome.failure.todo == f"It is written all the same, to {outcome.folder / 'snn'}. Try again."
    assert set(outcome.metrics) == {"relu", "snn"}
    with pytest.raises(AgreementError, match="too little"):
        run_recipe("r.yaml", out="other")
