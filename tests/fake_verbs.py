"""Verbs that compute nothing, in place of the real ones."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from snnctl.errors import SnnctlError
from snnctl.verbs.result import Result


class FakeModel:
    def save(self, path: Path) -> None:
        Path(path).write_text("model")


@dataclass
class FakeVerbs:
    """Records (verb, options) of every call; ``action`` may raise, ``failure`` is what convert misses."""

    calls: list[tuple[str, Any]] = field(default_factory=list)
    action: Callable[[str], None] = lambda name: None
    failure: SnnctlError | None = None

    def run(self, name: str, options: Any, run: Any) -> Result:
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

    def installed(self, monkeypatch: pytest.MonkeyPatch) -> Self:
        """Itself, in place of the modules of the real verbs."""
        functions = {"train": "train", "convert": "convert", "finetune": "finetune", "evaluate": "eval"}
        for function, name in functions.items():
            module = ModuleType(f"snnctl.verbs.{function}")
            setattr(module, function, partial(self.run, name))
            module.DEFAULT_DATA = "mnist-mini"  # type: ignore[attr-defined]  # recipes ask train for it
            monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr("snnctl.cli.quiet_tensorflow.import_tensorflow", lambda: None)
        return self
