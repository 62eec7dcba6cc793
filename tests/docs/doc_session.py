"""Runs the blocks of a page in order, in this process: commands and Python, in one temporary folder."""

import importlib
import io
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from doc_blocks import SHELLS, Block, commands_of

import fake_package
from snnctl.cli import main
from snnctl.verbs.fresh import start_afresh

LIMIT = 900  # seconds for one command that hangs
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
RULE = re.compile(r"[─━│|+=-]{2,}")


class Session:
    """A page that is being read: its blocks run in ``folder``, its plugins are installed in ``site``."""

    def __init__(self, folder: Path, site: Path) -> None:
        self.folder, self.site = folder, site
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""

    def run(self, block: Block) -> None:
        """Do with a block what it asks for; an assertion fails if it prints something else than is shown."""
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
            path = self.folder / f"block-{block.line}.yaml"
            path.write_text(block.text + "\n", encoding="utf-8")
            self._command(block, f"snnctl run {path.name} --dry-run", [])
            path.unlink()

    def _python(self, text: str) -> str:
        importlib.invalidate_caches()
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                exec(compile(text, "block", "exec"), self.namespace)
            except BaseException as error:
                raise AssertionError(printed.getvalue() + traceback.format_exc()) from error
        return printed.getvalue()

    def _command(self, block: Block, command: str, shown: list[str]) -> str:
        importlib.invalidate_caches()
        code, printed = (self._snnctl if command.startswith("snnctl ") else self._shell)(shlex.split(command))
        assert bool(code) == ("fails" in block.marks), f"$ {command}\n{printed}\nended with {code}"
        require_output(shown, printed)
        return printed

    def _snnctl(self, words: list[str]) -> tuple[int, str]:
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(printed):
            patch.setattr(sys, "argv", words)
            with pytest.raises(SystemExit) as stop:
                main(words[1:])
        return int(stop.value.code or 0), printed.getvalue()

    def _shell(self, words: list[str]) -> tuple[int, str]:
        if words[:2] == ["pip", "install"]:  # beside the page, not where the tests run
            options = ("--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
            words = [sys.executable, "-m", "pip", "install", *options, "--target", str(self.site), *words[2:]]
        elif words[0] == "python":
            words[0] = sys.executable
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(words, cwd=self.folder, env=environment, text=True, timeout=LIMIT, **streams)
        return done.returncode, done.stdout


@contextmanager
def session(folder: Path) -> Iterator[Session]:
    """A session of a user who has installed snnctl and nothing else, and has no data sets; in a new folder."""
    place, site = folder / "page", folder / "site"
    place.mkdir()
    site.mkdir()
    start_afresh(0)
    modules = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("SNNCTL_", "PYTEST_", "KERAS_HOME"))]:
            patch.delenv(name)
        for name, value in {"HOME": str(folder), "COLUMNS": "100", "NO_COLOR": "1"}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "path", ["", str(site), *sys.path])
        patch.chdir(place)
        yield Session(place, site)
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith((str(folder), "page")):
            del sys.modules[name]


def require_output(shown: list[str], printed: str) -> None:
    """Every line that is shown must be printed, in this order; numbers may differ, and ``...`` stands for more."""
    lines = iter([gist(line) for line in printed.splitlines()])
    for line in shown:
        wanted = gist(line)
        assert wanted in ("", "...") or wanted in lines, f"not printed: {line}\n{printed}"


def gist(line: str) -> str:
    """What is said in a line, whatever its numbers and its layout."""
    return " ".join(RULE.sub(" ", NUMBER.sub("#", line)).split())
