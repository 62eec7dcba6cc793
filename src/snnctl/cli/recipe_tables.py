"""A recipe's plan and outcome on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from snnctl.cli.recipe_layout import show_table
from snnctl.cli.sweep_tables import is_sweep
from snnctl.cli.tables import format_figure, shorten, show_points, stdout
from snnctl.recipes import Forecast, Outcome, Plan, Step, as_data, finished_variants, place_of
from snnctl.recipes.figures import MAIN, figures_of
from snnctl.recipes.outcome import figure_columns
from snnctl.runs import plain

FIGURES = {
    "accuracy": "accuracy",
    "agreement": "agreement",
    "max_logit_difference": "largest logit diff.",
    "spikes_per_neuron": "spikes per neuron",
    "saturated": "saturated",
    "latency": "latency (tau_c)",
}
MOST_OF_PLUGINS = 4  # columns; summary.csv has them all
STATES = ("complete", "cached", "shared", "to run")
TO_RUN = STATES[-1]
MINUTE, HOUR = 60, 3600
Rows = tuple[tuple[str, ...], Sequence[Sequence[object]]]
"""The heads of a table, and its rows."""


def show_plan(plan: Plan, steps: Sequence[Forecast]) -> None:
    """What would be run, and what it takes.

    Args:
        plan: the recipe.
        steps: what would become of its steps, in their order.
    """
    console = stdout()
    console.print(f"{plan.name}: {plan.description}" if plan.description else plan.name, soft_wrap=True)
    if plan.has_matrix:
        heads: tuple[str, ...] = ("step", "verb", "network of", f"options of {plan.variants[0].name}")
        show_table(console, heads, [_named(step) for step in plan.steps], folded=heads[3:])
        shown = [status for status in STATES if any(each.status == status for each in steps)]
        heads = ("variant", *shown, "samples", "time")
        show_table(console, heads, _planned_variants(plan, steps, shown), folded=shown)
    else:
        heads = ("step", "verb", "network of", "options", "state", "samples", "time")
        rows = [(*_named(step), found.status, *_length([found])) for step, found in zip(plan.steps, steps, strict=True)]
        show_table(console, heads, rows, folded=("options",))
    console.print(_work(steps), soft_wrap=True)
    for line in _unknown_states(steps):
        console.print(line, soft_wrap=True)
    console.print("checked; nothing was run", soft_wrap=True)


def show_outcome(outcome: Outcome) -> None:
    """The figures of every step that is complete, or of every variant, and where they are written."""
    console = stdout()
    show_table(console, *(_variants(outcome) if outcome.plan.has_matrix else _steps(outcome)))
    for name, figures in outcome.metrics.items():
        if is_sweep(figures):
            picture = shorten(outcome.folder / name / "sweep.svg")
            console.print(f"{name}: {len(figures['points'])} points, drawn in {picture}", soft_wrap=True)
            show_points(figures)
    console.print(f"written to {shorten(outcome.folder)}", soft_wrap=True)


def _steps(outcome: Outcome) -> Rows:
    """One row for each step."""
    steps = [step for step in outcome.plan.steps if step.id in outcome.metrics]
    figures = {step.id: _told(outcome, step, step.id) for step in steps}
    shown = _shown(key for found in figures.values() for key in found if format_figure(key, found[key]))
    rows = [
        (
            step.id,
            step.verb.name,
            *(format_figure(key, figures[step.id].get(key)) for key in shown),
            f"{outcome.durations[step.id]:.1f} s",
        )
        for step in steps
    ]
    return ("step", "verb", *shown.values(), "time"), rows


def _variants(outcome: Outcome) -> Rows:
    """One row for each variant: its settings, and each figure as the last step that has it tells it."""
    variants = list(finished_variants(outcome))
    settings = list(dict.fromkeys(key for variant in variants for key in variant.settings))
    columns = figure_columns(outcome)
    shown = _shown(columns)
    several = len({columns[key] for key in shown}) > 1
    heads = [f"{columns[key]}.{head}" if several else head for key, head in shown.items()]
    rows = []
    for variant in variants:
        places = [place_of(variant, step) for step in variant.steps]
        complete = [place for place in places if place in outcome.metrics]
        figures = {step.id: _told(outcome, step, place_of(variant, step)) for step in variant.steps}
        rows.append(
            (
                *(_setting(variant.settings.get(key)) for key in settings),
                *(format_figure(key, figures[columns[key]].get(key)) for key in shown),
                f"{sum(outcome.durations[place] for place in complete):.1f} s",
                "" if len(complete) == len(places) else f"{len(complete)} of {len(places)} steps",
            )
        )
    if not any(row[-1] for row in rows):
        return (*settings, *heads, "time"), [row[:-1] for row in rows]
    return (*settings, *heads, "time", ""), rows


def _named(step: Step) -> tuple[str, str, str, str]:
    return step.id, step.verb.name, step.source or "", _options(step)


def _planned_variants(plan: Plan, steps: Sequence[Forecast], shown: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One row for each variant: its steps by what would become of them."""
    for variant in plan.variants:
        found = [each for each in steps if each.variant == variant.name]
        names = {status: ", ".join(each.id for each in found if each.status == status) for status in shown}
        yield variant.name, *names.values(), *_length(found)


