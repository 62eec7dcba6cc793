"""Spikes per neuron by layer, and when they are fired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnctl.reports.charts import Bars, Histogram, bar_chart, histograms
from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, constraint, layers, number, text
from snnctl.reports.markup import Html, details, figure, join, tag
from snnctl.reports.numbers import count, percent

MOST_BINS = 1000
MOST_BITS = 32  # of times


def spikes_by_layer(facts: Facts) -> Section | Absent:
    """Bars, for each group of runs whose networks have the same layers."""
    title = "Spikes per neuron"
    groups: dict[tuple[tuple[str, float | None], ...], list[ReportedRun]] = {}
    for run in facts.runs:
        same = tuple((text(layer, "name"), number(layer, "neurons")) for layer in _counted(run))
        if same:
            groups.setdefault(same, []).append(run)
    if not groups:
        return Absent(title, "No run has measured the spikes of a spiking network.")
    words = "Neurons that fire, as a part of all: a neuron fires at most once, and one that is silent stands for 0."
    charts = [_bars(facts, [name for name, _ in same], runs) for same, runs in groups.items()]
    return Section("spikes", title, join([tag("p", words), tag("div", *charts, class_="pair")]))


def _bars(facts: Facts, names: list[str], runs: list[ReportedRun]) -> Html:
    series = [Bars(run.name, [_spikes(layer) for layer in _counted(run)], facts.colour(run)) for run in runs]
    title = f"Spikes per neuron: {', '.join(run.name for run in runs)}"
    chart = bar_chart(title, "spikes per neuron", names, series, inline=True)
    return figure(chart, title, title)


def _counted(run: ReportedRun) -> list[Mapping[str, Any]]:
    return [layer for layer in layers(run) if _spikes(layer) is not None]


def _spikes(layer: Mapping[str, Any]) -> float | None:
    return number(layer, "spikes_per_neuron")


def spike_times(facts: Facts) -> Section | Absent:
    """Histograms by layer, a set for each run."""
    title = "When neurons fire"
    found = [(run, panels) for run in facts.runs if (panels := _panels(run))]
    if not found:
        spiking = any(run.spiking for run in facts.runs)
        reason = (
            "The runs hold no histograms of spike times; `snnctl eval` makes them."
            if spiking
            else "No spiking network."
        )
        return Absent(title, reason)
    parts = [
        tag("p", "Times at which each layer's neurons fire, over all images. Early spikes stand for large values.")
    ]
    for run, panels in found:
        name = f"Spike times: {run.name}"
        chart = histograms(name, "time (τ_c)", panels, index=facts.colour(run), inline=True)
        parts.append(details(run.name, figure(chart, _caption(run), name), opened=run is found[-1][0]))
    return Section("times", title, join(parts))


def _caption(run: ReportedRun) -> str:
    bits = constraint(run, "time_bits")
    if not bits or not 0 < bits <= MOST_BITS:
        return "Each panel spans its window."
    return (
        f"Each panel spans its window. Times are rounded to {count(2**bits)} levels, which bars may split unevenly: "
        "gaps and peaks come from that."
    )


def _panels(run: ReportedRun) -> list[Histogram]:
    panels = []
    for layer in layers(run):
        counts = layer.get("first_spikes", {}).get("counts") if isinstance(layer.get("first_spikes"), Mapping) else None
        start, end = number(layer, "first_spikes", "start"), number(layer, "first_spikes", "end")
        if start is None or end is None or not isinstance(counts, list) or not 0 < len(counts) <= MOST_BINS:
            continue
        values = [number({"count": value}, "count") for value in counts]
        if any(value is None or value < 0 for value in values):
            continue
        note = f"{percent(_spikes(layer), 1)} of {count(number(layer, 'neurons'))} fire"
        panels.append(Histogram(text(layer, "name"), note, start, end, [value or 0.0 for value in values]))
    return panels
