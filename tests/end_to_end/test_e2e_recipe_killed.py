"""A recipe with a matrix, killed again and again: it comes to the same as undisturbed, and no step is run twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import pytest
from installed import COMMAND, HIDDEN, Snnctl

RECIPE = """\
name: grid
vars: {hidden: 10, bits: 4}
matrix:
  hidden: [10, 14]
  bits: [3, 4, 5]
defaults: {data: mnist-mini, limit: 200, xla: "off"}
steps:
  - {id: relu, train: {arch: fc2, arch_opt: {hidden: "${hidden}"}, epochs: 1, lr: 0.01}}
  - {id: snn, convert: {model: relu}}
  - {id: tuned, finetune: {model: snn, epochs: 1, time_bits: "${bits}", noise: 0.01}}
  - {id: score, eval: {model: tuned}}
"""
STEPS = 6 * 4
KILLS = 10
SECONDS = 900  # a machine may be busy
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


def weights(model: Path) -> dict[str, bytes]:
    """Every array of a ``.keras`` file."""
    found: dict[str, bytes] = {}

    def keep(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()].tobytes()

    with zipfile.ZipFile(model) as archive, h5py.File(BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(keep)
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
            found[f"{name}/weights"] = weights(folder / "model.keras")
    return found


def run_and_kill(root: Path, moment: Moment, *options: str) -> bool:
    """Start the recipe and kill it, with all processes it has started; returns whether it was still running."""
    home = root / "home"
    home.mkdir(exist_ok=True)
    usual = {key: value for key, value in os.environ.items() if key not in HIDDEN}
    process = subprocess.Popen(
        [COMMAND, "run", "r.yaml", "--out", "out", *options],
        cwd=root / "work",
        env={**usual, "HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + SECONDS
    try:
        while process.poll() is None and len(records(root / "work/out")) < moment.steps:
            assert time.monotonic() < end
            time.sleep(0.002)
        if process.poll() is None:
            time.sleep(moment.delay)
    finally:
        running = process.poll() is None
        if running:
            os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
    assert running or process.returncode == 0, errors
    return running


@pytest.mark.long
def test_killed_ten_times_and_resumed(tmp_path: Path) -> None:
    snnctl = Snnctl(tmp_path, seconds=SECONDS)
    (snnctl.cwd / "r.yaml").write_text(RECIPE)
    snnctl("run", "r.yaml", "--out", "undisturbed", "--cache", "cache-of-undisturbed")
    out = snnctl.cwd / "out"
    seen: dict[str, Record] = {}
    kills = 0
    for moment in moments():
        kills += run_and_kill(tmp_path, moment, "--resume")
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
    document = snnctl("run", "r.yaml", "--out", "out", "--resume", "--json").json()
    assert len(document["steps"]) == STEPS
    assert records(out) == found
