"""The points of a sweep on stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

FIGURES = {"accuracy": "accuracy", "spikes_per_neuron": "spikes/neuron", "latency": "latency (tau_c)"}
HEADS = {"before": "{}", "after": "{}, fine-tuned"}

Rows = list[tuple[str, ...]]
Form = Callable[[str, Any], str]


def sweep_table(metrics: Mapping[str, Any], form: Form) -> Iterator[tuple[list[str], Rows]]:
    """Heads and rows of the table of points; none for results of other verbs.

    Args:
        metrics: of any verb.
        form: makes a text of a figure, given its name and itself.
    """
    if not isinstance(metrics.get("points"), list) or not isinstance(metrics.get("unconstrained"), Mapping):
        return
    stages = ("before", "after") if metrics["finetune_epochs"] else ("before",)
    columns = [(figure, stage) for figure in FIGURES for stage in stages]
    axes = list(metrics["axes"]) if metrics["mode"] == "grid" else ["axis", "value"]
    heads = [axis.replace("_", " ") for axis in axes] + [HEADS[stage].format(FIGURES[name]) for name, stage in columns]
    alone = {"before": metrics["unconstrained"]}
    rows = [("unconstrained", *[""] * (len(axes) - 1), *(_cell(alone, *column, form) for column in columns))]
    for point in _by_point(metrics["points"]):
        rows.append((*_place(point["before"], axes), *(_cell(point, *column, form) for column in columns)))
    yield heads, rows


def _by_point(points: list[Mapping[str, Any]]) -> Iterator[dict[str, Mapping[str, Any]]]:
    """The stages of each point."""
    found: dict[str, Mapping[str, Any]] = {}
    for point in points:
        if point["stage"] in found:
            yield found
            found = {}
        found[point["stage"]] = point
    if found:
        yield found


def _place(point: Mapping[str, Any], axes: list[str]) -> tuple[str, ...]:
    if point["axis"] is not None:
        return point["axis"].replace("_", " "), f"{point[point['axis']]:g}"
    return tuple(f"{point[axis]:g}" for axis in axes)


def _cell(stages: Mapping[str, Mapping[str, Any]], figure: str, stage: str, form: Form) -> str:
    """Mean, and the spread if there are several seeds."""
    found = stages.get(stage, {})
    mean, spread = found.get(figure), found.get(f"{figure}_std")
    if mean is None:
        return ""
    if not spread:
        return form(figure, mean)
    return (
        f"{form(figure, mean)} ± {100 * spread:.2f}" if figure == "accuracy" else f"{form(figure, mean)} ± {spread:.2g}"
    )
