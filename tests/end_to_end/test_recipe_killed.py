"""A recipe with a matrix, killed again and again: it comes to the same as undisturbed, and no step is run twice."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installed import SECONDS, Snnctl

from snnctl import load

RECIPE = """\
name: grid
vars: {hidden: 10, bits: 4}
matrix:
  hidden: [10, 14]
  bits: [3, 4]
defaults: {data: mnist-mini, limit: 200, xla: "off"}
steps:
  - {id: relu, train: {arch: fc2, arch_opt: {hidden: "${hidden}"}, epochs: 1, lr: 0.01}}
  - {id: snn, convert: {model: relu}}
  - {id: tuned, finetune: {model: snn, epochs: 1, time_bits: "${bits}", noise: 0.01}}
  - {id: score, eval: {model: tuned}}
"""
STEPS = 4 * 4
KILLS = 6
Record = tuple[str, int, int]


@dataclass(frozen=True)
class Moment:
    """When a process is killed.

    Args:
        steps: so many steps are complete.
        delay: seconds after that.
    """

    steps: int
    delay: float


def moments() -> Iterator[Moment]:
    """While it starts, while steps are run, written and linked, and at the end, while the summary is written."""
    chance = random.Random(7)
    yield Moment(0, chance.uniform(0.1, 1.5))
    yield Moment(0, chance.uniform(2.0, 6.0))
    for number in range(KILLS - 2):
        complete = 1 + number * (STEPS - 3) // (KILLS - 3)
        yield Moment(complete, chance.choice([0.0, 0.02, chance.uniform(0.0, 2.0)]))
    yield Moment(STEPS, 0.0)


def records(out: Path) -> dict[str, Record]:
    """Of each complete step, when it was begun, and when and as which file that was written."""
    found = {}
    for path in out.glob("*/*/run.json"):
        if not path.parent.name.startswith("."):
            stat = path.stat()
            found[str(path.parent.relative_to(out))] = (
                json.loads(path.read_text())["started"],
                stat.st_mtime_ns,
                stat.st_ino,
            )
    return found


def results(out: Path) -> dict[str, Any]:
    """Figures, histories and weights, by file."""
    found: dict[str, Any] = {}
    for folder in sorted(out.glob("*/*/")):
        name = str(folder.relative_to(out))
        found[f"{name}/metrics"] = json.loads((folder / "metrics.json").read_text())
        if (folder / "history.csv").exists():
            found[f"{name}/history"] = (folder / "history.csv").read_text()
        if (folder / "model.keras").exists():
            found[f"{name}/weights"] = [weight.tobytes() for weight in load(folder).model.get_weights()]
    return found


def run_and_kill(snnctl: Snnctl, moment: Moment) -> bool:
    """Start the recipe and kill it, with all processes it has started; returns whether it was still running."""
    end = time.monotonic() + SECONDS
    with snnctl.start("run", "r.yaml", "--out", "out", "--resume") as process:
        while process.poll() is None and len(records(snnctl.cwd / "out")) < moment.steps:
            assert time.monotonic() < end
            time.sleep(0.002)
        if running := process.poll() is None:
            time.sleep(moment.delay)
            os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
    assert running or process.returncode == 0, errors
    return running


@pytest.mark.long
def test_killed_again_and_again_and_resumed(tmp_path: Path) -> None:
    snnctl = Snnctl(tmp_path / "user")
    (snnctl.cwd / "r.yaml").write_text(RECIPE)
    snnctl("run", "r.yaml", "--out", "undisturbed", "--cache", "cache-of-undisturbed")
    out = snnctl.cwd / "out"
    seen: dict[str, Record] = {}
    kills = 0
    for moment in moments():
        kills += run_and_kill(snnctl, moment)
        found = records(out)
        assert {place: found[place] for place in seen} == seen
        seen = found
    assert kills >= KILLS
    snnctl("run", "r.yaml", "--out", "out", "--resume")
    found = records(out)
    assert len(found) == STEPS
    assert {place: found[place] for place in seen} == seen
    assert results(out) == results(snnctl.cwd / "undisturbed")
    assert not list(out.rglob(".*"))
    tables = [(snnctl.cwd / folder / "summary.csv").read_text() for folder in ("out", "undisturbed")]
    assert tables[0] == tables[1]
