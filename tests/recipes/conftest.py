"""Recipes as text: checked, or run with steps that take no time."""

import os
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import counted_steps
import pytest

from snnctl.plugins import Registry, load_registry
from snnctl.recipes import FaultyRecipe, Outcome, Plan, execute_plan, make_plan, parse_settings
from snnctl.verbs.result import Run

LINES_OF_THE_FILE = re.compile(r"^ *[0-9]* \|.*\n?", re.MULTILINE)
PlanOf = Callable[..., Plan]
RefusalOf = Callable[..., str]


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What is installed."""
    return load_registry()


@pytest.fixture
def plan_of(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanOf:
    """``plan_of(text, "relu.lr=1", base=other)``: the plan of a recipe beside other recipes, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def plan(text: str | bytes, *settings: str, registry: Registry = registry, **others: str) -> Plan:
        for name, content in {**others, "r": text}.items():
            raw = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
            Path(f"{name}.yaml").write_bytes(raw)
        return make_plan(Path("r.yaml"), parse_settings(list(settings)), registry)

    return plan


@pytest.fixture
def refusal_of(plan_of: PlanOf) -> RefusalOf:
    """The same for a recipe that is wrong: what is said, without the lines of the file."""

    def refusal(*arguments: Any, **options: Any) -> str:
        with pytest.raises(FaultyRecipe) as caught:
            plan_of(*arguments, **options)
        return LINES_OF_THE_FILE.sub("", str(caught.value)).rstrip("\n")

    return refusal


class Recipe:
    """A recipe in the working folder, run in this process."""

    def __init__(self, text: str, reporter: Any) -> None:
        self.path = Path("r.yaml")
        self.path.write_text(text)
        self.reporter = reporter

    def edit(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new))

    def run(self, out: str | None = None, settings: tuple[str, ...] = (), **options: Any) -> Outcome:
        registry = load_registry()
        plan = make_plan(self.path, parse_settings(list(settings)), registry)
        options = {"cache": Path("runs/.cache"), **options}
        return execute_plan(plan, Run(registry, self.reporter), out=Path(out) if out else None, **options)

    def ran(self) -> list[str]:
        """The steps that were run since this was asked last."""
        log = Path("calls.log")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def runs(self, out: str, **options: Any) -> list[str]:
        """Run it; returns the steps that were run."""
        self.ran()
        self.run(out, **options)
        return self.ran()


@pytest.fixture(scope="session")
def plugin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the plugin lies."""
    return counted_steps.install(tmp_path_factory.mktemp("plugin"))


@pytest.fixture
def recipe_of(plugin_folder, tmp_path, monkeypatch, reporter):
    """``recipe_of(text)``: a recipe in an empty working folder; its steps may be those of the plugin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(plugin_folder)
    monkeypatch.setattr("snnctl.recipes.inputs.own_code", lambda: "the same")  # while somebody works on it, too
    monkeypatch.setattr(os, "fsync", lambda _: None)  # which matters when the power is cut
    monkeypatch.setattr("snnctl.recipes.run.start_afresh", lambda seed: None)  # slow after networks were made
    monkeypatch.setattr("snnctl.verbs.plugin_verbs._require_model", lambda *_: None)  # these are texts, without Keras
    yield lambda text: Recipe(text, reporter)
    sys.modules.pop(counted_steps.MODULE, None)


@pytest.fixture
def three(recipe_of: Callable[[str], Recipe]) -> Recipe:
    """Three steps, each of which takes the network of the one before it."""
    return recipe_of(counted_steps.RECIPE)


@pytest.fixture
def grid(recipe_of: Callable[[str], Recipe]) -> Recipe:
    """Six variants of four steps; only the first and the third depend on the matrix."""
    return recipe_of(counted_steps.MATRIX)
