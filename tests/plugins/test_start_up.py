"""What starts fast imports nothing heavy, whatever plugins are installed: seen in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnctl.scaffold import SCAFFOLDS

HEAVY = {
    *("tensorflow", "keras", "torch", "jax", "onnx", "onnxruntime", "nir", "tensorboard", "PIL", "scipy", "h5py"),
    *("numba", "pandas", "pooch"),
}
COMPLETION = {"_SNNCTL_COMPLETE": "complete_bash", "COMP_WORDS": "snnctl train --data ", "COMP_CWORD": "3"}


def imported(code: str, folder: Path, **environment: str) -> tuple[set[str], str, str]:
    """Top-level packages that ``code`` imports, as ``-X importtime`` tells, and what it prints to both streams."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}, done.stdout, done.stderr


def test_importing_snnctl(tmp_path: Path) -> None:
    packages, _, _ = imported("import snnctl", tmp_path)
    assert "snnctl" in packages
    assert not packages & {*HEAVY, "numpy", "pydantic", "typer", "rich", "yaml", "pluggy"}


@pytest.mark.parametrize(
    ("arguments", "environment", "shown"),
    [
        (["--help"], {}, "finetune"),
        (["plugins", "list"], {}, "bars"),
        (["archs", "list"], {}, "allconv"),
        ([], COMPLETION, "bars"),
    ],
    ids=["help", "list", "archs", "completion"],
)
def test_a_command_that_starts_fast(tmp_path: Path, arguments: list[str], environment: dict, shown: str) -> None:
    packages, out, _ = imported(f"from snnctl.cli import main; main({arguments!r})", tmp_path, **environment)
    assert shown in out
    assert "typer" in packages, "importtime is understood"
    assert not packages & HEAVY
    assert arguments != ["plugins", "list"] or not packages & {"rich", "yaml"}


def test_a_new_plugin_of_all_kinds_imports_nothing_heavy_and_what_is_printed_at_exit_is_no_result(
    new_package: Callable[..., Path], tmp_path: Path
) -> None:
    site = new_package("all-kinds", *SCAFFOLDS) / "src"
    with (site / "all_kinds" / "__init__.py").open("a") as module:
        module.write("\nimport atexit, os\natexit.register(print, 'bye')\natexit.register(os.system, 'echo bye')\n")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    packages, out, err = imported("from snnctl.cli import main; main(['plugins', 'list'])", tmp_path, PYTHONPATH=path)
    assert "all-kinds (all-kinds 1.2): ok" in out
    assert not packages & HEAVY
    assert ("bye" in out, err.count("bye\n")) == (False, 2)
