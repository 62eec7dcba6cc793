"""An interrupted recipe goes on where it was; complete steps are left alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import counted_steps
import pytest

from snnctl.errors import AgreementError, Interrupted, OutputError, TrainingError, UsageError
from snnctl.recipes import run_recipe
from snnctl.recipes.locks import claimed

HERE = Path(__file__).parent
ALL = ["make 3", "add 5", "weigh"]
REST = ["add 5", "weigh"]


def fail_then_mend(recipe, out: str | None = "out") -> Path:
    """Let the second step fail; returns the folder, in which the first one is complete."""
    recipe.edit("value: 5", "value: 5, fail: true")
    with pytest.raises(TrainingError):
        recipe.run(out)
    [folder] = [path.parent for path in Path().rglob("recipe.yaml")]
    recipe.edit("fail: true", "fail: false")
    text = (folder / "recipe.yaml").read_text()
    (folder / "recipe.yaml").write_text(text.replace("fail: true", "fail: false"))
    assert recipe.ran() == ["make 3", "add 5"]
    return folder


def test_complete_steps_are_left_alone(three) -> None:
    folder = fail_then_mend(three)
    before = (folder / "relu/run.json").stat().st_mtime_ns
    outcome = three.run("out", resume=True, cache=None)
    assert three.ran() == REST
    assert (folder / "relu/run.json").stat().st_mtime_ns == before
    summary = json.loads(Path("out/summary.json").read_text())
    assert [step["id"] for step in summary["steps"]] == ["relu", "snn", "score"]
    assert outcome.metrics["relu"] == {"accuracy": 0.3}


def test_without_a_name_the_newest_of_this_very_recipe_goes_on(three) -> None:
    folder = fail_then_mend(three, out=None)
    other = folder.with_name("99999999-000000-other")
    other.mkdir()
    (other / "recipe.yaml").write_text((folder / "recipe.yaml").read_text().replace("value: 3", "value: 4"))
    for number, text in enumerate(("[" * 5000, "a: &a [1]\nb: *a", "name: \0", "é" * 600_000)):  # of strangers
        folder.with_name(f"stranger{number}").mkdir()
        (folder.with_name(f"stranger{number}") / "recipe.yaml").write_text(text)
    assert three.run(resume=True).folder == folder.resolve()
    assert three.ran() == REST
    with pytest.raises(OutputError, match=r"no interrupted run of r\.yaml with these settings in runs") as caught:
        three.run(resume=True)
    assert f"{folder} is complete" in caught.value.todo
    assert "Leave out --resume to start anew" in caught.value.todo


def test_a_complete_run_is_answered_with_its_summary(three) -> None:
    assert three.runs("out", resume=True) == ALL, "where nothing is, it starts from the beginning"
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")}
    three.ran()
    outcome = three.run("out", resume=True, force=True)
    assert three.ran() == []
    assert outcome.metrics["snn"] == {"agreement": 0.5}
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")} == before


def change_code(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr("snnctl.recipes.inputs.own_code", lambda: code)


def mend_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_code(monkeypatch, "edited")


def drop_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "step-keys.json").unlink()


def change_result(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree("runs/.cache")
    (folder / "relu/model.keras").unlink()
    (folder / "relu/model.keras").write_text("made by hand")


@pytest.mark.parametrize(
    ("change", "told", "anew"),
    [
        (mend_code, "have changed since: relu;", ALL),
        (drop_keys, "it is not recorded what these were made from: relu", REST),
        (change_result, "somebody has changed what was written: relu", ALL),
    ],
)
def test_steps_that_are_kept_but_not_today_s_are_told_and_not_shared(three, monkeypatch, change, told, anew):
    change(fail_then_mend(three), monkeypatch)
    assert three.runs("out", resume=True) == REST
    assert sum(told in words for words in (*three.reporter.notes, *three.reporter.warnings)) == 1
    assert three.runs("anew") == anew
    assert "made 3" in Path("anew/snn/model.keras").read_text()


def test_keys_outlive_several_interruptions(three, monkeypatch: pytest.MonkeyPatch) -> None:
    def keys() -> dict[str, str]:
        return json.loads(Path("out/step-keys.json").read_text())["keys"]

    fail_then_mend(three)
    first = keys()
    change_code(monkeypatch, "edited")
    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.run.start_afresh", lambda seed: pytest.fail("interrupted"))
        with pytest.raises(BaseException, match="interrupted"):
            three.run("out", resume=True)
    second = keys()
    assert (second["relu"] == first["relu"], second["snn"] == first["snn"]) == (True, False)
    change_code(monkeypatch, "the same")
    three.run("out", resume=True)
    third = keys()
    assert third["relu"] == first["relu"]
    assert third["snn"] not in (first["snn"], second["snn"])  # first it was to fail, then it was other code


@pytest.mark.parametrize("file", ["", "model.keras", "run.json", "metrics.json"])
def test_a_step_that_is_not_whole_is_run_again(three, file: str) -> None:
    three.run("out", cache=None)
    if file:
        Path("out/snn", file).unlink()
    else:
        shutil.rmtree("out/snn")
    assert three.runs("out", cache=None, resume=True)[0] == "add 5"
    assert Path("out/snn/model.keras").exists()
    assert Path("out/summary.json").exists()


def test_a_folder_in_which_to_go_on_is_refused_with_a_hint(three) -> None:
    fail_then_mend(three)
    with pytest.raises(OutputError, match="out holds an unfinished run of this recipe") as caught:
        three.run("out")
    assert "add --resume" in caught.value.todo


def test_another_recipe_s_folder_is_refused_with_what_differs(three) -> None:
    fail_then_mend(three)
    three.edit("value: 3", "value: 4")
    three.edit("- {id: score, weigh: {model: snn}}", "")
    with pytest.raises(OutputError, match="out was begun with another recipe or other settings: ") as caught:
        three.run("out", resume=True)
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
    Path("file").touch()
    for out in ("out", "file"):
        with pytest.raises(OutputError, match=f"{out} holds no run of a recipe"):
            three.run(out, resume=True)


def test_a_folder_in_which_a_process_is_at_work_is_left_alone(three) -> None:
    folder = fail_then_mend(three, out=None)
    with claimed(folder):
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(OutputError, match="another process is running a recipe"):
                three.run(str(folder), **options)
        with pytest.raises(OutputError, match="no interrupted run"):
            three.run(resume=True)
    assert three.ran() == []


def test_a_requirement_that_was_missed_is_still_missed(three) -> None:
    three.edit("value: 5", "value: 5, require: true")
    first = three.run("out").failure
    three.ran()
    again = three.run("out", resume=True).failure
    assert three.ran() == []
    assert type(again) is type(first) is AgreementError
    assert str(again) == str(first)


def test_a_matrix_that_was_interrupted_shares_with_what_is_complete(grid, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seed: int) -> None:
        if Path("out/value=1-more=20/tuned").exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.run.start_afresh", interrupt)
        with pytest.raises(Interrupted):
            grid.run("out", cache=None)
    done = grid.ran()
    assert len(done) + len(grid.runs("out", resume=True, cache=None)) == 16
    assert len(Path("out/summary.csv").read_text().splitlines()) == 1 + 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")
@pytest.mark.parametrize(
    ("how", "step", "least"),
    [
        ("overwrite", 19, 3),
        pytest.param("anew", 1, 60, marks=pytest.mark.long),
        pytest.param("overwrite", 1, 60, marks=pytest.mark.long),
    ],
)
def test_killed_at_any_moment(recipe_of, plugin_folder, tmp_path, how, step, least):
    recipe = recipe_of(counted_steps.RECIPE)
    program = [sys.executable, HERE / "killed_everywhere.py", tmp_path, recipe.path, how, str(step)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(plugin_folder), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[-2]) >= least, done.stdout


def test_in_python(three) -> None:
    first = run_recipe("r.yaml", out="out", cache="kept")
    assert Path("kept").is_dir()
    assert run_recipe("r.yaml", out="out", resume=True, cache=False).metrics == first.metrics
    for options, words in (({"cache": 3}, "cache is 3"), ({"resume": True, "overwrite": True}, "--resume keeps")):
        with pytest.raises(UsageError, match=words):
            run_recipe("r.yaml", out="other", **options)
