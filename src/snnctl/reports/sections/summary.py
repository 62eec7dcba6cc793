"""The figures that matter most, at the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from snnctl.reports.facts import Facts, ReportedRun, constraints, number, text
from snnctl.reports.markup import Html, html, join, table, tag
from snnctl.reports.numbers import DASH, count, energy, percent, plain

Column = tuple[str, Callable[[ReportedRun], str]]

COLUMNS: Sequence[Column] = (
    ("constraints", lambda run: ", ".join(constraints(run)) or DASH),
    ("accuracy", lambda run: percent(number(run.metrics, "accuracy"))),
    ("top 5", lambda run: percent(number(run.metrics, "top5_accuracy"))),
    ("agreement", lambda run: percent(number(run.metrics, "agreement"))),
    ("spikes per neuron", lambda run: plain(number(run.metrics, "spikes_per_neuron"), 3)),
    ("latency (τ_c)", lambda run: plain(number(run.metrics, "latency"))),
    ("last spike (τ_c)", lambda run: plain(number(run.metrics, "last_spike", "mean"))),
    ("synaptic operations", lambda run: count(number(run.metrics, "synaptic_operations"))),
    ("energy", lambda run: energy(number(run.metrics, "energy", "spiking_nj"))),
    ("energy as ReLU", lambda run: energy(number(run.metrics, "energy", "relu_nj"))),
    ("saturated", lambda run: percent(number(run.metrics, "saturated"))),
)


def lede(facts: Facts) -> Html:
    """What the report is about, in a sentence or two."""
    runs = facts.runs
    data = sorted({name for run in runs if (name := text(run.settings, "data"))})
    many = "One run" if len(runs) == 1 else f"{len(runs)} runs"
    first = f"{many} on {', '.join(data)}." if data else f"{many}."
    run = shown_first(facts)
    accuracy = number(run.metrics, "accuracy")
    if accuracy is None:
        return html(first)
    images, split = number(run.metrics, "images"), text(run.metrics, "split")
    words = [" ", tag("a", run.name, href=f"#{anchor(facts, run)}"), f" classifies {percent(accuracy)}"]
    words.append(f" of {count(images)} {split} images" if images is not None else f" of the {split} images")
    spikes, latency = number(run.metrics, "spikes_per_neuron"), number(run.metrics, "latency")
    if spikes is not None and latency is not None:
        words.append(f" with {plain(spikes, 3)} spikes per neuron, and answers after {plain(latency)} τ_c")
    return join([first, *words, "."])


def key_figures(facts: Facts) -> Html:
    """The figures of one run, large; nothing if it has none."""
    run = shown_first(facts)
    compared = [other for other in facts.runs if number(other.metrics, "agreement") is not None]
    source = run if run in compared else compared[-1] if compared else run
    of_other = "" if source is run else f", {source.name}"
    figures = [
        ("accuracy", percent(number(run.metrics, "accuracy"))),
        (f"predictions as the ReLU network{of_other}", percent(number(source.metrics, "agreement"))),
        ("spikes per neuron", plain(number(run.metrics, "spikes_per_neuron"), 3)),
        ("latency, τ_c", plain(number(run.metrics, "latency"), 3)),
        ("energy an image (estimate)", energy(number(run.metrics, "energy", "spiking_nj"))),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in figures if value != DASH]
    return tag("dl", *shown, class_="key") if len(shown) > 1 else Html("")


def comparison(facts: Facts) -> Html:
    """All runs, a line each; columns that no run has are left out."""
    cells = {name: [cell(run) for run in facts.runs] for name, cell in COLUMNS}
    shown = [name for name, column in cells.items() if any(value != DASH for value in column)]
    rows = [
        [tag("a", run.name, href=f"#{anchor(facts, run)}"), kind(run), *(cells[name][place] for name in shown)]
        for place, run in enumerate(facts.runs)
    ]
    return table("All runs", ["run", "what", *shown], rows, texts=2 + ("constraints" in shown))


def kind(run: ReportedRun) -> str:
    """Verb and type of network."""
    network = {"snn": "spiking", "relu": "ReLU"}.get(text(run.metrics, "type"), "")
    return ", ".join(part for part in (run.verb, network) if part)


def shown_first(facts: Facts) -> ReportedRun:
    """The run that the report begins with: the last spiking one with an accuracy, or else the last."""
    spiking = [run for run in facts.runs if run.spiking and number(run.metrics, "accuracy") is not None]
    measured = [run for run in facts.runs if number(run.metrics, "accuracy") is not None]
    return (spiking or measured or list(facts.runs))[-1]


def anchor(facts: Facts, run: ReportedRun) -> str:
    """Where the report tells everything about a run."""
    return f"run-{facts.place(run) + 1}"