def _length(steps: Sequence[Forecast]) -> tuple[str, str]:
    """Samples and time of the steps that are to be run; empty if none is."""
    waiting = [each for each in steps if each.status == TO_RUN]
    if not waiting:
        return "", ""
    samples = [each.samples for each in waiting]
    times = [each.seconds for each in waiting]
    known = [sum(value or 0 for value in samples), sum(value or 0.0 for value in times)]
    return (
        "unknown" if None in samples else f"{known[0]:,}",
        "unknown" if None in times else _duration(known[1]),
    )


def _work(steps: Sequence[Forecast]) -> str:
    """The work in one sentence; what is not known is said."""
    total = as_data(list(steps))
    if not total["to_run"]:
        return "nothing is to be run"
    words = f"{total['to_run']} of {len(steps)} steps to run"
    if total["samples_unknown"] < total["to_run"]:
        words += f", {total['samples']:,} samples" + _besides(total["samples_unknown"], "unknown")
    if total["seconds_unknown"] < total["to_run"]:
        return words + f", {_duration(total['seconds'])}" + _besides(total["seconds_unknown"], "unknown")
    reasons = dict.fromkeys(each.unknown for each in steps if each.status == TO_RUN and each.unknown)
    return words + ", time unknown: " + "; ".join(reasons)


def _unknown_states(steps: Sequence[Forecast]) -> Iterator[str]:
    """Of which steps it is not known whether their results are there already."""
    unknown = [each for each in steps if each.status == TO_RUN and each.key is None]
    if unknown:
        yield (
            f"of {len(unknown)} {'step' if len(unknown) == 1 else 'steps'} it is not known beforehand whether they are "
            f"cached or shared: {', '.join(dict.fromkeys(each.id for each in unknown))}"
        )
        yield from dict.fromkeys(f"  {each.unknown}" for each in unknown if each.unknown)


def _besides(unknown: int, what: str) -> str:
    return "" if not unknown else f" (and {unknown} {'step' if unknown == 1 else 'steps'} of {what} length)"


def _duration(seconds: float) -> str:
    if seconds < MINUTE:
        return f"about {max(seconds, 1):.0f} s"
    if seconds < HOUR:
        return f"about {seconds / MINUTE:.0f} min"
    return f"about {seconds / HOUR:.1f} h"


def _told(outcome: Outcome, step: Step, place: str) -> dict[str, Any]:
    """What a step found, by columns; the figures of a sweep are many, and stand in a table of their own."""
    metrics = outcome.metrics.get(place, {})
    own = {key: metrics[key] for key in FIGURES if key in metrics}
    return {**own, **figures_of(step, metrics), **({"accuracy": "see below"} if is_sweep(metrics) else {})}


def _shown(figures: Iterable[str]) -> dict[str, str]:
    """The heads of the figures that get a column: snnctl's own, then a few of plugins."""
    given = dict.fromkeys(figures)
    of_plugins = [key for key in given if key not in MAIN]
    return {
        **{key: head for key, head in FIGURES.items() if key in given},
        **{key: key for key in of_plugins[:MOST_OF_PLUGINS]},
    }


def _options(step: Step) -> str:
    """The options that were given, as settings."""
    given = {key: value for key, value in step.given.items() if key != "model" or step.source is None}
    return "\n".join(_settings("", given))


def _settings(prefix: str, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if isinstance(value, dict):
            yield from _settings(f"{prefix}{key}.", value)
        else:
            yield f"{prefix}{key}={_setting(value)}"


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(plain(value))
