"""Whether the event-driven simulator finds the same spikes as the layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, number
from snnctl.reports.markup import Html, join, table, tag
from snnctl.reports.numbers import count, percent, plain
from snnctl.reports.sections.summary import anchor

HEADS = (
    "run",
    "images",
    "same predictions",
    "spikes",
    "different",
    "largest time difference (τ_c)",
    "synaptic operations",
    "different operations",
)


def simulation(facts: Facts) -> Section | Absent:
    """A verdict and the figures of each run that was simulated."""
    title = "Spike by spike"
    found = [(run, figures) for run in facts.runs if isinstance(figures := run.metrics.get("simulator"), Mapping)]
    if not found:
        return Absent(title, "No run was simulated event by event (`snnctl eval --simulator events`).")
    rows = [
        [
            tag("a", run.name, href=f"#{anchor(facts, run)}"),
            count(number(figures, "images")),
            percent(number(figures, "agreement")),
            count(number(figures, "spikes")),
            count(number(figures, "different_spikes")),
            plain(number(figures, "largest_time_difference"), 3),
            count(number(figures, "synaptic_operations")),
            count(number(figures, "different_synaptic_operations")),
        ]
        for run, figures in found
    ]
    verdicts = [_verdict(run, figures) for run, figures in found]
    return Section("simulation", title, join([*verdicts, table("Event-driven simulation", HEADS, rows)]))


def _verdict(run: ReportedRun, figures: Mapping[str, Any]) -> Html:
    """Whether spikes and predictions are the same, in a sentence."""
    images, spikes, different, wrong, late = (
        number(figures, key)
        for key in ("images", "spikes", "different_spikes", "different_predictions", "largest_time_difference")
    )
    words = f"The event-driven simulation of {run.name}"
    if different is None:
        return tag("p", f"{words} does not count differing spikes.")
    all_spikes = f"of {count(spikes)} spikes" if spikes is not None else "of the spikes"
    words += " fires the same spikes" if different == 0 else f" differs in {count(different)} {all_spikes}"
    words += f" on {count(images)} images" if images is not None else ""
    if wrong is not None:
        words += ", with the same predictions" if wrong == 0 else f", with {count(wrong)} different predictions"
    words += f"; times differ by at most {plain(late, 2)} τ_c" if late is not None else ""
    return tag("p", f"{words}.")
