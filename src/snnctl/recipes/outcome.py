"""What a recipe came to, step by step, and its summary as plain data and as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnctl.errors import SnnctlError
from snnctl.recipes.figures import figures_of, in_order
from snnctl.recipes.places import all_steps, place_of
from snnctl.recipes.plan import Plan, Variant
from snnctl.runs import RunRecord, plain, versions


@dataclass
class Outcome:
    """What a recipe came to.

    Args:
        plan: what was run.
        folder: absolute path; holds the recipe, a folder per step or variant and, at the end, the summary.
        started: local time with offset, ISO 8601.
        command: the command line.
        metrics: figures by the steps' folders within that of the recipe: by step id if there is no matrix.
        durations: seconds by the same; of a step taken from the cache, those it took when it was run.
        begun: when the step was begun, by the same; ISO 8601.
        failure: why it ended early though the last step is complete: something that was required is not reached.
    """

    plan: Plan
    folder: Path
    started: str
    command: list[str]
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    failure: SnnctlError | None = None

    def add(self, place: str, record: RunRecord) -> None:
        """Take over what the run folder of a step says."""
        self.metrics[place] = record.metrics
        self.durations[place] = record.duration
        self.begun[place] = record.started


def summary(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data, as written to ``summary.json``; steps that were not run are left out."""
    steps = [
        {
            **({"variant": variant.name} if variant.name else {}),
            "id": step.id,
            "verb": step.verb.name,
            "folder": place,
            "started": outcome.begun[place],
            "duration": outcome.durations[place],
            "metrics": outcome.metrics[place],
        }
        for variant, step, place in all_steps(outcome.plan)
        if place in outcome.metrics
    ]
    told = {
        "name": outcome.plan.name,
        "started": outcome.started,
        "duration": _duration(outcome),
        "command": outcome.command,
        "versions": versions(),
        "steps": steps,
    }
    if outcome.plan.has_matrix:
        told["variants"] = [
            {
                "name": variant.name,
                "settings": variant.settings,
                "steps": [place_of(variant, step) for step in variant.steps],
                "figures": last_figures(outcome, variant),
                "figures_of": figure_steps(outcome, variant),
            }
            for variant in finished_variants(outcome)
        ]
    return plain(told)


def finished_variants(outcome: Outcome) -> Iterator[Variant]:
    """The variants of which at least one step is complete."""
    for variant in outcome.plan.variants:
        if any(place_of(variant, step) in outcome.metrics for step in variant.steps):
            yield variant


def last_figures(outcome: Outcome, variant: Variant) -> dict[str, Any]:
    """The figures of a variant, each as the last step that has it tells it; see :func:`figures_of` for which."""
    found: dict[str, Any] = {}
    for _, figures in _figures(outcome, variant):
        found |= figures
    return {key: found[key] for key in in_order(found)}


def figure_steps(outcome: Outcome, variant: Variant) -> dict[str, str]:
    """The ids of the steps that the figures of :func:`last_figures` are of."""
    found: dict[str, str] = {}
    for step, figures in _figures(outcome, variant):
        found |= dict.fromkeys(figures, step)
    return {key: found[key] for key in in_order(found)}


def figure_columns(outcome: Outcome) -> dict[str, str]:
    """The figures and, for each, the id of the last step that has it in any variant.

    A column of them is of one step, also where a variant has not come that far.
    """
    order = [step.id for step in outcome.plan.steps]
    found: dict[str, str] = {}
    for variant in finished_variants(outcome):
        for key, step in figure_steps(outcome, variant).items():
            found[key] = max(found.get(key, step), step, key=order.index)
    return {key: found[key] for key in in_order(found)}


def summary_table(outcome: Outcome) -> str:
    """One line a variant, as CSV: its name, its settings, and the figures of each step as ``step.figure``."""
    variants = list(finished_variants(outcome))
    settings = list(dict.fromkeys(key for variant in variants for key in variant.settings))
    found = [dict(_figures(outcome, variant)) for variant in variants]
    columns = [
        (step.id, key)
        for step in outcome.plan.steps
        for key in in_order(key for figures in found for key in figures.get(step.id, ()))
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["variant", *settings, *(f"{step}.{key}" for step, key in columns)])
    for variant, figures in zip(variants, found, strict=True):
        cells = [_cell(variant.settings[key]) if key in variant.settings else "" for key in settings]
        writer.writerow([variant.name, *cells, *(figures.get(step, {}).get(key, "") for step, key in columns)])
    return text.getvalue()


def _duration(outcome: Outcome) -> float:
    """Seconds of all steps; one whose result stands in several places counts once."""
    runs = {(place.rpartition("/")[2], outcome.begun[place], seconds) for place, seconds in outcome.durations.items()}
    return round(sum(seconds for _, _, seconds in runs), 3)


def _figures(outcome: Outcome, variant: Variant) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id and the figures of each step that is complete."""
    for step in variant.steps:
        if (metrics := outcome.metrics.get(place_of(variant, step))) is not None:
            yield step.id, figures_of(step, metrics)


def _cell(value: Any) -> Any:
    """A setting as people write it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    return str(value) if isinstance(value, Mapping | list | tuple) else value
