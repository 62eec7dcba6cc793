"""What ``snnctl inspect`` and ``snnctl convert --plan`` print for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from snnctl.cli.tables import constraint_words, format_figure, listing, pairs, stdout

Row = Mapping[str, Any]
OPEN = "calibrated"  # width of a window that calibration sets
IDENTITY = ("layer", "kind", "shape", "neurons", "parameters", "fan-out")
TIMING = ("level", "window", "t_min", "t_max", "made of")


def show_network(found: Mapping[str, Any], plan_command: str = "", wiring: bool | None = None) -> None:
    """The layers of a ReLU or spiking network, and its totals.

    Args:
        found: what the verb found.
        plan_command: how to ask what becomes of a ReLU network.
        wiring: whether wiring has rows of its own; None where nobody can ask for them, so that only --json has them.
    """
    console = stdout()
    if found["type"] == "relu":
        heads = ("layer", "class", "output", "parameters", "reads")
        console.print(_numbers_to_the_right(listing(heads, _source_rows(found["layers"]))))
        console.print(pairs(_source_totals(found, plan_command)))
        return
    shown = [layer for layer in found["layers"] if wiring or layer["kind"] != "wiring"]
    _show_spiking(console, shown, bool(found.get("plan")))
    totals = [*_spiking_totals(found), ("wiring", _wiring(len(found["layers"]) - len(shown), asked=wiring is not None))]
    console.print(pairs(totals))


def _wiring(hidden: int, asked: bool) -> str:
    """How many layers have no row, and what shows them."""
    if not hidden:
        return ""
    layers, them = ("1 layer", "it") if hidden == 1 else (f"{hidden} layers", "them")
    return f"{layers} without neurons, not listed; {'--all' if asked else '--json'} shows {them}"


def _source_rows(layers: Sequence[Row]) -> list[tuple[str, ...]]:
    """What a layer reads is left out where it is the layer above."""
    rows: list[tuple[str, ...]] = []
    above = "input"
    for layer in layers:
        reads = ", ".join(layer["reads"])
        parameters = f"{layer['parameters']:,}" if layer["parameters"] else ""
        rows.append((layer["name"], layer["kind"], _shape(layer["shape"]), parameters, "" if reads == above else reads))
        above = layer["name"]
    return rows


def _source_totals(found: Mapping[str, Any], plan_command: str) -> list[tuple[str, str]]:
    count = len(found["obstacles"])
    against = "1 obstacle" if count == 1 else f"{count} obstacles"
    answer = (
        f"yes; `{plan_command}` shows what becomes of it"
        if found["converts"]
        else f"no, {against}; `{plan_command}` tells what to do"
    )
    return [
        ("parameters", f"{found['parameters']:,}"),
        ("only listed", found["hidden"] or ""),
        ("converts", answer),
    ]


def _show_spiking(console: Console, layers: Sequence[Row], planned: bool) -> None:
    """One table where it fits, else two: what the layers are, and when they fire and what they are made of."""
    identity, timing = ([_identity(layer) for layer in layers], [_timing(layer, planned) for layer in layers])
    whole = listing((*IDENTITY, *TIMING), [(*left, *right) for left, right in zip(identity, timing, strict=True)])
    if Measurement.get(console, console.options.update(max_width=10_000), whole).maximum <= console.width:
        console.print(_numbers_to_the_right(whole))
        return
    console.print(_numbers_to_the_right(listing(IDENTITY, identity)))
    timed = [(left[0], *right) for left, right in zip(identity, timing, strict=True) if any(right)]
    console.print(_numbers_to_the_right(listing(("layer", *TIMING), timed)))


def _identity(layer: Row) -> tuple[str, ...]:
    parameters = layer["weights"] + layer["thresholds"]
    return (
        layer["name"],
        layer["kind"],
        _shape(layer["shape"]),
        format_figure("neurons", layer["neurons"]),
        f"{parameters:,}" if parameters else "",
        format_figure("fan_out", layer["fan_out"]),
    )


def _timing(layer: Row, planned: bool) -> tuple[str, ...]:
    window = format_figure("window", layer["window"])
    return (
        format_figure("level", layer["level"]),
        OPEN if planned and layer["level"] is not None and layer["window"] is None else window,
        format_figure("t_min", layer["t_min"]),
        format_figure("t_max", layer["t_max"]),
        ", ".join(layer["source"]),
    )


def _numbers_to_the_right(table: Table) -> Table:
    for column in table.columns:
        if column.header in ("neurons", "parameters", "fan-out", "level", "window", "t_min", "t_max"):
            column.justify = "right"
            column.no_wrap = True
    return table


def _spiking_totals(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    neurons, parameters = found["neurons"], found["parameters"]
    latency = "set by calibration" if found.get("plan") else format_figure("latency", found["latency"])
    return [
        ("neurons", ", ".join(f"{count:,} {kind}" for kind, count in neurons.items())),
        ("parameters", f"{parameters['weights']:,} weights, {parameters['thresholds']:,} thresholds"),
        ("synapses", format_figure("synapses", found["synapses"])),
        ("empty fan-out", _uncounted(found["layers"])),
        ("latency (tau_c)", latency),
        ("hardware", constraint_words(found["constraints"])),
        ("input range", _input_range(found)),
        ("vanish", ", ".join(found.get("vanish", ()))),
    ]


def _uncounted(layers: Sequence[Row]) -> str:
    """Why synapses of neurons are not counted, if so."""
    if not any(layer["level"] is not None and layer["synapses"] is None for layer in layers):
        return ""
    if any(side is None for layer in layers for side in layer["shape"]):
        return "the input's size is not fixed"
    return "there is a layer whose synapses are not known"


def _input_range(found: Mapping[str, Any]) -> str:
    if "input_range" not in found:
        return ""
    low, high = found["input_range"]
    return f"{low:g} to {high:g}{_assumed(found)}"


def _assumed(found: Mapping[str, Any]) -> str:
    if not found["assumed"]:
        return ""
    if found.get("not_read"):
        return ", assumed: data is not read by --plan; give --input-range P,Q"
    return ", assumed; --input-range P,Q says another"


def _shape(shape: Sequence[int | None] | None) -> str:
    """``28x28x1``; ``?`` for a size that is not fixed."""
    return "" if shape is None else "x".join("?" if side is None else str(side) for side in shape)
