"""The reference pages tell the truth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from snnctl import errors

ROOT = Path(__file__).parents[2]


def test_the_command_line_reference_is_up_to_date() -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "make_cli_reference.py", "--check"], check=True)


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "errors.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SnnctlError)]
    codes = {kind.exit_code for kind in kinds if kind is not errors.SnnctlError}
    assert len(codes) == len(kinds) - 1
    for kind in kinds:
        if kind is not errors.SnnctlError:
            assert f"| {kind.exit_code} | `{kind.__name__}` |" in page
