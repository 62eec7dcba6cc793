"""What starts fast imports nothing heavy, whatever plugins are installed: seen in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snnctl.scaffold import SCAFFOLDS

RECIPES = Path(__file__).parents[2] / "recipes"
COMPUTING = {"tensorflow", "keras", "torch", "jax", "scipy", "h5py"}
HEAVY = {*COMPUTING, "onnx", "onnxruntime", "nir", "tensorboard", "PIL", "numba", "pandas", "pooch"}
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


LOADED = """
import json, sys
from snnctl.cli import main
loaded = {}
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit:
        loaded[" ".join(command)] = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps(loaded), file=sys.stderr)
"""


def test_commands_that_compute_nothing(tmp_path: Path) -> None:
    """One after the other, the lightest first; and what is refused before anything is computed."""
    commands = (
        "--help --version train_--help data_list data_show_mnist archs_list archs_show_fc2 recipes_schema"
        f" run_{RECIPES / 'quickstart.yaml'}_--dry-run run_{RECIPES / 'cifar10-pretrained.yaml'}"
        " train_--arch_unknown eval_nowhere"
    )
    code = [sys.executable, "-c", LOADED, json.dumps([command.split("_") for command in commands.split()])]
    done = subprocess.run(code, capture_output=True, text=True, cwd=tmp_path, check=True)
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert len(loaded) == 12
    assert "typer" in loaded["--help"]
    assert not {"numpy", "pydantic", "yaml"} & set(loaded["--help"])
    for command, packages in loaded.items():
        assert not COMPUTING & set(packages), command


@pytest.mark.parametrize(("arguments", "environment"), [([], COMPLETION), (["plugins", "list"], {})])
def test_completion_and_the_list_of_plugins(tmp_path: Path, arguments: list[str], environment: dict) -> None:
    packages, out, _ = imported(f"from snnctl.cli import main; main({arguments!r})", tmp_path, **environment)
    assert "bars" in out
    assert not packages & HEAVY
    assert not arguments or not packages & {"rich", "yaml"}


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
