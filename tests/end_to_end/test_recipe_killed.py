"""A recipe with a matrix, killed again and again: it comes to the same as undisturbed, and no step is run twice."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from installed import SECONDS, Snnctl

import snnctl as api

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
# (complete steps, seconds after that): while it starts, while steps are run, written and linked, and at the end
MOMENTS = ((0, 1.0), (0, 4.0), (1, 0.5), (6, 0.0), (11, 0.02), (STEPS, 0.0))


def records(out: Path) -> dict[str, tuple[str, int, int]]:
    """Of each complete step, when it was begun, and when and as which file that was written."""
    files = [path for path in out.glob("*/*/run.json") if not path.parent.name.startswith(".")]
    return {
        str(path.parent.relative_to(out)): (
            json.loads(path.read_text())["started"],
            path.stat().st_mtime_ns,
            path.stat().st_ino,
        )
        for path in files
    }


def results(out: Path) -> dict[str, Any]:
    """The table of all steps; figures, histories and weights by file."""
    found: dict[str, Any] = {"summary": (out / "summary.csv").read_text()}
    for folder in sorted(out.glob("*/*/")):
        for name in ("metrics.json", "history.csv"):
            if (folder / name).exists():
                found[str((folder / name).relative_to(out))] = (folder / name).read_text()
        if (folder / "model.keras").exists():
            weights = api.load(folder).model.get_weights()
            found[str(folder.relative_to(out))] = [weight.tobytes() for weight in weights]
    return found


@pytest.mark.long
def test_killed_again_and_again_and_resumed(tmp_path: Path) -> None:
    snnctl = Snnctl(tmp_path / "user")
    (snnctl.cwd / "r.yaml").write_text(RECIPE)
    out, end = snnctl.cwd / "out", time.monotonic() + SECONDS
    seen: dict[str, tuple[str, int, int]] = {}
    for steps, delay in MOMENTS:
        with snnctl.start("run", "r.yaml", "--out", "out", "--resume") as process:
            while process.poll() is None and len(records(out)) < steps:
                assert time.monotonic() < end
                time.sleep(0.002)
            time.sleep(delay)
            assert process.poll() is None or steps == STEPS
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        assert seen.items() <= records(out).items()
        seen = records(out)
    snnctl("run", "r.yaml", "--out", "out", "--resume")
    assert len(records(out)) == STEPS
    assert seen.items() <= records(out).items()
    assert not list(out.rglob(".*"))
    api.run_recipe(snnctl.cwd / "r.yaml", out=tmp_path / "undisturbed", cache=False)
    assert results(out) == results(tmp_path / "undisturbed")
