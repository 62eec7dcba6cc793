"""Ctrl-C and kill in the middle of a training."""

from __future__ import annotations

import signal
import time

import pytest
from installed import Snnctl, chatter

ENDLESS = ("train", "--arch", "fc2", "--data", "mnist-mini", "--epochs", "100000", "--overwrite", "--out", "out")
SECONDS_TO_COMPILE = 5
SECONDS_TO_START = 2  # of about four
INTERRUPTED = "error: interrupted; nothing incomplete was left behind"


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        pytest.param(signal.SIGINT, 130, [INTERRUPTED], marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, 143, [], marks=pytest.mark.long),
    ],
)
def test_a_training_that_is_interrupted(snnctl: Snnctl, sent: signal.Signals, code: int, said: list[str]) -> None:
    (snnctl.cwd / "out").mkdir()
    (snnctl.cwd / "out" / "history.csv").touch()
    before = snnctl.files()
    with snnctl.start(*ENDLESS) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "training ...\n"
        time.sleep(SECONDS_TO_COMPILE)
        assert process.poll() is None
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert (out, [line for line in err.splitlines() if not line.startswith("training: ")]) == ("", said)
    assert not chatter(err)
    assert snnctl.files() == before


def test_a_start_that_is_interrupted(snnctl: Snnctl) -> None:
    with snnctl.start(*ENDLESS) as process:
        time.sleep(SECONDS_TO_START)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", f"{INTERRUPTED}\n")
    assert not snnctl.files()
