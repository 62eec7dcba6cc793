"""Whether a recipe is valid, and what it comes to, on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.syntax import Syntax
from rich.text import Text

from snnctl.cli.tables import stdout
from snnctl.errors import UsageError
from snnctl.plugins import Registry
from snnctl.plugins.nearest import did_you_mean
from snnctl.recipes import Complaint, FaultyRecipe, Plan, Setting, Variant, make_plan
from snnctl.runs import plain

SHOWN_VARIANTS = 20


@dataclass(frozen=True)
class State:
    """A recipe, checked.

    Args:
        name: what it is called here.
        path: its file.
        plan: what it comes to; None if that is not known.
        problems: what is wrong with it.
        needs: the variables that must be set.
    """

    name: str
    path: Path
    plan: Plan | None
    problems: tuple[Complaint, ...] = ()
    needs: tuple[str, ...] = ()


def state_of(name: str, path: Path, settings: list[Setting], registry: Registry) -> State:
    """Check one recipe; nothing is run."""
    try:
        return State(name, path, make_plan(path, settings, registry))
    except FaultyRecipe as error:
        problems = tuple(complaint for complaint in error.complaints if not complaint.needs)
        needs = tuple(complaint.needs for complaint in error.complaints if complaint.needs)
        return State(name, path, None, problems, needs)


def as_data(state: State) -> dict[str, Any]:
    """Everything about the recipe as plain data."""
    plan = state.plan
    return {
        "name": state.name,
        "file": str(state.path),
        "valid": not state.problems,
        "needs": list(state.needs),
        "description": plan.description if plan else None,
        "steps": [step.id for step in plan.steps] if plan else None,
        "variants": [variant.name for variant in plan.variants] if plan and plan.has_matrix else None,
        "problems": [
            {
                "file": problem.place.file,
                "line": problem.place.line or None,
                "column": problem.place.column or None,
                "message": problem.message,
                "todo": problem.todo,
            }
            for problem in state.problems
        ],
    }


def state_row(state: State) -> tuple[object, ...]:
    """A line of the listing."""
    plan = state.plan
    if plan is None:
        return state.name, "", "", _words(state), _description(state.path)
    variants = len(plan.variants) if plan.has_matrix else ""
    return state.name, len(plan.steps), variants, _words(state), plan.description


def show_state(state: State) -> None:
    """One line if the recipe is valid, else everything that is wrong with it."""
    console = stdout()
    words = Text(_words(state), style="red" if state.problems else "green")
    console.print(Text(f"{state.name}: ") + words, soft_wrap=True)
    for problem in state.problems:
        for line in problem.lines():
            console.print(Text(line), soft_wrap=True)


def show_yaml(document: dict[str, Any], variants: Sequence[str]) -> None:
    """The document, in colours on a terminal; the variants' names below it, as a comment."""
    text = yaml.safe_dump(plain(document), sort_keys=False, allow_unicode=True, width=110)
    text += "".join(f"{line}\n" for line in _commented(variants))
    console = stdout()
    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        print(text, end="")


def chosen_variant(plan: Plan, name: str | None) -> Variant | None:
    """The variant of that name; None for none.

    Raises:
        UsageError: there is none of that name.
    """
    if name is None:
        return None
    for variant in plan.variants:
        if variant.name == name:
            return variant
    known = [variant.name for variant in plan.variants if variant.name]
    shown = f"variants: {', '.join(known[:SHOWN_VARIANTS])}" if known else "the recipe has no matrix"
    raise UsageError(f"no variant '{name}'", todo=did_you_mean(name, known) or shown)


def _words(state: State) -> str:
    if state.problems:
        return f"{len(state.problems)} problem{'s' if len(state.problems) > 1 else ''}"
    return f"ok, needs {' '.join(f'--set {name}=' for name in state.needs)}" if state.needs else "ok"


def _description(path: Path) -> str:
    """What a recipe that cannot be used says of itself."""
    from snnctl.recipes.load import load_recipe

    try:
        entry = load_recipe(path)[0].value.get("description")
    except FaultyRecipe:
        return ""
    return entry.value.value if entry and isinstance(entry.value.value, str) else ""


def _commented(variants: Sequence[str]) -> list[str]:
    if not variants:
        return []
    more = [f"#   ... and {len(variants) - SHOWN_VARIANTS} more"] if len(variants) > SHOWN_VARIANTS else []
    return [f"# {len(variants)} variants:", *(f"#   {name}" for name in variants[:SHOWN_VARIANTS]), *more]
