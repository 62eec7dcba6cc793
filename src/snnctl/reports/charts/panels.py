"""Charts without the document around them, so that several can be below each other in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.frame import WIDTH, head
from snnctl.reports.charts.svg import document, element, number

TOP = 6.0  # above a chart without a title
SPACE = 18.0  # between charts


@dataclass(frozen=True)
class Panel:
    """A chart as elements.

    Args:
        title: says what is shown.
        words: the same as a description.
        body: elements, from :data:`TOP` on.
        height: to its lower end.
    """

    title: str
    words: str
    body: str
    height: float


def alone(panel: Panel, inline: bool = False) -> str:
    """One chart as SVG; see :func:`~snnctl.reports.charts.svg.document`."""
    if inline:
        return document(panel.title, panel.words, WIDTH, panel.height, panel.body, inline)
    body, height = _placed(panel, 0.0)
    return document(panel.title, panel.words, WIDTH, height, body)


def stacked(title: str, panels: Sequence[Panel]) -> str:
    """Charts below each other, each with its title, as one SVG file.

    Args:
        title: of the whole.
        panels: from top to bottom.
    """
    parts, top = [], 0.0
    for panel in panels:
        body, bottom = _placed(panel, top)
        parts.append(body)
        top = bottom + SPACE
    words = " ".join(f"{panel.title}: {panel.words}" for panel in panels)
    return document(title, words, WIDTH, max(top - SPACE, 1.0), "".join(parts))


def _placed(panel: Panel, top: float) -> tuple[str, float]:
    """A chart below its title, and where it ends."""
    titled, height = head(panel.title, inline=False)
    shift = f"translate(0 {number(height - TOP)})"
    body = titled + element("g", panel.body, transform=shift)
    return (
        element("g", body, transform=f"translate(0 {number(top)})") if top else body,
        top + height - TOP + panel.height,
    )
