"""A recipe's folder: each step complete or absent, the summary last."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data.fetch import RemoteFile
from snnctl.errors import AgreementError, DataError, OutputError, TrainingError
from snnctl.plugins import load_registry
from snnctl.recipes import Plan, absent, execute_plan, make_plan, run_recipe
from snnctl.verbs.result import Result, Run

RECIPE = """\
name: three
defaults: {data: mnist-mini}
steps:
  - {id: relu, train: {arch: fc2}}
  - {id: snn, convert: {model: relu}}
  - {id: score, eval: {model: snn}}
"""


class FakeModel:
    """Saves a text."""

    def save(self, path: Path) -> None:
        """What a Keras model does."""
        Path(path).write_text("model")


class Verbs:
    """Fake verbs: record calls; ``fail_at`` fails the verb of that name."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.fail_at: str | None = None
        self.missed: dict[str, AgreementError] = {}
        self.error: BaseException = TrainingError("the loss is NaN")

    def run(self, name: str, options: Any) -> Result:
        """What a verb does."""
        if "model" in type(options).model_fields:
            assert (Path(options.model) / "model.keras").exists()
        self.calls.append((name, options))
        if name == self.fail_at:
            raise self.error
        model: Any = None if name == "evaluate" else FakeModel()
        return Result(name, {"accuracy": float("nan")}, {}, model, failure=self.missed.get(name))


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Verbs:
    """Fake verbs in an empty working folder."""
    fake = Verbs()
    for name in ("train", "convert", "evaluate"):
        module = ModuleType(f"snnctl.verbs.{name}")
        setattr(module, name, lambda options, run, name=name: fake.run(name, options))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    return fake


@pytest.fixture
def plan(verbs: Verbs) -> Plan:
    """A plan of three steps."""
    Path("r.yaml").write_text(RECIPE)
    return make_plan(Path("r.yaml"), [], load_registry())


def run() -> Run:
    """A silent run."""
    return Run(load_registry())


def names(folder: str) -> set[str]:
    """What is in ``folder``, hidden files included."""
    return {path.name for path in Path(folder).iterdir()}


def test_all_steps(plan: Plan, verbs: Verbs) -> None:
    outcome = execute_plan(plan, run(), out=Path("a/out"), command=["snnctl", "run"])
    assert names("a") == {"out"}
    assert names("a/out") == {"relu", "snn", "score", "recipe.yaml", "step-keys.json", "summary.json"}
    assert names("a/out/snn") == {"model.keras", "metrics.json", "run.json"}
    assert [options.model for _, options in verbs.calls[1:]] == [
        str(outcome.folder / "relu"),
        str(outcome.folder / "snn"),
    ]
    summary = json.loads(Path("a/out/summary.json").read_text(), parse_constant=pytest.fail)
    assert [step["id"] for step in summary["steps"]] == ["relu", "snn", "score"]
    assert summary["steps"][0]["metrics"] == {"accuracy": None}
    again = make_plan(Path("a/out/recipe.yaml"), [], load_registry())
    assert [step.options for step in again.steps] == [step.options for step in plan.steps]


def test_a_new_folder_by_default(plan: Plan) -> None:
    first, second = (execute_plan(plan, run()).folder for _ in range(2))
    assert first != second
    assert first.parent == Path("runs").resolve()
    assert "-three" in first.name


def test_a_long_name_makes_a_short_folder(plan: Plan, verbs: Verbs) -> None:
    folder = execute_plan(replace(plan, name="ä/" * 400), run()).folder
    assert len(folder.name.encode()) < 120
    assert (folder / "summary.json").is_file()


def test_a_folder_in_use_is_refused_before_the_first_step(plan: Plan, verbs: Verbs) -> None:
    Path("out").mkdir()
    Path("out/precious").touch()
    with pytest.raises(OutputError):
        execute_plan(plan, run(), out=Path("out"), before_start=lambda: pytest.fail("started"))
    assert verbs.calls == []


