"""Results on stdout: a table for people, one JSON object for programs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from snnctl.cli.comparing_tables import comparing_rows
from snnctl.cli.figure_names import NOT_COUNTABLE, ORDER, PERCENT, label_of
from snnctl.cli.simulation_table import simulation_rows, verdict
from snnctl.cli.sweep_tables import sweep_table, sweep_words
from snnctl.runs import to_json
from snnctl.verbs.result import Result

MOST_ITEMS, MOST_LETTERS = 12, 120  # shown of a list and of a text
MOST_ROWS = 60  # shown of a plugin's metric
SHOWN = ("layers", "networks", "points")  # figures that have tables of their own


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


def show_result(result: Result, folder: Path | None, summaries: Mapping[str, str] | None = None) -> None:
    """What a verb found, and where it is written.

    Args:
        result: of any verb.
        folder: where it is written; None if it is not.
        summaries: of the metrics of plugins, by name.
    """
    console = stdout()
    console.print(figures_table(result.metrics, summaries))
    if not any(key in (*ORDER, *SHOWN) for key in result.metrics):  # of a plugin's step
        console.print(plain_table(result.metrics))
    if result.metrics.get("layers"):
        console.print(layers_table(result.metrics))
    for title, heads, rows in comparing_rows(result.metrics, format_figure):
        console.print(title, style="bold")
        console.print(listing(heads, rows))
    show_points(result.metrics)
    if result.metrics.get("energy"):
        console.print(f"energy: an estimate, {result.metrics['energy']['assumption']}", soft_wrap=True)
    if result.metrics.get("simulator"):
        console.print(f"against the event-driven simulation: {verdict(result.metrics['simulator'])}", soft_wrap=True)
        console.print(pairs(simulation_rows(result.metrics["simulator"], format_figure)))
    if folder is not None:
        console.print(f"written to {shorten(folder)}", soft_wrap=True)
        for name, content in result.files.items():
            console.print(f"  {name}, {_size(content)}", soft_wrap=True)


def show_points(metrics: Mapping[str, Any]) -> None:
    """The points of a sweep; nothing of results of other verbs. On a narrow terminal its lines run on."""
    for heads, rows in sweep_table(metrics, format_figure):
        table, console = listing(heads, rows), stdout()
        unbroken = Measurement.get(console, console.options.update(max_width=10_000), table).maximum
        console.width = max(console.width, unbroken)
        console.print(table)
        console.print(sweep_words(metrics), soft_wrap=True)


def figures_table(metrics: Mapping[str, Any], summaries: Mapping[str, str] | None = None) -> Table:
    """The figures of the whole network, two columns; those of a plugin's metric below its summary, if it has one."""
    table = _table()
    table.add_column(style="dim")
    table.add_column(justify="right")
    told = told_figures(metrics)
    for key in ORDER:
        if told.get(key) is not None:
            table.add_row(label_of(key, metrics), Text(format_figure(key, told[key])))
    for name, figures in metrics.get("plugins", {}).items():
        if summary := (summaries or {}).get(name):
            table.add_row(Text(f"plugin {name}"), Text(_shortened(summary)))
        for keys, value in islice(_leaves(figures), MOST_ROWS):
            label = _shortened(f"plugin {name}: {', '.join(keys)}")
            table.add_row(Text(label), Text(format_figure(keys[-1], value)))
        if next(islice(_leaves(figures), MOST_ROWS, None), None):
            table.add_row(Text(f"plugin {name}"), Text("and more"))
    return table


def plain_table(metrics: Mapping[str, Any]) -> Table:
    """Figures of which only the names are known."""
    rows = [
        (_shortened(", ".join(keys)), format_figure(keys[-1], value))
        for keys, value in islice(_leaves(metrics), MOST_ROWS)
    ]
    return pairs(rows)


def told_figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The figures as people are told them: those that hold several as one line, what could not be counted in words."""
    told = dict(metrics)
    if last := metrics.get("last_spike"):
        told["last_spike"] = ", ".join(f"{name} {format_figure('', value)}" for name, value in last.items())
    for key in ("constraints", "hardware"):
        if found := metrics.get(key):
            told[key] = constraint_words(found)
    if failed := metrics.get("failed_metrics"):
        told["failed_metrics"] = ", ".join(failed)
    if energy := metrics.get("energy"):
        parts = {"spiking": energy.get("spiking_nj"), "ReLU": energy.get("relu_nj")}
        known = {name: value for name, value in parts.items() if value is not None}
        told["energy"] = ", ".join(f"{name} {format_figure('', value)}" for name, value in known.items()) or None
    if not metrics.get("relay_synaptic_operations"):
        told.pop("relay_synaptic_operations", None)
    return told | {key: "cannot be counted" for key in NOT_COUNTABLE if key in metrics and metrics[key] is None}


def constraint_words(found: Mapping[str, Any]) -> str:
    """Constraints and their values in one line; those of plugins with their options."""
    own = [f"{name} {format_figure('', value)}" for name, value in found.items() if name != "constraint"]
    chosen = found.get("constraint")
    for name, options in chosen.items() if isinstance(chosen, Mapping) else ():
        given = " ".join(f"{option}={format_figure('', value)}" for option, value in options.items())
        own.append(f"{name} ({given})" if given else name)
    return ", ".join(own)


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
    value = value.tolist() if hasattr(value, "tolist") else value  # NumPy's
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str | bool):
        return _shortened(str(value))
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{float(value):.4g}"
    if key in PERCENT and isinstance(value, float):
        return f"{100 * value:.2f} %"
    if isinstance(value, list | tuple | dict):
        items = islice(value.values() if isinstance(value, dict) else value, MOST_ITEMS)
        more = [f"and {len(value) - MOST_ITEMS:,} more"] if len(value) > MOST_ITEMS else []
        return _shortened(
            ", ".join([*(format_figure("", item) or "-" for item in items), *more]), MOST_ITEMS * MOST_LETTERS
        )
    if not isinstance(value, float):
        return _shortened(str(value))
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"


def _shortened(text: str, most: int = MOST_LETTERS) -> str:
    """The beginning of what is too long for a cell."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shorten(path: Path) -> str:
    """``path`` as seen from the working folder, if it lies in it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _leaves(figures: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The figures of nested mappings, each with the keys that lead to it."""
    for key, value in figures.items():
        keys = (*above, str(key))
        if isinstance(value, Mapping):
            yield from _leaves(value, keys)
        else:
            yield keys, value


def _size(content: str | bytes) -> str:
    count = len(content.encode() if isinstance(content, str) else content)
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.1f} kB"


def _table(**options: Any) -> Table:
    return Table(box=box.SIMPLE_HEAD if options.get("show_header") else None, **{"show_header": False, **options})
