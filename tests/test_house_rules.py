"""The rules of the house: style, types, who imports whom, and no word of the place where files were made."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKPLACE = re.compile(r"/(?:work|farm)/")
TOOLS = {
    "ruff check": ["-m", "ruff", "check", "--no-cache", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--no-cache", "."],
    "mypy": ["-m", "mypy"],
    "lint-imports": [
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])",
    ],
}


@pytest.mark.parametrize(
    "tool", [pytest.param(tool, marks=pytest.mark.long) if tool == "mypy" else tool for tool in TOOLS]
)
def test_tools_have_nothing_to_say(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, *TOOLS[tool]], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_speaks_of_the_place_it_was_made_in() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git repository")
    found = []
    for name in listed.stdout.split("\0"):
        if (ROOT / name).is_file() and not name.startswith(".ci/"):
            text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
            found += [f"{name}:{text[: match.start()].count(chr(10)) + 1}" for match in WORKPLACE.finditer(text)]
    assert not found
