"""Histograms side by side, each over a range of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.frame import WIDTH, colour, head
from snnctl.reports.charts.svg import document, element, escape, label, number, shortened

COLUMNS = 2
PANEL = 84.0  # height of the bars' area
ROW = 146.0


@dataclass(frozen=True)
class Histogram:
    """How often values fell into bins of equal width.

    Args:
        name: shown above.
        note: shown below the name, short.
        start: low end of the first bin.
        end: high end of the last bin.
        counts: one a bin.
    """

    name: str
    note: str
    start: float
    end: float
    counts: Sequence[float]


def histograms(
    title: str,
    x_label: str,
    panels: Sequence[Histogram],
    *,
    index: int = 0,
    columns: int = COLUMNS,
    inline: bool = False,
) -> str:
    """Histograms in a grid, each scaled to its own highest bin, as SVG.

    Args:
        title: says what is shown.
        x_label: name and unit of the values, for all of them.
        panels: in reading order.
        index: colour.
        columns: panels beside each other.
        inline: see :func:`~snnctl.reports.charts.svg.document`.
    """
    titled, top = head(title, inline)
    width = (WIDTH - 24 - 28 * (columns - 1)) / columns
    body = [titled]
    for place, panel in enumerate(panels):
        x = 12 + place % columns * (width + 28)
        body.append(_panel(panel, x, top + place // columns * ROW, width, colour(index)))
    rows = -(-len(panels) // columns)
    bottom = top + rows * ROW
    if not panels:
        body.append(label("no values", WIDTH / 2, top + 20, "muted", "middle"))
        bottom += 40
    body.append(label(x_label, WIDTH / 2, bottom + 12, "small", "middle"))
    return document(title, _description(x_label, panels), WIDTH, bottom + 22, "".join(body), inline)


def _panel(panel: Histogram, left: float, top: float, width: float, c: int) -> str:
    base = top + 40 + PANEL
    parts = [
        label(shortened(panel.name, width, 13), left, top + 14),
        label(shortened(panel.note, width, 12), left, top + 31, "small muted"),
    ]
    if path := _steps(panel.counts, left, base, width):
        text = element("title", escape(_words(panel)))
        parts.append(element("path", text, d=path, class_=f"histogram f{c} s{c}"))
    parts.append(element("path", d=f"M{number(left)} {number(base)}h{number(width)}", class_="axis"))
    parts.append(label(f"{panel.start:.4g}", left, base + 16, "small muted"))
    parts.append(label(f"{panel.end:.4g}", left + width, base + 16, "small muted", "end"))
    return element("g", *parts)


def _steps(counts: Sequence[float], left: float, base: float, width: float) -> str:
    """The outline of the bars; nothing if all are empty."""
    highest = max(counts, default=0)
    if highest <= 0:
        return ""
    step = width / len(counts)
    path = f"M{number(left)} {number(base)}"
    for place, count in enumerate(counts):
        path += f"V{number(base - PANEL * (count / highest))}H{number(left + (place + 1) * step)}"
    return path + f"V{number(base)}Z"


def _words(panel: Histogram) -> str:
    total = sum(panel.counts)
    if total <= 0:
        return f"{panel.name}: none."
    place = max(range(len(panel.counts)), key=lambda bin_: panel.counts[bin_])
    step = (panel.end - panel.start) / len(panel.counts)
    low = panel.start + place * step
    return (
        f"{panel.name}, {panel.start:.4g} to {panel.end:.4g}: most in the bin {low:.4g} to {low + step:.4g}, "
        f"{panel.counts[place] / total:.1%} of all."
    )


def _description(x_label: str, panels: Sequence[Histogram]) -> str:
    return f"Histograms of {x_label}. " + " ".join(_words(panel) for panel in panels)