def test_what_a_recipe_reads_is_not_overwritten(plan: Plan, verbs: Verbs) -> None:
    Path("out").mkdir()
    Path("r.yaml").rename("out/r.yaml")
    inside = make_plan(Path("out/r.yaml"), [], load_registry())
    with pytest.raises(OutputError, match=r"out/r\.yaml, which is needed"):
        execute_plan(inside, run(), out=Path("out"), overwrite=True)
    assert verbs.calls == []


def test_data_that_cannot_be_had_is_known_before_the_first_step(
    plan: Plan, verbs: Verbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {name: str(Path.cwd() / "nowhere") for name in ("SNNCTL_DATA", "KERAS_HOME", "XDG_CACHE_HOME")}
    for name, folder in places.items():
        monkeypatch.setenv(name, folder)
    monkeypatch.setattr(Mnist, "remote", (RemoteFile("http://127.0.0.1:9/file", "md5:0", 1),))
    Path("r.yaml").write_text(RECIPE.replace("{model: snn}", "{model: snn, data: mnist}"))
    late = make_plan(Path("r.yaml"), [], load_registry())
    assert [(step.id, dataset.name) for step, dataset in absent(late, load_registry())] == [("score", "mnist")]
    with pytest.raises(DataError, match="mnist is not on this machine") as caught:
        execute_plan(late, run(), out=Path("out"))
    assert caught.value.where == "step 'score'"
    assert verbs.calls == []
    assert names(".") == {"r.yaml"}


@pytest.mark.parametrize("error", [TrainingError("the loss is NaN"), KeyboardInterrupt(), RuntimeError("bug")])
def test_if_the_first_step_fails_nothing_has_changed(plan: Plan, verbs: Verbs, error: BaseException) -> None:
    Path("out").mkdir()
    Path("out/summary.json").touch()
    verbs.fail_at, verbs.error = "train", error
    with pytest.raises(type(error)):
        execute_plan(plan, run(), out=Path("out"), overwrite=True)
    assert names("out") == {"summary.json"}
    assert names(".") == {"out", "r.yaml"}


@pytest.mark.parametrize("error", [TrainingError("the loss is NaN"), KeyboardInterrupt()])
def test_if_a_later_step_fails_those_before_it_stay(plan: Plan, verbs: Verbs, error: BaseException) -> None:
    Path("out").mkdir()
    Path("out/summary.json").touch()
    verbs.fail_at, verbs.error = "evaluate", error
    with pytest.raises(type(error)):
        execute_plan(plan, run(), out=Path("out"), overwrite=True)
    assert names("out") == {"relu", "snn", "recipe.yaml", "step-keys.json"}
    assert names(".") == {"out", "r.yaml"}


def test_an_error_names_its_step(plan: Plan, verbs: Verbs) -> None:
    verbs.fail_at = "convert"
    with pytest.raises(TrainingError) as caught:
        execute_plan(plan, run(), out=Path("out"))
    assert caught.value.where == "step 'snn'"


@pytest.mark.parametrize(("verb", "kept"), [("train", {"relu"}), ("convert", {"relu", "snn"})])
def test_a_step_that_misses_what_is_required_is_the_last_and_stays(
    plan: Plan, verbs: Verbs, verb: str, kept: set[str]
) -> None:
    verbs.missed = {verb: AgreementError("too little", todo="Try again.")}
    outcome = execute_plan(plan, run(), out=Path("out"))
    assert names("out") == kept | {"recipe.yaml", "step-keys.json"}
    assert names(".") == {"out", "r.yaml"}
    step = {"train": "relu", "convert": "snn"}[verb]
    assert outcome.failure is not None
    assert outcome.failure.where == f"step '{step}'"
    assert outcome.failure.todo == f"It is written all the same, to {outcome.folder / step}. Try again."
    assert set(outcome.metrics) == kept


def test_from_python_it_is_an_exception(plan: Plan, verbs: Verbs) -> None:
    verbs.missed = {"convert": AgreementError("too little")}
    with pytest.raises(AgreementError, match="too little"):
        run_recipe("r.yaml", out="out")
