"""Shared by all tests: quiet TensorFlow, the real data sets when they are there, and the helper modules."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from snnctl.progress import SilentReporter

if TYPE_CHECKING:
    from fake_verbs import FakeVerbs

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


@pytest.fixture(scope="session")
def relu_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of ``train``, read-only: ``fc2`` with 30 hidden units, one epoch on 100 images of mnist-mini."""
    import snnctl

    folder = tmp_path_factory.mktemp("runs") / "relu"
    options = {"arch": "fc2", "arch_opt": {"hidden": 30}, "data": "mnist-mini", "epochs": 1, "lr": 0.01, "xla": "off"}
    snnctl.train(**options, limit=100, batch_size=10, out=folder)
    return folder


@pytest.fixture(scope="session")
def snn_run(relu_run: Path) -> Path:
    """A run folder of ``convert``, read-only: the spiking form of ``relu_run``, compared on 100 images."""
    import snnctl

    snnctl.convert(relu_run, limit=100, out=relu_run.with_name("snn"))
    return relu_run.with_name("snn")


@pytest.fixture(scope="session")
def tuned_run(snn_run: Path) -> Path:
    """A run folder of ``finetune``, read-only: ``snn_run`` after one more epoch on the 100 images."""
    import snnctl

    snnctl.finetune(snn_run, limit=100, epochs=1, batch_size=10, lr=3e-3, xla="off", out=snn_run.with_name("tuned"))
    return snn_run.with_name("tuned")


class Notes(SilentReporter):
    """A reporter that keeps notes and warnings."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def reporter() -> Notes:
    """Keeps notes and warnings."""
    return Notes()


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


@pytest.fixture
def refused(call: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """``refused(2, "train", ...)`` returns the message, of one to three lines, of a command that ends with code 2.

    It prints nothing else on stdout, shows no traceback, and leaves no file in the working folder.
    """

    def run(code: int, *arguments: str) -> str:
        before = set(Path().rglob("*"))
        ended, out, err = call(*arguments)
        message = err[err.find("error: ") :]
        assert (ended, out) == (code, ""), err
        assert message.startswith("error: ")
        assert 1 <= len(message.splitlines()) <= 3, err
        assert "Traceback" not in err
        assert set(Path().rglob("*")) == before
        return message

    return run


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVerbs:
    """Verbs that compute nothing instead of the real ones, and an empty working folder."""
    from fake_verbs import FakeVerbs

    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return FakeVerbs().installed(monkeypatch)
