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

from snnctl.cli.comparing_tables import comparing_rows
from snnctl.cli.simulation_table import simulation_rows
from snnctl.cli.sweep_tables import sweep_table
from snnctl.runs import plain, to_json
from snnctl.verbs.result import Result

PERCENT = {
    "accuracy": "accuracy",
    "top5_accuracy": "top-5 accuracy",
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
    "synaptic_operations": "synaptic operations per image",
    "relay_synaptic_operations": "of relay neurons, besides",
    "macs": "ReLU multiply-accumulates per image",
    "nonzero_macs": "with a non-zero input",
}
COUNTS = {
    "different_predictions": "different predictions",
    "images": "images",
    "calibration_images": "images for calibration",
}
TEXTS = {
    "constraints": "hardware",
    "verified_on": "verified on",
    "last_spike": "last spike (tau_c)",
    "energy": "energy per image, estimate (nJ)",
}
NOT_COUNTABLE = ("synaptic_operations", "macs")  # told when they are there and empty
ORDER = (
    "type",
    "constraints",
    "accuracy",
    "top5_accuracy",
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
    "last_spike",
    "saturated",
    "out_of_range",
    "synaptic_operations",
    "relay_synaptic_operations",
    "macs",
    "nonzero_macs",
    "energy",
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
    for heads, rows in comparing_rows(result.metrics, format_figure):
        console.print(listing(heads, rows))
    for heads, rows in sweep_table(result.metrics, format_figure):
        console.print(listing(heads, rows))
    if result.metrics.get("energy"):
        console.print(f"energy: an estimate, {result.metrics['energy']['assumption']}", soft_wrap=True)
    if result.metrics.get("simulator"):
        console.print("against the event-driven simulation", style="bold")
        console.print(pairs(simulation_rows(result.metrics["simulator"], format_figure)))
    if folder is not None:
        console.print(f"written to {shorten(folder)}", soft_wrap=True)


def figures_table(metrics: Mapping[str, Any]) -> Table:
    """The figures of the whole network, two columns."""
    table = _table()
    table.add_column(style="dim")
    table.add_column(justify="right")
    told = told_figures(metrics)
    for key in ORDER:
        if told.get(key) is not None:
            table.add_row(_label(key), Text(format_figure(key, told[key])))
    for name, figures in metrics.get("plugins", {}).items():
        for key, value in figures.items():
            table.add_row(Text(f"{name}: {key}"), Text(format_figure(key, value)))
    return table


def told_figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The figures as people are told them: those that hold several as one line, what could not be counted in words."""
    told = dict(metrics)
    if last := metrics.get("last_spike"):
        told["last_spike"] = ", ".join(f"{name} {format_figure('', value)}" for name, value in last.items())
    if constraints := metrics.get("constraints"):
        told["constraints"] = ", ".join(f"{name} {format_figure('', value)}" for name, value in constraints.items())
    if energy := metrics.get("energy"):
        parts = {"spiking": energy.get("spiking_nj"), "ReLU": energy.get("relu_nj")}
        known = {name: value for name, value in parts.items() if value is not None}
        told["energy"] = ", ".join(f"{name} {format_figure('', value)}" for name, value in known.items()) or None
    if not metrics.get("relay_synaptic_operations"):
        told.pop("relay_synaptic_operations", None)
    return told | {key: "cannot be counted" for key in NOT_COUNTABLE if key in metrics and metrics[key] is None}


def layers_table(metrics: Mapping[str, Any]) -> Table:
    """Spikes, saturation, windows and synaptic operations by layer, the input first."""
    rows = [dict(layer) for layer in metrics["layers"]]
    if metrics.get("input"):
        rows.insert(0, dict(metrics["input"]))
    rows += metrics.get("readouts", [])
    heads = {
        "name": "layer",
        "kind": "kind",
        "neurons": "neurons",
        "synapses": "synapses",
        "spikes_per_neuron": "spikes/neuron",
        "saturated": "saturated",
        "window": "window (tau_c)",
        "synaptic_operations": "syn. ops",
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
