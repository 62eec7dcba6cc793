"""Curves of training."""

from __future__ import annotations

from snnctl.reports.charts import Series, line_chart
from snnctl.reports.facts import Absent, Facts, Section, curves
from snnctl.reports.markup import Html, figure, tag

CHARTS = (("loss", ("loss", "val_loss"), False), ("accuracy", ("accuracy", "val_accuracy"), True))
NAMES = {"loss": "training", "accuracy": "training", "val_loss": "validation", "val_accuracy": "validation"}


def training(facts: Facts) -> Section | Absent:
    """Loss and accuracy by epoch, of training dashed."""
    title = "Training"
    charts = [chart for name, figures, percent in CHARTS if (chart := _chart(facts, name, figures, percent))]
    if not charts:
        return Absent(title, "No run was trained.")
    return Section("training", title, tag("div", *charts, class_="pair"))


def _chart(facts: Facts, name: str, figures: tuple[str, ...], percent: bool) -> Html:
    series = [
        Series(f"{run.name}, {NAMES[figure_]}", epochs, values, (), not figure_.startswith("val_"), facts.place(run))
        for run in facts.runs
        for figure_, epochs, values in curves(run, figures)
    ]
    if not series:
        return Html("")
    title = f"{name.capitalize()} by epoch"
    return figure(line_chart(title, "epoch", name, series, percent_y=percent, inline=True), title, title)
