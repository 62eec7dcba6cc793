"""Everything about each run: command, settings, versions, layers."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from snnctl.reports.facts import Facts, ReportedRun, Section, layers, number, text
from snnctl.reports.markup import Html, details, html, join, table, tag
from snnctl.reports.numbers import DASH, count, percent, plain, seconds
from snnctl.reports.sections.summary import anchor, kind

MOST_FIGURES = 200  # of plugins, a run
MOST_DEEP = 8  # objects within objects
LAYER_COLUMNS = {
    "neurons": count,
    "spikes_per_neuron": lambda value: plain(value, 3),
    "saturated": percent,
    "window": plain,
    "t_min": plain,
    "t_max": plain,
    "synaptic_operations": count,
}


def provenance(facts: Facts) -> Section:
    """A part to open for each run."""
    parts = [
        details(
            join([tag("strong", run.name), " ", tag("span", kind(run), class_="quiet")]),
            tag("div", *_about(run), id=anchor(facts, run)),  # inside, so that a link to it opens the part
        )
        for run in facts.runs
    ]
    return Section("runs", "Runs in full", join(parts))


def _about(run: ReportedRun) -> list[Html]:
    facts = {
        "folder": tag("code", run.folder),
        "started": html(run.started or DASH),
        "duration": html(seconds(run.duration)),
        "seed": html(DASH if run.seed is None else run.seed),
        "plugins": html(", ".join(_plugin(plugin) for plugin in run.plugins) or "none"),
        "versions": html(", ".join(f"{name} {spelled(version)}" for name, version in run.versions.items()) or DASH),
    }
    parts = [_pairs(facts)]
    if run.command:
        parts += [tag("h3", "Command"), _command(run)]
    if run.settings or run.options:
        parts += [tag("h3", "Settings"), _settings(run)]
    if found := plugin_figures(run.metrics.get("plugins")):
        parts += [tag("h3", "Figures of plugins"), _plugin_figures(run, found)]
    if layers(run):
        parts += [tag("h3", "Layers"), _layers(run)]
    return parts


def _command(run: ReportedRun) -> Html:
    words = [str(word) for word in run.command]
    shown = shlex.join(words) if len(words) > 1 else " ".join(words)  # a single one is a call in Python
    return tag("pre", tag("code", shown), tabindex="0", aria_label=f"Command of {run.name}", role="group")


def _settings(run: ReportedRun) -> Html:
    """Resolved values; an option that was given differently is told as well."""
    rows = []
    for name in dict.fromkeys([*run.settings, *run.options]):
        given = f" (given: {spelled(run.options[name])})" if _differs(run, name) else ""
        value = run.settings.get(name, run.options.get(name))
        rows.append([name, join([spelled(value), tag("span", given, class_="quiet") if given else ""])])
    return table(f"Settings of {run.name}", ["option", "value"], rows, texts=range(2))


def _differs(run: ReportedRun, name: str) -> bool:
    return name in run.settings and name in run.options and run.settings[name] != run.options[name]


def _layers(run: ReportedRun) -> Html:
    rows = layers(run)
    columns = [name for name in LAYER_COLUMNS if any(number(layer, name) is not None for layer in rows)]
    shown = [
        [text(layer, "name"), text(layer, "kind"), *(LAYER_COLUMNS[name](number(layer, name)) for name in columns)]
        for layer in rows
    ]
    heads = ["layer", "kind", *(name.replace("_", " ").replace("t m", "t_m") for name in columns)]
    return table(f"Layers of {run.name}", heads, shown, texts=range(2))


def plugin_figures(figures: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Where each figure stands that plugins have measured, and the figure: objects may hold others."""
    if isinstance(figures, Mapping) and len(path) < MOST_DEEP:
        return [found for key, value in figures.items() for found in plugin_figures(value, (*path, str(key)))]
    return [(path, figures)] if path else []


def _plugin_figures(run: ReportedRun, found: list[tuple[tuple[str, ...], Any]]) -> Html:
    rows = [
        [
            path[0],
            ", ".join(path[1:]),
            spelled(value) if number({"": value}, "") is None else plain(number({"": value}, "")),
        ]
        for path, value in found[:MOST_FIGURES]
    ]
    shown = table(f"Figures of plugins, {run.name}", ["metric", "of", "value"], rows, texts=range(2))
    return join(
        [shown, tag("p", f"{len(found) - len(rows)} more are in metrics.json.") if len(found) > len(rows) else ""]
    )


def _pairs(facts: Mapping[str, Html]) -> Html:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items()), class_="pairs")


def _plugin(plugin: Any) -> str:
    if not isinstance(plugin, Mapping):
        return spelled(plugin)
    name, package, version = (spelled(plugin.get(key, "")) for key in ("name", "package", "version"))
    return f"{name} ({package} {version})"


def spelled(value: Any) -> str:
    """A setting as it is read."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return DASH
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
