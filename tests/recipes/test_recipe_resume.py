"""An interrupted recipe goes on where it was; complete steps are left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import counted_steps
import pytest

from snnctl.errors import AgreementError, Interrupted, OutputError, TrainingError, UsageError
from snnctl.recipes import run_recipe
from snnctl.recipes.locks import claimed

HERE = Path(__file__).parent


def fail_then_mend(recipe, out: str | None = "out") -> Path:
    """Let the second step fail; returns the folder, in which the first one is complete."""
    Path("t").touch()
    recipe.edit("value: 5", "value: 5, wait: t, fail: true")
    with pytest.raises(TrainingError):
        recipe.run(out)
    [folder] = [path.parent for path in Path().rglob("recipe.yaml")]
    recipe.edit("value: 5, wait: t, fail: true", "value: 5, wait: t")
    text = (folder / "recipe.yaml").read_text()
    (folder / "recipe.yaml").write_text(text.replace("fail: true", "fail: false"))
    recipe.edit("wait: t", "wait: t, fail: false")
    assert recipe.ran() == ["make 3", "add 5"]
    return folder


def test_complete_steps_are_left_alone(three) -> None:
    folder = fail_then_mend(three)
    before = (folder / "relu/run.json").stat()
    outcome = three.run("out", resume=True, cache=None)
    assert three.ran() == ["add 5", "weigh"]
    assert (folder / "relu/run.json").stat().st_mtime_ns == before.st_mtime_ns
    assert [step["id"] for step in json.loads(Path("out/summary.json").read_text())["steps"]] == [
        "relu",
        "snn",
        "score",
    ]
    assert outcome.metrics["relu"] == {"accuracy": 0.3}


def test_without_a_name_the_newest_of_this_very_recipe_goes_on(three) -> None:
    folder = fail_then_mend(three, out=None)
    other = folder.with_name("99999999-000000-other")
    other.mkdir()
    (other / "recipe.yaml").write_text((folder / "recipe.yaml").read_text().replace("value: 3", "value: 4"))
    outcome = three.run(resume=True)
    assert outcome.folder == folder.resolve()
    assert three.ran() == ["add 5", "weigh"]
    with pytest.raises(OutputError, match=r"no interrupted run of r\.yaml with these settings in runs") as caught:
        three.run(resume=True)
    assert f"{folder} is complete" in caught.value.todo


def test_there_may_be_none(three) -> None:
    with pytest.raises(OutputError, match="no interrupted run") as caught:
        three.run(resume=True)
    assert "Leave out --resume to start anew" in caught.value.todo
    assert three.ran() == []


def test_where_nothing_is_it_starts_from_the_beginning(three) -> None:
    assert len(three.run("out", resume=True).metrics) == 3
    assert three.ran() == ["make 3", "add 5", "weigh"]


def test_a_complete_run_is_answered_with_its_summary(three) -> None:
    three.run("out")
    three.ran()
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")}
    outcome = three.run("out", resume=True, force=True)
    assert three.ran() == []
    assert outcome.metrics["snn"] == {"agreement": 0.5}
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")} == before


def change_code(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let snnctl's source files be others."""
    monkeypatch.setattr("snnctl.recipes.inputs.own_code", lambda: code)


