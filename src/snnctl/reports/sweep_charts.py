"""A chart of a sweep: a figure over one axis, beside the network without constraints, of both stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts import Level, Panel, Series, line_panel
from snnctl.reports.spans import accuracy_span
from snnctl.reports.sweep_words import AXES, UNCONSTRAINED, is_logarithmic

LABELS = {"accuracy": "accuracy", "latency": "latency (τ_c)"}
TUNED, UNTUNED = 0, 1  # colours of the stages


@dataclass(frozen=True)
class References:
    """A figure of the network without constraints.

    Args:
        before: as it is; None if not known.
        after: fine-tuned without constraints, which is what fine-tuned points are compared with; None without.
    """

    before: float | None
    after: float | None

    def levels(self, coloured: bool = True) -> list[Level]:
        """A line for each, in the colour of the curve that it belongs to, or in that of the text."""
        tuned, untuned = (TUNED, UNTUNED if self.after is not None else TUNED) if coloured else (None, None)
        lines = []
        if self.after is not None:
            lines.append(Level(f"{UNCONSTRAINED}, fine-tuned", self.after, tuned))
        if self.before is not None:
            lines.append(Level(UNCONSTRAINED, self.before, untuned, dotted=True))
        return lines


def sweep_panel(
    title: str,
    axis: str,
    figure: str,
    curves: Sequence[Series],
    levels: Sequence[Level],
    images: float | None,
) -> Panel:
    """The chart.

    Args:
        title: says what is shown.
        axis: a key of :data:`~snnctl.reports.sweep_words.AXES`.
        figure: "accuracy" or "latency".
        curves: of the constrained network.
        levels: of the unconstrained one.
        images: that the accuracies were measured on; None if not known.
    """
    log = is_logarithmic(axis, [value for one in curves for value in one.x])
    values = [value for one in curves for value in one.y] + [level.y for level in levels]
    least = accuracy_span(values, images) if figure == "accuracy" else 0.0
    return line_panel(
        title, AXES[axis], LABELS[figure], curves, log_x=log, percent_y=figure == "accuracy", levels=levels, least=least
    )


def differ(curves: Sequence[Series], levels: Sequence[Level]) -> bool:
    """Whether there is anything to be seen: a value that is not that of all others."""
    values = {value for one in curves for value in one.y if value is not None and value == value}
    return len(values | {level.y for level in levels}) > 1
