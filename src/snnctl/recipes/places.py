"""Where the parts of a recipe's folder lie: ``relu``, or ``lr=0.001/relu`` if the recipe has a matrix."""

from __future__ import annotations

from collections.abc import Iterator

from snnctl.recipes.plan import Plan, Step, Variant

RECIPE = "recipe.yaml"
SUMMARY = "summary.json"
TABLE = "summary.csv"
KEYS = "step-keys.json"


def place_of(variant: Variant, step: Step) -> str:
    """The step's folder within that of the recipe, with "/"."""
    return place_of_id(variant, step.id)


def source_of(variant: Variant, step: Step) -> str | None:
    """The folder of the step whose network ``step`` takes; None if it takes that of no step."""
    return None if step.source is None else place_of_id(variant, step.source)


def place_of_id(variant: Variant, step: str) -> str:
    """The folder of the step of that id."""
    return f"{variant.name}/{step}" if variant.name else step


def all_steps(plan: Plan) -> Iterator[tuple[Variant, Step, str]]:
    """Every step with its variant and its folder, in the order in which they are run."""
    for variant in plan.variants:
        for step in variant.steps:
            yield variant, step, place_of(variant, step)