def test_what_builds_on_older_steps_is_not_taken_for_today_s(three, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_then_mend(three)
    change_code(monkeypatch, "edited")
    three.run("out", resume=True)
    assert three.ran() == ["add 5", "weigh"]
    [note] = [note for note in three.reporter.notes if "kept as complete" in note]
    assert "have changed since: relu;" in note
    three.run("anew")
    assert three.ran() == ["make 3", "add 5", "weigh"]


def test_steps_of_which_no_key_is_recorded_are_not_shared(three) -> None:
    folder = fail_then_mend(three)
    (folder / "step-keys.json").unlink()
    three.run("out", resume=True)
    assert three.ran() == ["add 5", "weigh"]
    assert any("it is not recorded what these were made from: relu" in note for note in three.reporter.notes)
    three.run("anew")
    assert three.ran() == ["add 5", "weigh"]


def test_a_result_that_somebody_has_changed_is_not_shared(three) -> None:
    folder = fail_then_mend(three)
    shutil.rmtree("runs/.cache")
    (folder / "relu" / "model.keras").unlink()
    (folder / "relu" / "model.keras").write_text("made by hand")
    three.run("out", resume=True)
    assert three.ran() == ["add 5", "weigh"]
    [told] = three.reporter.warnings
    assert "somebody has changed what was written: relu" in told
    three.run("anew")
    assert three.ran() == ["make 3", "add 5", "weigh"]
    assert "made 3" in (Path("anew") / "snn" / "model.keras").read_text()


@pytest.mark.parametrize("text", ["[" * 5000, "a: &a [1]\nb: *a", "- " * 5000, "name: \0", "é" * 600_000])
def test_what_others_have_put_into_runs_is_passed_over(three, text: str) -> None:
    fail_then_mend(three, None)
    stranger = Path("runs/stranger/recipe.yaml")
    stranger.parent.mkdir()
    stranger.write_text(text)
    three.run(resume=True)
    assert three.ran() == ["add 5", "weigh"]


def test_keys_outlive_several_interruptions(three, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_then_mend(three)
    first = json.loads(Path("out/step-keys.json").read_text())["keys"]
    change_code(monkeypatch, "edited")
    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.run.start_afresh", lambda seed: pytest.fail("interrupted"))
        with pytest.raises(BaseException, match="interrupted"):
            three.run("out", resume=True)
    second = json.loads(Path("out/step-keys.json").read_text())["keys"]
    assert second["relu"] == first["relu"]
    assert second["snn"] != first["snn"]
    change_code(monkeypatch, "the same")
    three.run("out", resume=True)
    third = json.loads(Path("out/step-keys.json").read_text())["keys"]
    assert third["relu"] == first["relu"]
    assert third["snn"] not in (first["snn"], second["snn"])  # first it was to fail, then it was other code
    assert not any("kept as complete" in note for note in three.reporter.notes[-3:])


def test_a_step_whose_folder_is_gone_is_run_again(three) -> None:
    three.run("out", cache=None)
    three.ran()
    shutil.rmtree("out/snn")
    three.run("out", cache=None, resume=True)
    assert three.ran() == ["add 5"]
    assert Path("out/summary.json").exists()
    assert Path("out/snn/model.keras").exists()


def test_a_folder_in_which_to_go_on_is_refused_with_a_hint(three) -> None:
    fail_then_mend(three)
    with pytest.raises(OutputError, match="out holds an unfinished run of this recipe") as caught:
        three.run("out")
    assert "add --resume" in caught.value.todo
    three.edit("value: 3", "value: 4")
    with pytest.raises(OutputError, match="is not empty"):
        three.run("out")


def test_another_recipe_s_folder_is_refused_with_what_differs(three) -> None:
    fail_then_mend(three)
    three.edit("value: 3", "value: 4")
    three.edit("- {id: score, weigh: {model: snn}}", "")
    with pytest.raises(OutputError) as caught:
        three.run("out", resume=True)
    assert caught.value.what.startswith("out was begun with another recipe or other settings: ")
    assert "relu.make.value (was 3, is 4)" in caught.value.what
    assert "score" in caught.value.what
    assert three.ran() == []


def test_other_settings_of_a_matrix_are_refused(grid) -> None:
    grid.edit("model: snn, value", "model: snn, fail: true, value")
    with pytest.raises(TrainingError) as caught:
        grid.run("out")
    assert caught.value.where == "variant 'value=1-more=10', step 'tuned'"
    with pytest.raises(OutputError, match="more"):
        grid.run("out", resume=True, settings=("more=10",))


def test_what_is_no_recipe_s_folder_is_refused(three) -> None:
    Path("out").mkdir()
    Path("out/precious").touch()
    with pytest.raises(OutputError, match="out holds no run of a recipe"):
        three.run("out", resume=True)
    Path("file").touch()
    with pytest.raises(OutputError, match="file holds no run of a recipe"):
        three.run("file", resume=True)


def test_to_go_on_and_to_replace_exclude_each_other(three) -> None:
    with pytest.raises(UsageError, match="--resume keeps"):
        three.run("out", resume=True, overwrite=True)


def test_a_folder_in_which_a_process_is_at_work_is_left_alone(three) -> None:
    folder = fail_then_mend(three, out=None)
    with claimed(folder):
        with pytest.raises(OutputError, match="another process is running a recipe"):
            three.run(str(folder), resume=True)
        with pytest.raises(OutputError, match="no interrupted run"):
            three.run(resume=True)
        with pytest.raises(OutputError, match="another process is running a recipe"):
            three.run(str(folder), overwrite=True)
    assert three.ran() == []


@pytest.mark.parametrize("file", ["model.keras", "run.json", "metrics.json"])
def test_a_step_without_one_of_its_files_is_not_complete(three, file: str) -> None:
    folder = fail_then_mend(three)
    (folder / "relu" / file).unlink()
    three.run("out", resume=True, cache=None)
    assert three.ran() == ["make 3", "add 5", "weigh"]


def test_a_requirement_that_was_missed_is_still_missed(three) -> None:
    three.edit("value: 5", "value: 5, require: true")
    first = three.run("out").failure
    assert three.ran() == ["make 3", "add 5"]
    again = three.run("out", resume=True).failure
    assert three.ran() == []
    assert type(again) is type(first) is AgreementError
    assert str(again) == str(first)


def test_ctrl_c_says_how_to_go_on(three, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seed: int) -> None:
        if Path("out/relu").exists():
            raise KeyboardInterrupt

    monkeypatch.setattr("snnctl.recipes.run.start_afresh", interrupt)
    with pytest.raises(Interrupted) as caught:
        three.run("out")
    assert caught.value.what == "interrupted; 1 of 3 steps are complete in out"
    assert "--out out --resume" in caught.value.todo
    monkeypatch.undo()


def test_a_matrix_that_was_interrupted_shares_with_what_is_complete(grid, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seed: int) -> None:
        if Path("out/value=1-more=20/tuned").exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.run.start_afresh", interrupt)
        with pytest.raises(Interrupted):
            grid.run("out", cache=None)
    done = grid.ran()
    grid.run("out", resume=True, cache=None)
    assert len(done) + len(grid.ran()) == 16
    assert len(Path("out/summary.csv").read_text().splitlines()) == 1 + 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
@pytest.mark.parametrize(
    ("how", "step", "least"),
    [
        ("anew", 17, 3),
        ("overwrite", 19, 3),
        pytest.param("anew", 1, 60, marks=pytest.mark.long),
        pytest.param("overwrite", 1, 60, marks=pytest.mark.long),
    ],
)
def test_killed_at_any_moment(
    recipe_of: Callable, plugin_folder: Path, tmp_path: Path, how: str, step: int, least: int
) -> None:
    recipe = recipe_of(counted_steps.RECIPE)
    program = [sys.executable, HERE / "killed_everywhere.py", tmp_path, recipe.path, how, str(step)]
    done = subprocess.run(
        program, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(plugin_folder)}, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-2]) >= least, done.stdout


def test_in_python(three) -> None:
    first = run_recipe("r.yaml", out="out", cache="kept")
    assert Path("kept").is_dir()
    assert run_recipe("r.yaml", out="out", resume=True, cache=False).metrics == first.metrics
    with pytest.raises(UsageError, match="cache is 3"):
        run_recipe("r.yaml", out="other", cache=3)
