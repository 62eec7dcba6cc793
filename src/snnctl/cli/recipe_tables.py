"""A recipe's plan and outcome on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from snnctl.cli.sweep_tables import is_sweep
from snnctl.cli.tables import format_figure, listing, shorten, show_points, stdout
from snnctl.recipes import Outcome, Plan, Step
from snnctl.runs import plain

FIGURES = {
    "accuracy": "accuracy",
    "agreement": "agreement",
    "max_logit_difference": "largest logit difference",
    "spikes_per_neuron": "spikes/neuron",
    "saturated": "saturated",
    "latency": "latency (tau_c)",
}


def show_plan(plan: Plan) -> None:
    """What would be run."""
    console = stdout()
    console.print(f"{plan.name}: {plan.description}" if plan.description else plan.name, soft_wrap=True)
    rows = [(step.id, step.verb.name, step.source or "", _options(step)) for step in plan.steps]
    console.print(listing(("step", "verb", "network of", "options"), rows))
    console.print("checked; nothing was run", soft_wrap=True)


def show_outcome(outcome: Outcome) -> None:
    """The figures of every step that was run, and where they are written."""
    console = stdout()
    shown = [key for key in FIGURES if any(_figure(key, figures) for figures in outcome.metrics.values())]
    rows = [
        (
            step.id,
            step.verb.name,
            *(_figure(key, outcome.metrics[step.id]) for key in shown),
            f"{outcome.durations[step.id]:.1f} s",
        )
        for step in outcome.plan.steps
        if step.id in outcome.metrics
    ]
    console.print(listing(("step", "verb", *(FIGURES[key] for key in shown), "time"), rows))
    for name, figures in outcome.metrics.items():
        if is_sweep(figures):
            picture = shorten(outcome.folder / name / "sweep.svg")
            console.print(f"{name}: {len(figures['points'])} points, drawn in {picture}", soft_wrap=True)
            show_points(figures)
    console.print(f"written to {shorten(outcome.folder)}", soft_wrap=True)


def _figure(key: str, figures: Mapping[str, Any]) -> str:
    """A figure of a step; those of a sweep are many, and stand in a table of their own."""
    if key == "accuracy" and is_sweep(figures):
        return "see below"
    return format_figure(key, figures.get(key))


def _options(step: Step) -> str:
    """The options that were given, as settings."""
    given = {key: value for key, value in step.given.items() if key != "model" or step.source is None}
    return "  ".join(_settings("", given))


def _settings(prefix: str, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if isinstance(value, dict):
            yield from _settings(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}={value if isinstance(value, str) else json.dumps(plain(value))}"
