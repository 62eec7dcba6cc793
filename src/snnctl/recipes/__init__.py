"""Recipes: YAML files of steps, each a verb with its options. Everything is checked before the first step starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnctl.plugins import Registry, load_registry
from snnctl.progress import Reporter, SilentReporter
from snnctl.recipes.check import check_recipe
from snnctl.recipes.data_sets import absent
from snnctl.recipes.load import load_recipe
from snnctl.recipes.plan import Plan, Step
from snnctl.recipes.run import Outcome, execute_plan, summary
from snnctl.recipes.settings import Setting, parse_settings
from snnctl.verbs.result import Run

__all__ = [
    "Outcome",
    "Plan",
    "Setting",
    "Step",
    "absent",
    "execute_plan",
    "make_plan",
    "parse_settings",
    "run_recipe",
    "summary",
]


def run_recipe(
    path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> Outcome:
    """Check a whole recipe, then run its steps; see :func:`snnctl.run_recipe`."""
    run = Run(load_registry(), reporter or SilentReporter())
    given = [Setting.of(name, value) for name, value in (settings or {}).items()]
    plan = make_plan(Path(path), given, run.registry)
    outcome = execute_plan(
        plan, run, out=Path(out) if out else None, overwrite=overwrite, command=["snnctl.run_recipe(...)"]
    )
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


def make_plan(path: Path, settings: list[Setting], registry: Registry) -> Plan:
    """Read and check a recipe.

    Raises:
        RecipeError: everything that is wrong with it, by line and column.
    """
    return check_recipe(path, load_recipe(path), settings, registry)
