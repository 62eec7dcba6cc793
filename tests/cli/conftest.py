"""Packages that look installed, in this process."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty folder on the path, for packages that :mod:`fake_package` installs."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("COLUMNS", "200")
    yield folder
    for module in folder.glob("*.py"):
        sys.modules.pop(module.stem, None)
