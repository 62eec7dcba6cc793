"""The installed command with nothing around it, and results that the tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Shelf, Snnctl
from model_files import write_model_files

import fake_package

SMALL = ("--data", "mnist-mini", "--limit", "300", "--epochs", "1")
RUNS: dict[str, tuple[str, ...]] = {
    "relu": ("train", "--arch", "fc2", "--arch-opt", "hidden=30", *SMALL, "--lr", "0.01"),
    "snn": ("convert", "{relu}", "--limit", "300"),
    "tuned": ("finetune", "{snn}", "--limit", "300", "--batch-size", "8"),
    "b1": ("train", "--arch", "lenet5", "--type", "snn", *SMALL),
    "alpha1": ("train", "--arch", "fc2", "--type", "snn", "--neuron", "alpha1", *SMALL),
    "smart-alpha1": ("train", "--arch", "fc2", "--type", "snn", "--neuron", "smart-alpha1", *SMALL),
    "float64": ("convert", "{relu}", "--limit", "300", "--dtype", "float64"),
    "quantile": ("convert", "{relu}", "--limit", "300", "--quantile", "0.9"),
    "bars": ("train", "--arch", "allconv", "--data", "bars", "--epochs", "2", "--lr", "0.003"),
}
"""Run folders by name and how each is made; ``{name}`` stands for another one."""


@pytest.fixture
def snnctl(tmp_path: Path) -> Snnctl:
    """The command in an empty folder, with an empty home and no network."""
    return Snnctl(tmp_path)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shelf:
    """What this session's workers share."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "shelf"
    root.mkdir(exist_ok=True)
    return Shelf(root)


@pytest.fixture(scope="session")
def run_folder(shelf: Shelf) -> Callable[[str], Path]:
    """``run_folder("snn")``: a folder written by the installed command; treat it as read-only."""

    def folder(name: str) -> Path:
        return shelf.get(name, lambda target: Snnctl(shelf.root / f"{name}-home")(*command(name), "--out", target))

    def command(name: str) -> list[str]:
        return [str(folder(word[1:-1])) if word.startswith("{") else word for word in RUNS[name]]

    return folder


@pytest.fixture(scope="session")
def model_files(shelf: Shelf) -> Path:
    """A folder of model files, good and bad ones; see :mod:`model_files`."""
    return shelf.get("models", write_model_files)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """An empty folder for packages that :mod:`fake_package` installs; to be named by ``PYTHONPATH``."""
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


@pytest.fixture
def broken_plugin(packages: Path) -> Path:
    """The same folder, with a plugin whose import fails."""
    return fake_package.install(packages, "broken_import", "import nowhere_to_be_found")


@pytest.fixture
def faulty_plugin(packages: Path) -> Path:
    """The same folder, with a plugin whose data sets and architectures fail when they are used."""
    return fake_package.install(packages, "faulty", Path(__file__).with_name("faulty_plugin.py").read_text())
