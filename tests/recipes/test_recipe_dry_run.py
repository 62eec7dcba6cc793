"""What ``--dry-run`` tells: which steps are there already, and how much work the others are."""

import json
from pathlib import Path

import pytest

from snnctl.errors import OutputError
from snnctl.plugins import load_registry
from snnctl.plugins.options import check_options
from snnctl.progress import SilentReporter
from snnctl.recipes import Cache, Forecast, as_data, forecast, make_plan
from snnctl.recipes.work import samples_shown

REAL = """\
name: real
vars: {epochs: 3}
matrix: {epochs: [1, 3]}
defaults: {data: mnist-mini, limit: 600}
steps:
  - {id: relu, train: {arch: fc2, epochs: "${epochs}"}}
  - {id: snn, convert: {model: relu}}
  - {id: far, sweep: {model: snn, noise: 0.1}}
"""


def foreseen(recipe, cache: str | None = "runs/.cache", **options) -> list[Forecast]:
    registry = load_registry()
    plan = make_plan(recipe.path, [], registry)
    opened = Cache(Path(cache), SilentReporter()) if cache else None
    return forecast(plan, registry, cache=opened, **options)


def states(recipe, **options) -> list[str]:
    return [each.status for each in foreseen(recipe, **options)]


def test_what_is_cached_and_what_is_to_be_run(three) -> None:
    assert states(three) == ["to run"] * 3
    assert list(Path().iterdir()) == [Path("r.yaml")]
    three.run("out")
    three.edit("value: 5", "value: 6")
    assert states(three) == ["cached", "to run", "to run"]
    assert states(three, force=True) == states(three, cache=None) == ["to run"] * 3
    assert len(three.runs("second")) == 2
    for model in Path("runs/.cache").rglob("model.keras"):
        model.unlink()
    assert states(three) == ["to run", "to run", "cached"]  # damaged entries


def test_complete_steps_of_what_is_resumed(three) -> None:
    three.edit("value: 5", "value: 5, require: true")
    three.run("out", cache=None)
    assert states(three, out=Path("out"), resume=True) == ["complete", "complete", "to run"]
    assert states(three, out=Path("new"), resume=True) == ["to run"] * 3
    with pytest.raises(OutputError, match="no interrupted run"):
        foreseen(three, resume=True)


@pytest.mark.parametrize(
    ("verb", "options", "count"),
    [
        ("train", {"epochs": 2}, 2 * 6000 + 1000),
        ("train", {"epochs": 2, "limit": 100}, 2 * 200 + 100),
        ("finetune", {"epochs": 0}, 2000),
        ("convert", {"calibration_images": 10_000, "verify": None}, 5000 + 2 * 1000),
        ("convert", {"calibration_images": 64, "verify": "sample", "limit": 500}, 64 + 2 * 500),
        ("convert", {"calibration_images": 64, "verify": "none"}, 64),
        ("convert", {"calibration_images": 64, "calibrate": "photos"}, None),
        ("eval", {"split": "train"}, 5000),
        ("sweep", {}, None),
    ],
)
def test_samples_that_pass_through_a_network(verb: str, options: dict, count: int | None) -> None:
    assert samples_shown(verb, options, {"train": 5000, "test": 1000}) == count
    assert samples_shown(verb, options, {}) is None


def record(folder: str, verb: str, day: int, seconds: float, options: dict, settings: dict) -> None:
    Path(folder).mkdir(parents=True)
    started = f"2026-01-0{day}T10:00:00+00:00"
    content = {"verb": verb, "started": started, "duration": seconds, "options": options, "settings": settings}
    Path(folder, "run.json").write_text(json.dumps(content))
    Path(folder, "metrics.json").write_text("{}")


def test_time_is_that_of_earlier_runs_scaled(recipe_of) -> None:
    recipe = recipe_of(REAL)
    unknown = as_data(foreseen(recipe))
    assert (unknown["to_run"], unknown["seconds"], unknown["seconds_unknown"]) == (6, 0, 6)
    assert (unknown["samples"], unknown["samples_unknown"]) == (1 * 1200 + 600 + 3 * 1200 + 600 + 2 * 1800, 2)
    arch_opt = check_options(load_registry().architecture("fc2"), {})
    fc2 = {"arch": "fc2", "arch_opt": arch_opt, "type": "relu", "data": "mnist-mini"}
    short = {"epochs": 1, "limit": 600}
    record("runs/old", "train", 1, 99.0, short, fc2)
    record("runs/new", "train", 2, 18.0, short, fc2)
    record("runs/other", "train", 3, 77.0, short, {**fc2, "arch": "fc"})
    source = {"model": str(Path("runs/new").resolve()), "data": "mnist-mini"}
    record("runs/snn", "convert", 2, 5.0, {"limit": 600, "calibration_images": 10_000}, source)
    assert {each.folder: each.seconds for each in foreseen(recipe)} == {
        "epochs=1/relu": 18.0,
        "epochs=1/snn": 5.0,
        "epochs=1/far": None,
        "epochs=3/relu": 18.0 * 7 / 3,
        "epochs=3/snn": 5.0,
        "epochs=3/far": None,
    }
