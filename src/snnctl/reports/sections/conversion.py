"""How exactly the spiking network computes what the ReLU network does."""

from __future__ import annotations

from snnctl.reports.facts import Absent, Facts, Section, number, text
from snnctl.reports.markup import Html, join, table, tag
from snnctl.reports.numbers import DASH, count, percent, plain
from snnctl.reports.sections.summary import anchor


def conversion(facts: Facts) -> Section | Absent:
    """Agreement and differences of every conversion that was verified."""
    title = "Conversion"
    runs = [run for run in facts.runs if number(run.metrics, "agreement") is not None]
    if not runs:
        return Absent(title, "No run compares a spiking network with the ReLU network it was made from.")
    rows = []
    for run in runs:
        figures = run.metrics
        rows.append(
            [
                tag("a", run.name, href=f"#{anchor(facts, run)}"),
                percent(number(figures, "agreement")),
                count(number(figures, "different_predictions")),
                percent(number(figures, "source_accuracy")),
                percent(number(figures, "accuracy")),
                plain(number(figures, "max_logit_difference"), 3),
                plain(number(figures, "mean_logit_difference"), 3),
                plain(number(figures, "largest_logit"), 3),
            ]
        )
    heads = [
        "run",
        "same predictions",
        "different",
        "accuracy, ReLU",
        "accuracy, spiking",
        "largest logit difference",
        "mean difference",
        "largest logit",
    ]
    kept = [place for place, _ in enumerate(heads) if place == 0 or any(row[place] != DASH for row in rows)]
    shown = table("Conversions", [heads[i] for i in kept], [[row[i] for i in kept] for row in rows])
    return Section("conversion", title, join([_sentence(facts), shown]))


def _sentence(facts: Facts) -> Html:
    words = []
    for run in facts.runs:
        different, images = number(run.metrics, "different_predictions"), number(run.metrics, "images")
        if different is None or images is None:
            continue
        where = f" of {text(run.metrics, 'verified_on')}" if text(run.metrics, "verified_on") else ""
        answer = "every one" if different == 0 else f"all but {count(different)}"
        words.append(f"{run.name} predicts the same as its ReLU network on {answer} of {count(images)} images{where}.")
    return tag("p", " ".join(words)) if words else Html("")
