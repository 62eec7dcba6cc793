"""How long snnctl takes to start: imports, help, listings and completion, with all plugins that are installed.

    python benchmarks/start_up.py [--rounds 7]

Each command is run in a process of its own, all of them in turns. Told are the least wall time and the least processor
time of all rounds: whatever else the machine does can only make them longer. The first line is Python itself, importing
nothing; a last column names the heavy packages that were imported, of which there should be none.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

HEAVY = ("tensorflow", "keras", "torch", "onnx", "onnxruntime", "nir", "PIL", "scipy", "h5py", "numba", "pandas")
COMPLETION = {"_SNNCTL_COMPLETE": "complete_bash", "COMP_WORDS": "snnctl train --data mnist-", "COMP_CWORD": "3"}
CASES: dict[str, tuple[str, dict[str, str]]] = {
    "python": ("pass", {}),
    "import snnctl": ("import snnctl", {}),
    "import snnctl.testing": ("import snnctl.testing", {}),
    "snnctl --version": ("from snnctl.cli import main; main(['--version'])", {}),
    "snnctl --help": ("from snnctl.cli import main; main(['--help'])", {}),
    "snnctl train --help": ("from snnctl.cli import main; main(['train', '--help'])", {}),
    "snnctl plugins list": ("from snnctl.cli import main; main(['plugins', 'list'])", {}),
    "snnctl --no-plugins plugins list": ("from snnctl.cli import main; main(['--no-plugins', 'plugins', 'list'])", {}),
    "snnctl data list": ("from snnctl.cli import main; main(['data', 'list'])", {}),
    "completion of --data": ("from snnctl.cli import main; main([])", COMPLETION),
}


def timed(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor time of a process that runs ``code``, in seconds."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, check=False, timeout=300
    )
    wall, after = time.perf_counter() - started, os.times()
    own = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, own


def heavy_imports(code: str, environment: dict[str, str]) -> list[str]:
    """The heavy packages among what ``code`` imports, as ``-X importtime`` tells."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    return [name for name in HEAVY if name in names]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each is run")
    rounds = parser.parse_args().rounds
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, (code, environment) in CASES.items():
            found[name].append(timed(code, environment))
    print(f"{'':34}{'wall s':>9}{'processor s':>13}  heavy imports")
    for name, (code, environment) in CASES.items():
        wall, own = (min(times) for times in zip(*found[name], strict=True))
        print(f"{name:34}{wall:9.3f}{own:13.3f}  {', '.join(heavy_imports(code, environment)) or 'none'}")


if __name__ == "__main__":
    main()
