"""What is taken for what."""

from __future__ import annotations

from snnctl.reports.charts import confusion_matrix
from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, matrix
from snnctl.reports.markup import Html, details, figure, join, tag


def confusions(facts: Facts) -> Section | Absent:
    """A matrix for each run that has one; the last is open."""
    title = "Confusions"
    found = [(run, counts) for run in facts.runs if (counts := matrix(run)) is not None]
    if not found:
        return Absent(title, "The runs hold no confusion matrix; `snnctl eval` makes one.")
    parts = [tag("p", "Rows are labels, columns predictions; what is right lies on the diagonal.")]
    for run, counts in found:
        parts.append(details(run.name, _figure(facts, run, counts), opened=run is found[-1][0]))
    return Section("confusions", title, join(parts))


def _figure(facts: Facts, run: ReportedRun, counts: list[list[int]]) -> Html:
    name = f"Confusions of {run.name}"
    chart = confusion_matrix(name, counts, facts.names_of(run, len(counts)), inline=True)
    return figure(chart, "The darker, the larger the part of the row.", name)
