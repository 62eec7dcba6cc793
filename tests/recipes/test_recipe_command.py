"""``snnctl run``: what it prints of variants, of the cache, and of an interruption."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """``call("run", ...)``; TensorFlow is not needed."""
    monkeypatch.setattr("snnctl.cli.session.Session.import_tensorflow", lambda self: None)
    monkeypatch.setenv("COLUMNS", "200")
    return call


def test_a_matrix_is_told_variant_by_variant(grid, call: Call) -> None:
    code, out, err = call("run", "r.yaml", "--out", "out")
    assert code == 0
    assert "variant 6 of 6, value=2-more=30, step 3 of 4: tuned (add)" in err
    assert "step 1 of 4: relu (make): the same as value=2-more=10/relu" in err
    rows = [line.split() for line in out.splitlines() if "%" in line]
    assert [row[:3] for row in rows[:2]] == [["1", "10", "10.00"], ["1", "20", "10.00"]]
    assert len(rows) == 6
    [heads] = [line.split() for line in out.splitlines() if "value" in line and "more" in line]
    assert heads[2:4] == ["relu.accuracy", "tuned.agreement"]
    table = Path("out/summary.csv").read_text().splitlines()
    assert table[0] == "variant,value,more,relu.accuracy,snn.agreement,tuned.agreement,score.latency,score.scale.grams"
    assert table[1].startswith("value=1-more=10,1,10,0.1,0.5,0.5,")
    assert table[1].endswith(",3.5")
    assert "scale.grams" in out
    document = json.loads(Path("out/summary.json").read_text())
    assert len(document["steps"]) == 24
    assert document["steps"][5]["folder"] == "value=1-more=20/snn"
    first, second, *_ = document["variants"]
    assert (second["settings"], second["figures"]["accuracy"]) == ({"value": 1, "more": 20}, 0.1)
    assert first["figures_of"] == {
        "accuracy": "relu",
        "agreement": "tuned",
        "latency": "score",
        "scale.grams": "score",
    }
    again = json.loads(call("run", "r.yaml", "--out", "out", "--resume", "--json")[1])
    assert again["steps"] == document["steps"]
    assert again["out"] == str(Path("out").resolve())


def test_no_word_is_broken(grid, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    planned, done = (call("run", "r.yaml", *more)[1] for more in (["--dry-run"], ["--out", "out"]))
    assert {"value=2-more=30", "relu,", "samples", "unknown"} <= set(planned.split())
    assert {"relu.accuracy", "tuned.agreement", "score.latency", "10.00"} <= set(done.split())
    tables = [line for line in done.splitlines() if not line.startswith("written")]
    assert max(map(len, tables)) <= 30


def test_why_something_is_not_known(three, call: Call) -> None:
    three.edit("value: 3", "value: 3, data: listed, data_opt: {list: gone.txt}")
    out = call("run", "r.yaml", "--dry-run")[1]
    assert "of 3 steps it is not known beforehand whether they are cached or shared: relu, snn, score" in out
    assert "step 'relu': gone.txt is not there" in out
    code, _, err = call("run", "r.yaml", "--out", "out")
    assert code != 0
    assert "step 'relu'" in err
    assert "gone.txt is not there" in err


def test_a_data_set_without_sizes_is_the_reason(recipe_of: Any, call: Call) -> None:
    recipe_of("steps: [{train: {arch: fc2, data: coded}}]")
    assert "time unknown: data set coded states no sizes" in call("run", "r.yaml", "--dry-run")[1]


def test_a_dry_run_tells_what_there_is_to_do(grid, call: Call) -> None:
    code, out, _ = call("run", "r.yaml", "--dry-run")
    assert code == 0
    assert "16 of 24 steps to run, time unknown" in out
    call("run", "r.yaml", "--out", "out", "--set", "more=10")
    out = call("run", "r.yaml", "--dry-run")[1]
    [line] = [line for line in out.splitlines() if "value=2-more=10" in line and "options" not in line]
    assert line.split() == ["value=2-more=10", "relu,", "snn,", "tuned,", "score"]
    assert "8 of 24 steps to run" in out
    plan = json.loads(call("run", "r.yaml", "--dry-run", "--json")[1])["plan"]
    assert plan["to_run"] == 8
    assert [step["status"] for step in plan["steps"][4:8]] == ["shared", "shared", "to run", "to run"]
    out = call("run", "r.yaml", "--dry-run", "--resume", "--out", "out", "--set", "more=10")[1]
    assert "nothing is to be run" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--cache", "x", "--no-cache"], 2, "--cache and --no-cache are both given"),
        (["--out", "x", "--resume", "--overwrite"], 2, "--resume keeps what is there"),
        (["--resume"], 8, "there is no interrupted run of r.yaml"),
        (["--cache", "r.yaml"], 8, "r.yaml is a file"),
    ],
)
def test_what_cannot_be_is_told(three, call: Call, arguments: list[str], code: int, message: str) -> None:
    exit_code, out, err = call("run", "r.yaml", *arguments)
    assert (exit_code, out) == (code, "")
    assert message in err
    assert [path.name for path in Path().iterdir()] == ["r.yaml"]


def test_a_failure_says_how_to_go_on(three, call: Call) -> None:
    three.edit("value: 5", "value: 5, fail: true")
    code, _, err = call("run", "r.yaml", "--out", "out")
    assert code == 9
    assert "1 of 3 steps are complete in out; --out out --resume goes on from there" in err
    assert "step 'snn': the loss is NaN" in err


def test_the_plan_of_a_step_is_shown(three, call: Call) -> None:
    code, out, err = call("make", "--value", "4", "--plan")
    assert (code, err) == (0, "")
    assert [line.split() for line in out.splitlines()] == [["network,", "value", "4"], ["network,", "fine", "True"]]
    assert json.loads(call("make", "--plan", "--json")[1]) == {"network": {"value": 0, "fine": True}}
    assert [path.name for path in Path().iterdir()] == ["r.yaml"]
