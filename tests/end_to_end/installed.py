"""The installed command, and what is expected of it whatever it is asked to do."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("snnctl")
CHATTER = re.compile(r"oneDNN|(?i:cuda|absl|xla)|WARNING|UserWarning|Traceback|^[IWE]\d{4} ")
HIDDEN = (
    *("SNNCTL_DATA", "SNNCTL_DISABLE_PLUGINS", "PYTHONPATH", "COLUMNS"),
    *("KERAS_HOME", "XDG_CACHE_HOME", "TF_CPP_MIN_LOG_LEVEL", "no_proxy", "NO_PROXY"),
)
NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses every connection: no network
SECONDS = 120


@dataclass(frozen=True)
class Done:
    """What a command left behind.

    Args:
        code: its exit code.
        out: what it wrote to stdout.
        err: what it wrote to stderr.
    """

    code: int
    out: str
    err: str

    @property
    def error(self) -> list[str]:
        """The lines of the error message; progress and warnings stand before it."""
        lines = self.err.splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("error: ")]
        return lines[starts[0] :] if starts else []

    def json(self) -> dict[str, Any]:
        """Stdout, which must be one strict JSON object and nothing else."""
        document = json.loads(self.out, parse_constant=_refuse)
        assert isinstance(document, dict)
        return document


SNIPPET = re.compile(r" *\d* \|")  # a line of a recipe, and what points at it


@dataclass(frozen=True)
class Snnctl:
    """The command, run in a folder and with a home, a place for temporary files and an environment of its own.

    Args:
        root: an empty folder that it gets to itself.
        environment: variables besides the usual ones.
        seconds: how long a command may take.
    """

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    seconds: float = SECONDS

    @property
    def cwd(self) -> Path:
        """The working folder."""
        return self._made("work")

    def __call__(self, *arguments: str | Path, **environment: str) -> Done:
        """Run the command to its end; it must succeed and keep quiet about TensorFlow."""
        done = self.attempt(*arguments, **environment)
        assert done.code == 0, done.err
        assert not chatter(done.err)
        return done

    def attempt(self, *arguments: str | Path, **environment: str) -> Done:
        """Run the command to its end, which may be a failure."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=self.seconds)
        return Done(process.returncode, out, err)

    def fail(self, code: int, *arguments: str | Path, **environment: str) -> str:
        """Run a command that must end with an error; returns the message.

        It must have one to three lines, beside a line of a recipe and what points at it, and no traceback, print
        nothing on stdout, and leave no files.
        """
        before = self.files()
        done = self.attempt(*arguments, **environment)
        assert done.code == code, done.err
        told = [line for line in done.error if not SNIPPET.match(line)]
        assert 1 <= len(told) <= 3, done.err
        assert not chatter(done.err)
        assert done.out == ""
        assert self.files() == before, self.files() ^ before
        return "\n".join(done.error)

    @contextmanager
    def start(self, *arguments: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """The running command; it does not outlive the block."""
        usual = {key: value for key, value in os.environ.items() if key not in HIDDEN}
        own = {"HOME": str(self._made("home")), "TMPDIR": str(self._made("tmp"))}
        own |= {"http_proxy": NOWHERE, "https_proxy": NOWHERE}
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.cwd,
            env={**usual, **own, **self.environment, **environment},
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def files(self) -> set[str]:
        """Every file and folder in the working folder and among the temporary files, but for Python's bytecode."""
        folders = (self.cwd, self._made("tmp"))
        paths = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
        return {str(path.relative_to(self.root)) for path in paths}

    def _made(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@dataclass(frozen=True)
class Shelf:
    """Folders that many tests need, each made by the first one that asks, whichever worker it runs on.

    Args:
        root: a folder that all workers of this test session share.
    """

    root: Path

    def get(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder ``name``; ``make`` is given its path and must let it appear complete."""
        folder = self.root / name
        with (self.root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                make(folder)
        return folder


def chatter(text: str) -> list[str]:
    """The lines that no user wants to see."""
    return [line for line in text.splitlines() if CHATTER.search(line)]


def metrics(folder: Path) -> dict[str, Any]:
    """The figures of a run folder."""
    return json.loads((folder / "metrics.json").read_text())


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
