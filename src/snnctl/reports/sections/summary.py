"""The figures that matter most, at the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from snnctl.reports.facts import BESIDE, Facts, ReportedRun, constraints, number, text
from snnctl.reports.markup import Html, html, join, table, tag
from snnctl.reports.numbers import DASH, count, energy, percent, plain

PRICES = "AC / MAC (pJ)"  # prices of operations

TEXTS = frozenset({"run", "what", "data", "constraints"})  # columns that are no numbers
Column = tuple[str, Callable[[ReportedRun], str]]  # cells are texts or Html


def prices(run: ReportedRun) -> str:
    """What an accumulate and a multiply-accumulate are taken to cost; a dash without an estimate of energy."""
    ac, mac = (number(run.metrics, "energy", key) for key in ("ac_pj", "mac_pj"))
    return DASH if ac is None or mac is None else f"{ac:g} / {mac:g}"


def _constraints(run: ReportedRun) -> Html:
    parts = [tag("span", words, class_="whole") for words in constraints(run)]
    return join(parts, ", ") if parts else html(DASH)


DATA = "data"
COLUMNS: Sequence[Column] = (
    ("accuracy", lambda run: percent(number(run.metrics, "accuracy"))),
    ("what", lambda run: kind(run)),
    (DATA, lambda run: text(run.settings, "data") or DASH),
    ("constraints", _constraints),
    ("images", lambda run: count(number(run.metrics, "images"))),
    ("top 5", lambda run: percent(number(run.metrics, "top5_accuracy"))),
    ("agreement", lambda run: percent(number(run.metrics, "agreement"))),
    ("spikes per neuron", lambda run: plain(number(run.metrics, "spikes_per_neuron"), 3)),
    ("latency (τ_c)", lambda run: plain(number(run.metrics, "latency"))),
    ("last spike (τ_c)", lambda run: plain(number(run.metrics, "last_spike", "mean"))),
    ("synaptic operations", lambda run: count(number(run.metrics, "synaptic_operations"))),
    ("energy", lambda run: energy(number(run.metrics, "energy", "spiking_nj"))),
    (PRICES, prices),
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
    link = tag("a", run.name, href=f"#{anchor(facts, run)}")
    spiking = [other for other in runs if other.spiking and number(other.metrics, "accuracy") is not None]
    words = [" ", "The last run of a spiking network, " if len(spiking) > 1 else "", link]
    words += [", classifies " if len(spiking) > 1 else " classifies ", percent(accuracy), " of ", _images(run)]
    spikes, latency = number(run.metrics, "spikes_per_neuron"), number(run.metrics, "latency")
    if spikes is not None and latency is not None:
        words.append(f" with {plain(spikes, 3)} spikes per neuron, and answers after {plain(latency)} τ_c")
    return join([first, *words, ".", *_better(facts, run, spiking)])


def _images(run: ReportedRun) -> str:
    """How many images of which data set it was measured on."""
    images, split, data = number(run.metrics, "images"), text(run.metrics, "split"), text(run.settings, "data")
    many = "the" if images is None else count(images)
    return " ".join(part for part in (many, split, "images", f"of {data}" if data else "") if part)


def _better(facts: Facts, run: ReportedRun, spiking: Sequence[ReportedRun]) -> list[object]:
    """The spiking run with the highest accuracy on the same data set, if the one shown is not it."""
    same = [other for other in spiking if text(other.settings, "data") == text(run.settings, "data")]
    best = max(same, key=lambda other: number(other.metrics, "accuracy") or 0.0, default=run)
    highest = number(best.metrics, "accuracy")
    if highest is None or highest <= (number(run.metrics, "accuracy") or 0.0):
        return []
    link = tag("a", best.name, href=f"#{anchor(facts, best)}")
    data = text(best.settings, "data")
    where = f" Of the spiking networks on {data}, the most accurate is " if data else " The most accurate is "
    return [where, link, f" with {percent(highest)}."]


def key_figures(facts: Facts) -> Html:
    """The figures of one run, large; nothing if it has none."""
    run = shown_first(facts)
    images = number(run.metrics, "images")
    on = "" if images is None else f" on {count(images)} images"
    figures = [
        (f"accuracy{on}", percent(number(run.metrics, "accuracy"))),
        ("predictions as the ReLU network", percent(number(run.metrics, "agreement"))),
        ("spikes per neuron", plain(number(run.metrics, "spikes_per_neuron"), 3)),
        ("latency, τ_c", plain(number(run.metrics, "latency"), 3)),
        ("energy an image (estimate)", energy(number(run.metrics, "energy", "spiking_nj"))),
    ]
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in figures if value != DASH]
    return tag("dl", *shown, class_="key") if len(shown) > 1 else Html("")


def comparison(facts: Facts) -> Html:
    """All runs that measure one network, a line each; columns that none has are left out, as are equal prices."""
    runs = [run for run in facts.runs if run.verb not in BESIDE]
    others = [run for run in facts.runs if run.verb in BESIDE]
    words = "Energies at different prices of operations (AC, MAC) cannot be compared."
    note = tag("p", words, class_="note") if prices_differ(runs) else ""
    return join([_table(facts, runs) if runs else "", note, _others(facts, others) if others else ""])


def prices_differ(runs: Sequence[ReportedRun]) -> bool:
    """Whether estimates of energy cannot be compared, as operations are taken to cost differently."""
    return len({prices(run) for run in runs} - {DASH}) > 1


def _table(facts: Facts, runs: Sequence[ReportedRun]) -> Html:
    same = {PRICES: not prices_differ(runs), DATA: len({text(run.settings, "data") for run in runs}) < 2}
    cells = {name: [cell(run) for run in runs] for name, cell in COLUMNS if not same.get(name, False)}
    shown = [name for name, column in cells.items() if any(value != DASH for value in column)]
    rows = [
        [tag("a", run.name, href=f"#{anchor(facts, run)}"), *(cells[name][place] for name in shown)]
        for place, run in enumerate(runs)
    ]
    heads = ["run", *shown]
    return table("All runs", heads, rows, texts=[place for place, name in enumerate(heads) if name in TEXTS])


def _others(facts: Facts, runs: Sequence[ReportedRun]) -> Html:
    links = [join([tag("a", run.name, href=f"#{anchor(facts, run)}"), f" ({run.verb})"]) for run in runs]
    return tag("p", "Further runs: ", join(links, ", "), ".", class_="note")


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
