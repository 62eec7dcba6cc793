"""Runs the blocks of a page in order: commands and Python in one temporary folder, Python in one process."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from doc_blocks import SHELLS, Block, commands_of

import fake_package

LIMIT = 900  # seconds for one command that hangs
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
RULE = re.compile(r"[─━│|+=-]{2,}")
PIP = """#!/bin/sh
# `pip install FOLDER` beside the page: into a folder of its own, and not what the tests run on.
shift
for word; do case $word in -*) ;; *) set -- "$word"; break;; esac; done
exec {python} -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target {site} "$1"
"""


class Session:
    """A folder, the environment of its commands, and a Python process.

    Args:
        folder: where commands and Python blocks run.
        site: where plugins are installed.
        environment: of all processes.
        source: takes blocks for the Python process.
        answers: gives what they printed.
    """

    def __init__(
        self, folder: Path, site: Path, environment: dict[str, str], source: IO[str], answers: IO[str]
    ) -> None:
        self.folder, self.site, self.environment = folder, site, environment
        self.source, self.answers = source, answers
        self.printed = ""

    def run(self, block: Block) -> None:
        """Do with a block what it asks for.

        Raises:
            AssertionError: it fails, or prints something else than is shown.
        """
        if "not run" in block.marks:
            return
        if "output" in block.marks:
            require_output(block.text.splitlines(), self.printed)
        elif "file" in block.marks:
            path = self.folder / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
        elif "plugin" in block.marks:
            fake_package.install(self.site, block.marks["plugin"], block.text + "\n")
        elif "module" in block.marks:
            (self.site / f"{block.marks['module']}.py").write_text(block.text + "\n", encoding="utf-8")
        elif block.language in ("python", "py"):
            self.printed = self._python(block.text)
        elif block.language in SHELLS:
            self.printed = "".join(self._command(block, *command) for command in commands_of(block))
        elif block.language == "yaml":
            self._recipe(block)

    def _python(self, text: str) -> str:
        self.source.write(json.dumps(text) + "\n")
        self.source.flush()
        answer = json.loads(self.answers.readline())
        assert answer["error"] is None, answer["printed"] + answer["error"]
        return answer["printed"]

    def _command(self, block: Block, command: str, shown: list[str]) -> str:
        name, _, value = block.marks.get("environment", "").partition("=")
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env={**self.environment, **({name: value} if name else {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
        )
        failed = done.returncode != 0
        assert failed == ("fails" in block.marks), f"$ {command}\n{done.stdout}\nended with {done.returncode}"
        require_output(shown, done.stdout)
        return done.stdout

    def _recipe(self, block: Block) -> None:
        path = self.folder / f"block-{block.line}.yaml"
        path.write_text(block.text + "\n", encoding="utf-8")
        self._command(block, f"snnctl run {shlex.quote(path.name)} --dry-run", [])
        path.unlink()


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A session in a new folder in ``folder``."""
    place, site, tools = (folder / name for name in ("page", "site", "tools"))
    for path in (place, site, tools):
        path.mkdir()
    (tools / "pip").write_text(PIP.format(python=shlex.quote(sys.executable), site=shlex.quote(str(site))))
    (tools / "pip").chmod(0o755)
    environment = _environment(folder, site, tools)
    worker = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("doc_worker.py")],
        cwd=place,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        yield Session(place, site, environment, worker.stdin, worker.stdout)
    finally:
        worker.stdin.close()
        worker.stdout.close()
        worker.kill()
        worker.wait()


def _environment(home: Path, site: Path, tools: Path) -> dict[str, str]:
    """Of a user who has installed snnctl and nothing else, and has no data sets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNNCTL_", "PYTEST_"))}
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), kept.get("PATH", "")])
    inherited = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
    return {
        **kept,
        "PATH": path,
        "PYTHONPATH": os.pathsep.join([str(site), *inherited]),
        "HOME": str(home),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def require_output(shown: list[str], printed: str) -> None:
    """Every line that is shown must be printed, in this order; numbers may differ, and ``...`` stands for more.

    Raises:
        AssertionError: a line is missing.
    """
    lines = iter([gist(line) for line in printed.splitlines()])
    for line in shown:
        wanted = gist(line)
        assert wanted in ("", "...") or wanted in lines, f"not printed: {line}\n{printed}"


def gist(line: str) -> str:
    """What is said in a line, whatever its numbers and its layout."""
    return " ".join(RULE.sub(" ", NUMBER.sub("#", line)).split())
