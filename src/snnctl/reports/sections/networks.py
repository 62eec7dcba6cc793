"""A ReLU network and its spiking forms side by side: gradients before training, and the course of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, number, objects, text
from snnctl.reports.markup import Html, figure, join, table, tag
from snnctl.reports.network_charts import distance_chart, gradient_chart, jacobian_chart, loss_chart
from snnctl.reports.numbers import percent, plain

LOSS, DISTANCE = "_loss", "_distance"
Network = Mapping[str, Any]


def networks(facts: Facts) -> Section | Absent:
    """The charts of each run of ``gradients`` or ``trajectory``."""
    title = "Networks side by side"
    parts = [part for run in facts.runs if (part := _of_run(run))]
    if not parts:
        return Absent(title, "No run compares them (`snnctl gradients`, `snnctl trajectory`).")
    return Section("networks", title, join(parts))


def _of_run(run: ReportedRun) -> Html:
    found = [network for network in objects(run.metrics, "networks") if text(network, "neuron")]
    if not found or run.verb not in ("gradients", "trajectory"):
        return Html("")
    shown = _gradients(run, found) if run.verb == "gradients" else _trajectory(run, found)
    return join([tag("h3", f"{run.name}: {run.verb}"), shown])


def _gradients(run: ReportedRun, found: Sequence[Network]) -> Html:
    arch = text(run.settings, "arch")
    clean = [{"neuron": text(network, "neuron"), "layers": _layers(network)} for network in found]
    charts = [("Gradient of the loss, layer by layer", gradient_chart(clean, arch, inline=True))]
    spectra = jacobian_chart(clean, arch, inline=True)
    if spectra is not None:
        charts.append(("Singular values of the Jacobian from the input to each layer", spectra))
    words = "Before training; gradients are with respect to spike times, of ReLU to activations. "
    words += "ReLU is drawn broad, so that networks with the same values can be seen on top of it."
    return join([tag("p", words), _pair(run, charts)])


def _layers(network: Network) -> list[dict[str, Any]]:
    """Of each layer what is drawn."""
    return [
        {
            "activation_gradient": number(layer, "activation_gradient"),
            "depth": {end: number(layer, "depth", end) for end in ("largest", "smallest")}
            if isinstance(layer.get("depth"), Mapping)
            else None,
        }
        for layer in objects(network, "layers")
    ]


def _trajectory(run: ReportedRun, found: Sequence[Network]) -> Html:
    arch = text(run.settings, "arch")
    rows = [
        [
            text(network, "neuron"),
            plain(number(network, "loss"), 3),
            percent(number(network, "accuracy")),
            plain(number(network, "distance"), 3),
            plain(number(network, "largest_distance"), 3),
            plain(number(network, "cosine"), 6),
        ]
        for network in found
    ]
    heads = ["network", "last loss", "accuracy", "distance from ReLU", "largest distance", "cosine"]
    shown = table(f"Networks of {run.name}", heads, rows)
    names = [text(network, "neuron") for network in found]
    distances, losses = (_curves(run, names, ending) for ending in (DISTANCE, LOSS))
    charts = [("Distance of the weights from the ReLU network's", distance_chart(distances, arch, inline=True))]
    charts.append(("Loss while training", loss_chart(losses, arch, inline=True)))
    return join(
        [shown, _pair(run, charts) if run.steps else tag("p", "trajectory.csv, which holds the curves, is missing.")]
    )


def _curves(run: ReportedRun, names: Sequence[str], ending: str) -> dict[str, list[float | None]]:
    heads = dict.fromkeys(head for step in run.steps[:1] for head in step)
    return {name: [step.get(name + ending) for step in run.steps] for name in names if name + ending in heads}


def _pair(run: ReportedRun, charts: Sequence[tuple[str, str]]) -> Html:
    return tag("div", *(figure(chart, title, f"{title}: {run.name}") for title, chart in charts), class_="pair")
