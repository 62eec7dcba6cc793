"""The points of a sweep on stdout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

FIGURES = {"accuracy": "accuracy", "spikes_per_neuron": "spikes/neuron", "latency": "latency"}
STAGES = {"before": "before", "after": "fine-tuned"}

Row = Mapping[str, Any]
Form = Callable[[str, Any], str]


def sweep_table(metrics: Row, form: Form) -> Iterator[tuple[list[str], list[tuple[str, ...]]]]:
    """Heads and rows of the table of points, the unconstrained network first; none for results of other verbs.

    Args:
        metrics: of any verb.
        form: makes a text of a figure, given its name and itself.
    """
    if not is_sweep(metrics):
        return
    tuned = metrics["finetune_epochs"] > 0
    axes = list(metrics["axes"]) if metrics["mode"] == "grid" else ["axis", "value"]
    heads = [*(axis.replace("_", " ") for axis in axes), *(["stage"] if tuned else []), *FIGURES.values()]
    rows = []
    for point in metrics["points"]:
        stage = (STAGES[point["stage"]],) if tuned else ()
        rows.append((*_place(point, metrics["axes"], axes), *stage, *(_cell(point, name, form) for name in FIGURES)))
    yield heads, rows


def sweep_words(metrics: Row) -> str:
    """How the table is to be read."""
    seeds = metrics["repeats"]
    spread = f"mean ± standard deviation of {seeds} seeds; without ± a single measurement; " if seeds > 1 else ""
    return f"{spread or 'one seed each; '}latency in tau_c"


def is_sweep(metrics: Row) -> bool:
    """Whether the metrics are those of a sweep."""
    return isinstance(metrics.get("points"), list) and isinstance(metrics.get("unconstrained"), Mapping)


def _place(point: Row, swept: Iterable[str], axes: list[str]) -> tuple[str, ...]:
    if all(point[axis] is None for axis in swept):
        return ("unconstrained", *[""] * (len(axes) - 1))
    if point["axis"] is not None:
        return point["axis"].replace("_", " "), f"{point[point['axis']]:g}"
    return tuple(f"{point[axis]:g}" for axis in axes)


def _cell(point: Row, figure: str, form: Form) -> str:
    """Mean, and the spread if there are several seeds."""
    mean, spread = point[figure], point[f"{figure}_std"]
    if mean is None or point["repeats"] < 2:
        return form(figure, mean)
    return f"{form(figure, mean)} ± " + (f"{100 * spread:.2f}" if figure == "accuracy" else f"{spread:.2g}")
