"""Shared by all tests: quiet TensorFlow, the real data sets when they are there, and the helper modules."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Off by default on some processors, where TensorFlow then knows no dilated transposed convolutions.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
sys.path.insert(0, str(Path(__file__).parent))

# Started in the background by a script, pytest would pass on that SIGINT is ignored, and nothing could be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What has been imported by now stays: Keras collects garbage often, and need not look through it every time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the full data sets; without it the test is skipped."""
    folder = os.environ.get("SNNCTL_DATA")
    if not folder or not Path(folder, "mnist").is_dir():
        pytest.skip("needs the full data sets in SNNCTL_DATA")
    return Path(folder)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """``call("train", ...)`` returns exit code, stdout and stderr of a command in this process."""
    from snnctl.cli import main

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return stop.value.code, captured.out, captured.err

    return run
