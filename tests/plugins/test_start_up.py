"""What starts fast imports nothing heavy, with all plugins that are installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    *("tensorflow", "keras", "torch", "jax", "onnx", "onnxruntime", "nir", "tensorboard", "PIL", "scipy", "h5py"),
    *("numba", "pandas", "pooch"),
}
COMPLETION = {"_SNNCTL_COMPLETE": "complete_bash", "COMP_WORDS": "snnctl train --data ", "COMP_CWORD": "3"}


def imported(code: str, folder: Path, **environment: str) -> tuple[set[str], str]:
    """Top-level packages that ``code`` imports, as ``-X importtime`` tells, and what it prints."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}, done.stdout


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "finetune"),
        (["plugins", "list"], "bars"),
        (["plugins", "list", "--json"], '"allconv"'),
        (["plugins", "--help"], "check"),
        (["archs", "list"], "allconv"),
        (["--version"], "snnctl"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_starts_fast(tmp_path: Path, arguments: list[str], shown: str) -> None:
    found, out = imported(f"from snnctl.cli import main; main({arguments!r})", tmp_path)
    assert shown in out
    assert "typer" in found, "importtime is understood"
    assert not found & HEAVY
    assert arguments != ["plugins", "list"] or not found & {"rich", "yaml"}


def test_importing_snnctl(tmp_path: Path) -> None:
    found, _ = imported("import snnctl", tmp_path)
    assert "snnctl" in found
    assert not found & {*HEAVY, "numpy", "pydantic", "typer", "rich", "yaml", "pluggy"}


def test_completion(tmp_path: Path) -> None:
    found, out = imported("from snnctl.cli import main; main([])", tmp_path, **COMPLETION)
    assert "bars" in out
    assert not found & HEAVY


def test_a_new_plugin_of_all_kinds_imports_nothing_heavy(tmp_path: Path) -> None:
    import fake_package
    from snnctl.scaffold import SCAFFOLDS, Names, new_package, write_package

    scaffolds = list(SCAFFOLDS.values())
    folder = write_package(tmp_path / "all-kinds", new_package(Names.of("all-kinds", scaffolds), scaffolds))
    fake_package.install(folder / "src", "all_kinds", None)
    found, out = imported(
        "from snnctl.cli import main; main(['plugins', 'list'])", tmp_path, PYTHONPATH=str(folder / "src")
    )
    assert "all-kinds (all-kinds 1.2): ok" in out
    assert not found & HEAVY
