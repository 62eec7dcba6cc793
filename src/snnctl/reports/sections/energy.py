"""Operations and the energy they would take."""

from __future__ import annotations

from collections.abc import Mapping

from snnctl.reports.facts import Absent, Facts, Section, number, text
from snnctl.reports.markup import Html, join, table, tag
from snnctl.reports.numbers import DASH, count, energy, percent
from snnctl.reports.sections.summary import anchor

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
    )
    kept = [place for place, _ in enumerate(heads) if place == 0 or any(row[place] != DASH for row in rows)]
    shown = table("Operations an image", [heads[i] for i in kept], [[row[i] for i in kept] for row in rows])
    return Section("energy", title, join([tag("p", "Per image, on average."), shown, *_assumptions(facts)]))


def _assumptions(facts: Facts) -> list[Html]:
    figures = (run.metrics.get("energy") for run in facts.runs)
    found = dict.fromkeys(text(each, "assumption") for each in figures if isinstance(each, Mapping))
    return [tag("p", f"Energy is an estimate: {words}.", class_="note") for words in found if words]
