"""How long the installed command takes to say what is wrong with each of the tests' broken recipes.

    python benchmarks/recipe_errors.py

Each is given to ``snnctl run`` in a process of its own. Prints wall and processor time, the slowest, and whether each
told place and cause. Bytecode is kept as it is of an installed package, wherever the sources lie.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from broken_recipes import FOLDER, Broken, made, written  # noqa: E402

COMMAND = Path(sys.executable).with_name("snnctl")
LIMIT = 1.0  # seconds
SHOWN = 5


def main() -> int:
    """Measure all; returns 1 if one is slow or does not tell."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        (folder / "recipes").mkdir()
        recipes = [(each, FOLDER) for each in written()]
        recipes += [(each, folder / "recipes") for each in made(folder / "recipes")]
        measure(*recipes[0], environment)  # writes the bytecode
        found = [(measure(each, where, environment), each.path.name) for each, where in recipes]
    report("wall time", [(each.wall, name) for each, name in found])
    report("processor time", [(each.processor, name) for each, name in found])
    silent = [name for each, name in found if not each.told]
    print(f"without place or cause: {', '.join(silent) or 'none'}")
    return int(bool(silent) or max(each.wall for each, _ in found) > LIMIT)


@dataclass(frozen=True)
class Measured:
    """One call.

    Args:
        wall: seconds.
        processor: seconds of the process and the system.
        told: whether place and cause are in what is printed.
    """

    wall: float
    processor: float
    told: bool


def measure(broken: Broken, folder: Path, environment: dict[str, str]) -> Measured:
    """Give one recipe to the command."""
    name = os.path.relpath(broken.path, folder)
    begin, before = time.perf_counter(), processor_time()
    done = subprocess.run([COMMAND, "run", name], cwd=folder, env=environment, capture_output=True, text=True)
    wall, processor = time.perf_counter() - begin, processor_time() - before
    told = broken.told_at(folder) in done.stderr and broken.message in done.stderr
    return Measured(wall, processor, told and done.returncode == 6)


def processor_time() -> float:
    """Seconds that child processes have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(what: str, seconds: list[tuple[float, str]]) -> None:
    """Median and slowest."""
    slowest = sorted(seconds, reverse=True)[:SHOWN]
    median = statistics.median(duration for duration, _ in seconds)
    print(f"{what} of {len(seconds)} broken recipes: median {median:.2f} s, slowest {slowest[0][0]:.2f} s")
    for duration, name in slowest:
        print(f"  {duration:.2f} s  {name}")


if __name__ == "__main__":
    sys.exit(main())
