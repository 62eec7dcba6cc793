"""Plants faults in a copy of snnctl, one at a time, and tells which of them the tests find.

    python scripts/plant_faults.py                 each with the tests that are meant to find it; minutes
    python scripts/plant_faults.py --all-tests     each with all everyday tests, as `make test` runs them; hours
    python scripts/plant_faults.py NAME ...        some of them

The copy holds the files that git lists, as they are in the work tree. Exit code 0 if every fault is found, 1 if not.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Fault:
    """A change of one place in the source.

    Args:
        name: what is wrong then.
        file: below src/snnctl.
        before: the text as it is; stands in the file once.
        after: the faulty text.
        tests: that are meant to find it.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


FAULTS = (
    Fault(
        "wrong-sign",
        "conversion/rules.py",
        "context.add((first, second), (1.0, -1.0))",
        "context.add((first, second), (1.0, 1.0))",
        ("tests/conversion/test_layers_one_by_one.py",),
    ),
    Fault(
        "border-thresholds",
        "conversion/folding.py",
        "return rows[first], index.reshape(constant.shape[:-1])",
        "return rows[first][::-1], index.reshape(constant.shape[:-1])",
        ("tests/conversion/test_layers_one_by_one.py", "tests/conversion/test_fixed_networks.py"),
    ),
    Fault(
        "window-not-grown",
        "ttfs/spiking.py",
        "self.width.assign(grown(self.width, ops.stop_gradient(z), self.gamma))",
        "grown(self.width, ops.stop_gradient(z), self.gamma)",
        ("tests/ttfs/test_spiking_layer.py",),
    ),
    Fault(
        "silent-neuron-fires",
        "ttfs/spiking.py",
        "return ops.minimum(ops.relu(z), width)",
        "return ops.minimum(ops.abs(z), width)",
        ("tests/ttfs/test_spiking_layer.py",),
    ),
    Fault(
        "latest-spike-passes",
        "ttfs/pooling.py",
        "return self.pooled(inputs)",
        "return -self.pooled(-inputs)",
        ("tests/ttfs/test_pooling.py",),
    ),
    Fault(
        "norm-without-mean",
        "conversion/rules.py",
        "c = beta - k * array(layer.moving_mean)",
        "c = beta + 0.0 * k",
        ("tests/conversion/test_layers_one_by_one.py",),
    ),
    Fault(
        "saturation-not-counted",
        "ttfs/spiking.py",
        "return z > width",
        "return z > 1e9 * width",
        ("tests/metrics",),
    ),
    Fault(
        "batches-repeated",
        "training/data.py",
        "default_rng([seed, epoch])",
        "default_rng([seed, 0])",
        ("tests/training/test_fit.py",),
    ),
    Fault(
        "cache-key-without-options",
        "recipes/keys.py",
        '"options": plain({name: value for name, value in {**options, **ordered}.items() if name not in files}),',
        '"options": {},',
        ("tests/recipes/test_step_cache.py",),
    ),
    Fault(
        "written-in-place",
        "runs.py",
        'staging = beside(target, "partial")',
        "staging = target",
        ("tests/test_runs.py",),
    ),
    Fault(
        "wrong-exit-code",
        "errors.py",
        "exit_code = 3",
        "exit_code = 4",
        ("tests/end_to_end/test_main_path.py", "tests/cli"),
    ),
    Fault(
        "unknown-key-accepted",
        "recipes/schema.py",
        '"additionalProperties": False,\n        "anyOf"',
        '"anyOf"',
        ("tests/recipes/test_recipe_schema.py", "tests/recipes/test_broken_recipes.py"),
    ),
)


def copied(folder: Path) -> None:
    """Copies what git lists into the folder."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def finder(fault: Fault, folder: Path, all_tests: bool) -> str | None:
    """The first test that fails with the fault in the copy; None if all pass.

    Raises:
        SystemExit: the text to be changed is not there once, or no test could be run.
    """
    path = folder / "src" / "snnctl" / fault.file
    text = path.read_text(encoding="utf-8")
    if text.count(fault.before) != 1:
        sys.exit(f"{fault.name}: {fault.file} holds the text {text.count(fault.before)} times: {fault.before}")
    path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")
    sources = [folder / "src", *sorted(folder.glob("plugins/*/src"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not long"]
    try:
        done = subprocess.run(
            [*command, *(() if all_tests else fault.tests)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(text, encoding="utf-8")
    if done.returncode not in (0, 1):
        sys.exit(f"{fault.name}: the tests cannot be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return (failed[1] if failed else "a test") if done.returncode else None


def main() -> None:
    """Prints a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(fault.name for fault in FAULTS))
    parser.add_argument("--all-tests", action="store_true", help="run all everyday tests for each fault")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - {fault.name for fault in FAULTS}:
        parser.error(f"no fault is called {', '.join(sorted(unknown))}")
    missed = 0
    with tempfile.TemporaryDirectory() as place:
        copied(Path(place))
        for fault in FAULTS:
            if arguments.names and fault.name not in arguments.names:
                continue
            test = finder(fault, Path(place), arguments.all_tests)
            missed += test is None
            print(f"{fault.name:27}{f'found by {test}' if test else 'NOT FOUND'}", flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
