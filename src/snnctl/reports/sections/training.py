"""Curves of training."""

from __future__ import annotations

from snnctl.reports.charts import Series, alone, line_panel
from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, curves, number
from snnctl.reports.markup import Html, figure, join, tag
from snnctl.reports.numbers import enumerated
from snnctl.reports.spans import accuracy_span

CHARTS = (("loss", ("loss", "val_loss"), False), ("accuracy", ("accuracy", "val_accuracy"), True))
NAMES = {"loss": "training", "accuracy": "training", "val_loss": "test images", "val_accuracy": "test images"}


def training(facts: Facts) -> Section | Absent:
    """Loss and accuracy by epoch, of training dashed."""
    title = "Training"
    charts = [chart for name, figures, percent in CHARTS if (chart := _chart(facts, name, figures, percent))]
    if not charts:
        return Absent(title, "No run was trained.")
    return Section("training", title, join([*_notes(facts), tag("div", *charts, class_="pair")]))


def epochs_before(facts: Facts, run: ReportedRun) -> int:
    """How many epochs its network had been trained for before, as far as the runs of the report know."""
    by_name = {other.name: other for other in facts.runs}
    done, seen = 0, {run.name}
    source = by_name.get(run.source)
    while source is not None and source.name not in seen:
        seen.add(source.name)
        done += len(source.history)
        source = by_name.get(source.source)
    return done


def _notes(facts: Facts) -> list[Html]:
    """What fine-tuning continues, and where that is not known."""
    tuned = [run for run in facts.runs if run.verb == "finetune" and run.history]
    known = [run.name for run in tuned if epochs_before(facts, run)]
    unknown = [run.name for run in tuned if run.name not in known]
    words = [f"Epochs of {enumerated(known)} follow those of the training they continue."] if known else []
    if unknown:
        words.append(f"Epochs of {enumerated(unknown)} count from the beginning of fine-tuning.")
    return [tag("p", " ".join(words))] if words else []


def _chart(facts: Facts, name: str, figures: tuple[str, ...], percent: bool) -> Html:
    series = [
        Series(f"{run.name}, {NAMES[figure_]}", epochs, values, (), not figure_.startswith("val_"), facts.colour(run))
        for run in facts.runs
        for figure_, epochs, values in curves(run, figures, epochs_before(facts, run))
    ]
    if not series:
        return Html("")
    title = f"{name.capitalize()} by epoch"
    images = [count for run in facts.runs if run.history and (count := number(run.metrics, "images")) is not None]
    values = [value for one in series for value in one.y]
    least = accuracy_span(values, min(images, default=None)) if percent else 0.0
    return figure(
        alone(line_panel(title, "epoch", name, series, percent_y=percent, least=least), inline=True), title, title
    )
