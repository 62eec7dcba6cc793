"""Operations and the energy they would take."""

from __future__ import annotations

from collections.abc import Mapping

from snnctl.reports.facts import Absent, Facts, Section, number, text
from snnctl.reports.markup import Html, join, table, tag
from snnctl.reports.numbers import DASH, count, energy, percent
from snnctl.reports.sections.summary import PRICES, anchor, prices, prices_differ

ENERGIES = ("spiking", "relu", "relu_nonzero")


def operations(facts: Facts) -> Section | Absent:
    """Synaptic operations and multiplications, the estimate of energy and what it assumes."""
    title = "Operations and energy"
    runs = [
        run
        for run in facts.runs
        if any(number(run.metrics, key) is not None for key in ("synaptic_operations", "macs"))
    ]
    if not runs:
        return Absent(title, "The runs count no operations; `snnctl eval` does.")
    rows = []
    for run in runs:
        spiking, relu, nonzero = (number(run.metrics, "energy", f"{key}_nj") for key in ENERGIES)
        rows.append(
            [
                tag("a", run.name, href=f"#{anchor(facts, run)}"),
                count(number(run.metrics, "synaptic_operations")),
                count(number(run.metrics, "relay_synaptic_operations")),
                count(number(run.metrics, "macs")),
                count(number(run.metrics, "nonzero_macs")),
                energy(spiking),
                energy(relu),
                energy(nonzero),
                percent(spiking / relu, 1) if spiking is not None and relu else DASH,
                prices(run) if prices_differ(runs) else DASH,
                count(number(run.metrics, "images")),
            ]
        )
    heads = (
        "run",
        "synaptic operations",
        "of relays",
        "MACs, ReLU",
        "with non-zero input",
        "energy, spiking",
        "energy, ReLU",
        "non-zero only",
        "spiking / ReLU",
        PRICES,
        "images",
    )
    kept = [place for place, _ in enumerate(heads) if place == 0 or any(row[place] != DASH for row in rows)]
    shown = table("Operations an image", [heads[i] for i in kept], [[row[i] for i in kept] for row in rows])
    return Section("energy", title, join([tag("p", "Per image, on average."), shown, *_assumptions(facts)]))


def _assumptions(facts: Facts) -> list[Html]:
    """What the estimates assume, each with the runs that do if they differ."""
    found: dict[str, list[str]] = {}
    for run in facts.runs:
        figures = run.metrics.get("energy")
        if isinstance(figures, Mapping) and (words := text(figures, "assumption")):
            found.setdefault(words, []).append(run.name)
    several = len(found) > 1
    return [
        tag("p", f"Energy{' of ' + ', '.join(names) if several else ''} is an estimate: {words}.", class_="note")
        for words, names in found.items()
    ]
