"""Results on stdout: a table for people, one JSON object for programs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from snnctl.runs import plain, to_json
from snnctl.verbs.result import Result

PERCENT = {
    "accuracy": "accuracy",
    "accuracy_before": "accuracy before",
    "source_accuracy": "accuracy of the ReLU network",
    "agreement": "same predictions as the ReLU network",
    "required_agreement": "required",
    "saturated": "saturated spikes",
    "out_of_range": "inputs out of range",
}
NUMBERS = {
    "loss": "loss",
    "max_logit_difference": "largest logit difference",
    "mean_logit_difference": "mean logit difference",
    "spikes_per_neuron": "spikes per neuron",
    "latency": "latency (tau_c)",
    "latency_before": "latency before (tau_c)",
}
COUNTS = {
    "different_predictions": "different predictions",
    "images": "images",
    "calibration_images": "images for calibration",
}
TEXTS = {"verified_on": "verified on"}
ORDER = (
    "type",
    "accuracy",
    "accuracy_before",
    "source_accuracy",
    "agreement",
    "required_agreement",
    "different_predictions",
    "max_logit_difference",
    "mean_logit_difference",
    "loss",
    "spikes_per_neuron",
    "latency",
    "latency_before",
    "saturated",
    "out_of_range",
    "verified_on",
    "split",
    "images",
    "calibration_images",
)


def stdout() -> Console:
    """A console on stdout, as wide as the terminal; lines are not broken when it is none."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 120
    return console


def show_json(result: Result, folder: Path | None) -> None:
    """Metrics, settings and folder as one JSON object."""
    document = {"verb": result.verb, **result.metrics, "settings": result.settings}
    print_json(document if folder is None else {**document, "out": str(folder)})


def print_json(document: Mapping[str, Any]) -> None:
    """One strict JSON object on stdout."""
    print(to_json(document), end="")


def show_result(result: Result, folder: Path | None) -> None:
    """What a verb found, and where it is written."""
    console = stdout()
    console.print(figures_table(result.metrics))
    if result.metrics.get("layers"):
        console.print(layers_table(result.metrics))
    if folder is not None:
        console.print(f"written to {shorten(folder)}", soft_wrap=True)


def figures_table(metrics: Mapping[str, Any]) -> Table:
    """The figures of the whole network, two columns."""
    table = _table()
    table.add_column(style="dim")
    table.add_column(justify="right")
    for key in ORDER:
        if metrics.get(key) is not None:
            table.add_row(_label(key), Text(format_figure(key, metrics[key])))
    return table


def layers_table(metrics: Mapping[str, Any]) -> Table:
    """Spikes, saturation and windows by layer, the input first."""
    rows = [dict(layer) for layer in metrics["layers"]]
    if metrics.get("input"):
        rows.insert(0, dict(metrics["input"]))
    heads = {
        "name": "layer",
        "kind": "kind",
        "neurons": "neurons",
        "spikes_per_neuron": "spikes/neuron",
        "saturated": "saturated",
        "window": "window (tau_c)",
    }
    shown = [key for key in heads if any(row.get(key) is not None for row in rows)]
    table = _table(show_header=True)
    for key in shown:
        table.add_column(heads[key], justify="left" if key in ("name", "kind") else "right")
    for row in rows:
        table.add_row(*(Text(format_figure(key, row.get(key))) for key in shown))
    return table


def listing(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table of texts."""
    table = _table(show_header=True)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return table


def pairs(rows: Iterable[tuple[str, object]]) -> Table:
    """Names and values, one below the other; a value that is empty is left out."""
    table = _table()
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in rows:
        if value not in ("", None):
            table.add_row(Text(name), Text(str(value)))
    return table


def format_figure(key: str, value: Any) -> str:
    """A figure in the unit and precision that suits its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if key in PERCENT:
        return f"{100 * value:.2f} %"
    if isinstance(value, list | dict):
        return ", ".join(format_figure("", item) for item in (value.values() if isinstance(value, dict) else value))
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def shorten(path: Path) -> str:
    """``path`` as seen from the working folder, if it lies in it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _label(key: str) -> str:
    return {**PERCENT, **NUMBERS, **COUNTS, **TEXTS}.get(key, key)


def _table(**options: Any) -> Table:
    return Table(box=box.SIMPLE_HEAD if options.get("show_header") else None, **{"show_header": False, **options})
