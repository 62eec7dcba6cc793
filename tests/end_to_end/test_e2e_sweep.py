"""A sweep that is interrupted and goes on, with the installed command."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl, chatter

SMALL = ("--limit", "60", "--xla", "off", "--repeats", "3")
QUICK = (*SMALL, "--noise", "0.05,0.2", "--time-bits", "3,4")
PLAIN = (*SMALL, "--noise", "0.05,0.2", "--time-bits", "2..5", "--weight-bits", "2,3")
TUNED = (*SMALL, "--noise", "0.2", "--time-bits", "2", "--finetune-epochs", "2", "--finetune-batch-size", "16")

RunFolder = Callable[[str], Path]


def interrupted_after(snnctl: Snnctl, rows: int, sent: signal.Signals, *command: str | Path) -> tuple[int, str]:
    """Starts a sweep into ``out`` and sends it a signal when ``rows`` rows are there; exit code and stderr."""
    file = snnctl.cwd / "out.unfinished" / "rows.jsonl"
    with snnctl.start("sweep", *command, "--out", "out") as process:
        until = time.monotonic() + snnctl.seconds
        while not file.exists() or file.read_bytes().count(b"\n") - 1 < rows:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(sent)
        _, err = process.communicate(timeout=30)
    return process.returncode, err


def whole(snnctl: Snnctl, *command: str | Path) -> bytes:
    """The table of a sweep that nobody interrupts."""
    snnctl("sweep", *command, "--out", "whole")
    return (snnctl.cwd / "whole" / "sweep.csv").read_bytes()


@pytest.mark.parametrize(
    ("options", "sent", "code"),
    [
        pytest.param(QUICK, signal.SIGINT, 130, marks=pytest.mark.long),
        pytest.param(TUNED, signal.SIGINT, 130, marks=pytest.mark.long),
        pytest.param(PLAIN, signal.SIGKILL, -9, marks=pytest.mark.long),
    ],
)
def test_an_interrupted_sweep_goes_on_and_writes_the_same_file(
    snnctl: Snnctl, run_folder: RunFolder, options: tuple[str, ...], sent: signal.Signals, code: int
) -> None:
    command = (run_folder("snn"), *options)
    rows = random.randint(1, 7)
    found, err = interrupted_after(snnctl, rows, sent, *command)
    assert found == code, err
    assert not chatter(err)
    assert {path.name for path in snnctl.cwd.iterdir()} == {"out.unfinished"}
    if sent == signal.SIGINT:
        first, second = err.splitlines()[-2:]
        assert first.startswith("error: interrupted; the ")
        assert first.endswith("rows found so far are kept in out.unfinished")
        assert second == "Give the command again, with --out out, and it goes on with the rest."
    done = snnctl("sweep", *command, "--out", "out")
    assert "rows are there already" in done.err
    assert {path.name for path in snnctl.cwd.iterdir()} == {"out"}
    table = (snnctl.cwd / "out" / "sweep.csv").read_bytes()
    assert table == whole(snnctl, *command), f"interrupted after {rows} rows"


@pytest.mark.long
def test_what_a_sweep_shows_and_writes(snnctl: Snnctl, run_folder: RunFolder) -> None:
    done = snnctl("sweep", run_folder("snn"), "--limit", "60", "--noise", "0,0.2", "--repeats", "2")
    assert "±" in done.out
    assert "unconstrained" in done.out
    [folder] = (snnctl.cwd / "runs").iterdir()
    assert {path.name for path in folder.iterdir()} == {
        "sweep.csv",
        "sweep.json",
        "sweep.svg",
        "metrics.json",
        "run.json",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no axis is given to sweep"),
        (("--time-bits", "8..3"), "write 3..8"),
    ],
)
def test_what_is_refused(snnctl: Snnctl, run_folder: RunFolder, options: tuple[str, ...], message: str) -> None:
    assert message in snnctl.fail(2, "sweep", run_folder("snn"), *options)


def test_a_relu_network_is_refused(snnctl: Snnctl, run_folder: RunFolder) -> None:
    assert "is a ReLU network" in snnctl.fail(3, "sweep", run_folder("relu"), "--noise", "0.1")
