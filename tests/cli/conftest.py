"""The command line in this process, with verbs that compute nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from snnctl.errors import SnnctlError
from snnctl.verbs.result import Result


class FakeModel:
    """Saves a text."""

    def save(self, path: Path) -> None:
        """What a Keras model does."""
        Path(path).write_text("model")


@dataclass
class FakeVerbs:
    """Records what the verbs were called with.

    Args:
        calls: (verb, options) in order.
        action: called by every verb with its name; may raise.
        failure: what convert misses of what was required.
    """

    calls: list[tuple[str, Any]] = field(default_factory=list)
    action: Callable[[str], None] = lambda name: None
    failure: SnnctlError | None = None

    def run(self, name: str, options: Any, run: Any) -> Result:
        """What a verb does."""
        self.calls.append((name, options))
        with run.reporter.task(name, 2) as task:
            task.advance(1, loss=0.5)
            self.action(name)
            task.advance(1)
        metrics = {"accuracy": 0.5, "loss": float("nan"), "spikes_per_neuron": 0.7, "saturated": 0.0}
        if name == "convert":
            metrics |= {"agreement": 1.0, "max_logit_difference": 1e-6}
        layers = [{"name": "dense", "kind": "spiking", "neurons": 340, "spikes_per_neuron": 0.7, "window": 1.5}]
        model = None if name == "eval" else FakeModel()
        history = [{"loss": 0.5}] if name in ("train", "finetune") else []
        return Result(
            name,
            metrics | {"layers": layers},
            {"data": options.data},
            model,  # type: ignore[arg-type]
            history,
            self.failure if name == "convert" else None,
        )


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeVerbs:
    """Fake verbs instead of the real ones, and an empty working folder."""
    fake = FakeVerbs()
    for module, function, name in (
        ("train", "train", "train"),
        ("convert", "convert", "convert"),
        ("finetune", "finetune", "finetune"),
        ("evaluate", "evaluate", "eval"),
    ):
        made = ModuleType(f"snnctl.verbs.{module}")
        setattr(made, function, lambda options, run, name=name: fake.run(name, options, run))
        made.DEFAULT_DATA = "mnist-mini"  # type: ignore[attr-defined]  # recipes ask train for it
        monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr("snnctl.cli.quiet_tensorflow.import_tensorflow", lambda: None)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return fake


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
