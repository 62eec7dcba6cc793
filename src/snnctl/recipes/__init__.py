"""Recipes: YAML files of steps, each a verb with its options. Everything is checked before the first step starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.errors import UsageError
from snnctl.plugins import Registry
from snnctl.recipes.check import check_recipe
from snnctl.recipes.complaints import Complaint, Complaints, FaultyRecipe
from snnctl.recipes.extends import load_chain
from snnctl.recipes.plan import Plan, Step, Variant
from snnctl.recipes.settings import Setting, parse_settings

if TYPE_CHECKING:
    from snnctl.progress import Reporter
    from snnctl.recipes.cache import Cache
    from snnctl.recipes.data_sets import absent
    from snnctl.recipes.dry_run import Forecast, as_data, forecast
    from snnctl.recipes.outcome import Outcome, finished_variants, last_figures, summary
    from snnctl.recipes.places import place_of
    from snnctl.recipes.run import execute_plan

HOMES = {
    "Cache": "cache",
    "Forecast": "dry_run",
    "Outcome": "outcome",
    "absent": "data_sets",
    "as_data": "dry_run",
    "execute_plan": "run",
    "finished_variants": "outcome",
    "forecast": "dry_run",
    "last_figures": "outcome",
    "place_of": "places",
    "summary": "outcome",
}
"""What only running and foretelling need, and where it lives: a recipe that is wrong is told without it."""

__all__ = [
    "Cache",
    "Complaint",
    "FaultyRecipe",
    "Forecast",
    "Outcome",
    "Plan",
    "Setting",
    "Step",
    "Variant",
    "absent",
    "as_data",
    "cache_folder",
    "execute_plan",
    "finished_variants",
    "forecast",
    "last_figures",
    "make_plan",
    "parse_settings",
    "place_of",
    "run_recipe",
    "summary",
]


def run_recipe(
    path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    force: bool = False,
    cache: str | os.PathLike[str] | bool = True,
    reporter: Reporter | None = None,
) -> Outcome:
    """Check a whole recipe, then run its steps; see :func:`snnctl.run_recipe`."""
    from snnctl.plugins import load_registry
    from snnctl.progress import SilentReporter
    from snnctl.recipes.run import execute_plan
    from snnctl.verbs.result import Run

    run = Run(load_registry(), reporter or SilentReporter())
    given = [Setting.of(name, value) for name, value in (settings or {}).items()]
    plan = make_plan(Path(path), given, run.registry)
    outcome = execute_plan(
        plan,
        run,
        out=Path(out) if out else None,
        overwrite=overwrite,
        resume=resume,
        force=force,
        cache=cache_folder(cache),
        command=["snnctl.run_recipe(...)"],
    )
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


def cache_folder(cache: Any) -> Path | None:
    """The folder of the cache that a caller wants: True for the usual one, False for none, or a path.

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(cache, bool):
        from snnctl.recipes.cache import DEFAULT

        return DEFAULT if cache else None
    if isinstance(cache, str | os.PathLike) and os.fspath(cache):
        return Path(cache)
    raise UsageError(f"cache is {cache!r}", todo="Give a path, True for runs/.cache, or False for none.")


def make_plan(path: Path, settings: list[Setting], registry: Registry) -> Plan:
    """Read and check a recipe.

    Raises:
        FaultyRecipe: everything that is wrong with it, by file, line and column.
    """
    complaints = Complaints()
    return check_recipe(load_chain(path, complaints), settings, registry, complaints)


def __getattr__(name: str) -> Any:
    """The function or class called ``name``, from the module it lives in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
