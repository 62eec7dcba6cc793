"""Every kind of thing that `snnctl plugins new` begins: installed, tested, checked, and used by a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from snnctl.scaffold import SCAFFOLDS

COMMAND = Path(sys.executable).with_name("snnctl")
NAME = "every-thing"
RECIPE = f"""
steps:
  - id: counted
    {NAME}: {{model: snn, data: {NAME}, least: 100}}
"""
pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Workplace:
    """A folder in which commands run that see the packages installed in ``site``.

    Args:
        folder: the working folder.
        site: where pip installs to.
    """

    folder: Path
    site: Path

    def run(self, *command: object) -> str:
        """The command's stdout; it must succeed."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.site), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def snnctl(self, *arguments: object) -> str:
        """Likewise, of the installed snnctl."""
        return self.run(COMMAND, *arguments)

    def metrics(self, run: str) -> dict:
        """The figures of a run folder."""
        return json.loads((self.folder / run / "metrics.json").read_text())


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A new plugin with all kinds of things, not a line of it edited, installed in a folder of its own."""
    place = Workplace(tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("site"))
    kinds = [word for kind in SCAFFOLDS for word in ("--kind", kind)]
    assert f"pip install ./{NAME}" in place.snnctl("plugins", "new", NAME, *kinds)
    # With hatchling at hand pip needs no network.
    pip = ("-m", "pip", "install", *(["--no-build-isolation"] if find_spec("hatchling") else []))
    place.run(sys.executable, *pip, "--quiet", "--no-deps", "--target", place.site, f"./{NAME}")
    return place


@pytest.fixture(scope="module")
def run_of(workplace: Workplace) -> Callable[[str], str]:
    """``run_of("snn")``: a run folder, made when it is asked for first."""
    made = {
        "relu": ("--data", NAME, "--arch", NAME, "--epochs", "1", "--callback", f"{NAME}.path=epochs.csv"),
        "snn": ("--data", NAME, "--arch", "fc2", "--epochs", "1", "--type", "snn", "--neuron", NAME),
    }

    def run(name: str) -> str:
        if not (workplace.folder / name).exists():
            workplace.snnctl("train", *made[name], "--out", name)
        return name

    return run


def test_its_own_tests_pass(workplace: Workplace) -> None:
    assert " passed" in workplace.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NAME)


def test_it_conforms(workplace: Workplace) -> None:
    workplace.run(sys.executable, f"{NAME}/examples/make_weights.py", "weights.npz")
    found = json.loads(workplace.snnctl("plugins", "check", NAME, "--sample", "weights.npz", "--json"))
    assert (found["failed"], found["warned"]) == (0, 0)
    subjects = {check["subject"].partition(" '")[0].partition(" for ")[0] for check in found["checks"]}
    assert len(subjects) == len(SCAFFOLDS) + 1, "one for each kind, and the package"


def test_data_set_architecture_and_callback_in_a_training(workplace: Workplace, run_of: Callable[[str], str]) -> None:
    assert workplace.metrics(run_of("relu"))["accuracy"] > 0.5, "chance is 0.25"
    rows = (workplace.folder / "epochs.csv").read_text().splitlines()
    assert len(rows) == 2
    assert "seconds" in rows[0]
    found = json.loads(workplace.snnctl("convert", run_of("relu"), "--json"))
    assert found["agreement"] == 1.0


def test_the_acceptance_of_a_data_set(workplace: Workplace) -> None:
    workplace.snnctl("train", "--data", NAME, "--arch", "fc2", "--epochs", "1", "--out", "plain")
    assert workplace.metrics("plain")["accuracy"] > 0.5


def test_a_neuron_model_a_metric_and_a_constraint(workplace: Workplace, run_of: Callable[[str], str]) -> None:
    arguments = ("eval", run_of("snn"), "--constraint", f"{NAME}.part=0.05", "--json")
    found = json.loads(workplace.snnctl(*arguments))
    assert found["accuracy"] > 0.25
    assert all(0 < part <= 1 for part in found["plugins"][NAME].values())
    assert (
        found["accuracy"] != workplace.metrics("snn")["accuracy"] or found["loss"] != workplace.metrics("snn")["loss"]
    )


def test_an_exporter(workplace: Workplace, run_of: Callable[[str], str]) -> None:
    workplace.snnctl("export", run_of("snn"), "--to", NAME, "--to-opt", "weights=true", "--out", "exported")
    document = json.loads((workplace.folder / "exported" / f"{NAME}.json").read_text())
    assert document["projections"][0]["J"]


def test_a_reader(workplace: Workplace) -> None:
    workplace.run(sys.executable, f"{NAME}/examples/make_weights.py", "weights.npz")
    found = json.loads(workplace.snnctl("convert", "weights.npz", "--data", "mnist-mini", "--limit", "200", "--json"))
    assert found["agreement"] == 1.0


def test_a_layer(workplace: Workplace) -> None:
    workplace.run(sys.executable, f"{NAME}/examples/make_model.py", "model.keras")
    found = json.loads(workplace.snnctl("convert", "model.keras", "--data", "mnist-mini", "--limit", "200", "--json"))
    assert found["agreement"] == 1.0


def test_a_step_in_a_recipe_and_a_command(workplace: Workplace, run_of: Callable[[str], str]) -> None:
    run_of("snn")
    (workplace.folder / "recipe.yaml").write_text(RECIPE)
    workplace.snnctl("run", "recipe.yaml", "--out", "counted")
    spikes = (workplace.folder / "counted" / "counted" / "spikes.csv").read_text().splitlines()
    assert len(spikes) == 2
    shown = workplace.snnctl(f"{NAME}-table", "snn", "counted/counted", "--figure", "spikes_per_neuron").splitlines()
    assert [line.split()[0] for line in shown] == ["run", "snn", "counted"]
    assert shown[1].split()[1] == shown[2].split()[1], "the same network, measured twice"
