"""The installed command, run by a user who has nothing else, and what is expected of it whatever it is asked to do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("snnctl")
CHATTER = re.compile(r"oneDNN|(?i:cuda|absl|xla)|WARNING|UserWarning|Traceback|^[IWE]\d{4} ")
HIDDEN = (
    *("SNNCTL_DATA", "SNNCTL_DISABLE_PLUGINS", "COLUMNS"),
    *("KERAS_HOME", "XDG_CACHE_HOME", "TF_CPP_MIN_LOG_LEVEL", "no_proxy", "NO_PROXY"),
)
NOWHERE = "http://127.0.0.1:9"  # a proxy that refuses every connection: no network
SECONDS = 900  # a machine may be busy


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Snnctl:
    """The command, run below ``root`` in a folder and with a home and a place for temporary files of its own."""

    root: Path

    def __post_init__(self) -> None:
        for name in ("work", "home", "tmp"):
            (self.root / name).mkdir(parents=True)

    @property
    def cwd(self) -> Path:
        return self.root / "work"

    def __call__(self, *arguments: str | Path, packages: Path | None = None) -> Done:
        """Run the command to its end; it must succeed and keep quiet about TensorFlow."""
        with self.start(*arguments, packages=packages) as process:
            out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, err
        assert not chatter(err)
        return Done(process.returncode, out, err)

    @contextmanager
    def start(self, *arguments: str | Path, packages: Path | None = None) -> Iterator[subprocess.Popen[str]]:
        """The running command, in a process group of its own; it does not outlive the block."""
        usual = {key: value for key, value in os.environ.items() if key not in HIDDEN}
        own = {"HOME": str(self.root / "home"), "TMPDIR": str(self.root / "tmp")}
        own |= {"http_proxy": NOWHERE, "https_proxy": NOWHERE}
        if packages:
            own["PYTHONPATH"] = os.pathsep.join([str(packages), *filter(None, [usual.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.cwd,
            env=usual | own,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def files(self) -> set[str]:
        """Every file and folder in the working folder and among the temporary files, but for Python's bytecode."""
        paths = [path for name in ("work", "tmp") for path in (self.root / name).rglob("*")]
        return {str(path.relative_to(self.root)) for path in paths if "__pycache__" not in path.parts}


def chatter(text: str) -> list[str]:
    return [line for line in text.splitlines() if CHATTER.search(line)]


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())
