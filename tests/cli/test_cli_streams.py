"""Standard streams that are closed or full, and Ctrl-C at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snnctl.cli.streams import result_kept_in
from snnctl.errors import OutputError

COMMAND = Path(sys.executable).with_name("snnctl")
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """``line`` in a shell, SNNCTL standing for the command."""
    return subprocess.run(["bash", "-c", line.replace("SNNCTL", str(COMMAND))], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("SNNCTL data list >&-", "it is closed"),
        ("SNNCTL --help >&-", "it is closed"),
        pytest.param("SNNCTL data list >/dev/full", "No space left on device", marks=needs_full),
        pytest.param("SNNCTL plugins list --json >/dev/full", "No space left on device", marks=needs_full),
        pytest.param("SNNCTL --version >/dev/full", "No space left on device", marks=needs_full),
    ],
)
def test_stdout_that_cannot_be_written(line: str, reason: str) -> None:
    done = shell(line)
    assert (done.returncode, done.stderr) == (8, f"error: cannot write to stdout: {reason}\n")


@pytest.mark.parametrize("redirection", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_stderr_that_cannot_be_written(redirection: str) -> None:
    done = shell(f"SNNCTL data list {redirection}")
    assert (done.returncode, "mnist-mini" in done.stdout) == (0, True)
    assert shell(f"SNNCTL data show minst {redirection}").returncode == 7


def test_no_streams_at_all() -> None:
    assert shell("SNNCTL data list <&- >&- 2>&-").returncode == 8


def test_the_message_says_where_the_result_is() -> None:
    with pytest.raises(OutputError) as caught, result_kept_in(Path("runs/one")):
        raise OutputError("cannot write to stdout")
    assert caught.value.todo == "the result is in runs/one"


def test_warnings_as_errors_are_no_errors() -> None:
    done = shell("PYTHONWARNINGS=error SNNCTL data list --json")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("moment", [0.005, 0.03, 0.1])
def test_ctrl_c_in_the_first_moments(moment: float) -> None:
    """The moments are counted from the start of ``main``: before it, Python itself is starting."""
    code = "from snnctl.cli import main; print(1, flush=True); main(['doctor'])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moment)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"error: interrupted; nothing incomplete was left behind\n")
