"""The reference pages that are made from the code are those of this code."""

from __future__ import annotations

import subprocess
import sys

import pytest
from doc_blocks import ROOT

from snnctl.plugins import hookspecs

SCRIPTS = ROOT / "scripts"


@pytest.mark.parametrize("script", ["make_cli_reference.py", "make_reference.py"])
def test_made_pages_are_up_to_date(script: str) -> None:
    done = subprocess.run([sys.executable, SCRIPTS / script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_hook_has_a_page_with_an_example_and_a_version() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("register_")]
    assert len(hooks) >= 11
    pages = {page: page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "hooks").glob("*.md")}
    for hook in hooks:
        (text,) = [text for text in pages.values() if f"`{hook}`" in text.splitlines()[0]]
        assert "\nSince hooks " in text
        assert f"def {hook}(" in text
