"""Who fires when: the spikes of all populations for one image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.frame import WIDTH, colour, head
from snnctl.reports.charts.svg import document, element, escape, label, number, shortened
from snnctl.reports.charts.timebase import TimeAxis, draw_times, time_axis

MOST_NEURONS = 300  # of a population that are drawn
LABELS = 122.0  # width
GAP = 10.0


@dataclass(frozen=True)
class Spikes:
    """A population's spikes.

    Args:
        name: the layer's.
        times: absolute, one a neuron, in tau_c; None, NaN or infinite where it is silent.
        t_min: beginning of its window.
        t_max: end of its window.
    """

    name: str
    times: Sequence[float | None]
    t_min: float
    t_max: float


def raster(title: str, populations: Sequence[Spikes], *, t_read: float | None = None, inline: bool = False) -> str:
    """A dot for each spike: time to the right, populations below each other, as SVG.

    Of a population with more than :data:`MOST_NEURONS` neurons, that many are drawn, evenly spread over it.

    Args:
        title: says what is shown.
        populations: in the order in which they fire.
        t_read: when the outputs are read; None if that is not to be shown.
        inline: see :func:`~snnctl.reports.charts.svg.document`.
    """
    titled, top = head(title, inline)
    ends = [time for one in populations for time in (one.t_min, one.t_max)]
    axis = time_axis([*ends, *([] if t_read is None else [t_read])], LABELS, WIDTH - 24)
    y = top + 8
    bands = []
    for place, one in enumerate(populations):
        height = _height(len(one.times))
        bands.append(_band(one, axis, y, height, colour(place)))
        y += height + GAP
    if not populations:
        bands.append(label("no spikes", (LABELS + WIDTH) / 2, y + 20, "muted", "middle"))
        y += 40
    body = titled + draw_times(axis, top + 2, y) + "".join(bands)
    return document(title, _description(populations), WIDTH, y + 52, body, inline)


def fired(times: Sequence[float | None]) -> list[float]:
    """The times of those that are not silent."""
    return [time for time in times if time is not None and math.isfinite(time)]


def _height(neurons: int) -> float:
    return min(max(12.0 + 3 * min(neurons, 12), 0.4 * neurons), 110.0)


def _band(one: Spikes, axis: TimeAxis, top: float, height: float, c: int) -> str:
    start, end = axis(one.t_min), axis(one.t_max)
    window = element("rect", x=start, y=top, width=end - start, height=height, class_="window")
    name = shortened(one.name, LABELS - 24, 12)
    words = escape(f"{len(fired(one.times)):,} of {len(one.times):,}".replace(",", " "))
    parts = [
        window,
        label(name, LABELS - 12, top + height / 2 - 2, "small", "end"),
        element("text", words, x=LABELS - 12, y=top + height / 2 + 13, class_="small muted", text_anchor="end"),
    ]
    if dots := _dots(one, axis, top, height):
        size = 3.5 if len(one.times) <= 60 else 2.25
        parts.append(element("path", d=dots, class_=f"dots s{c}", stroke_width=size))
    return element("g", *parts)


def _dots(one: Spikes, axis: TimeAxis, top: float, height: float) -> str:
    """One path of dots: lines without length, whose round ends are seen; each is told from where the last one was."""
    neurons = len(one.times)
    drawn = range(neurons) if neurons <= MOST_NEURONS else [i * neurons // MOST_NEURONS for i in range(MOST_NEURONS)]
    path, x, y = [], 0, 0  # in tenths of a pixel, so that rounding does not add up
    for neuron in drawn:
        time = one.times[neuron]
        if time is None or not math.isfinite(time):
            continue
        new_x = round(10 * axis(time))
        new_y = round(10 * (top + 3 + (height - 6) * (neuron + 0.5) / neurons))
        path.append(f"m{number((new_x - x) / 10)} {number((new_y - y) / 10)}h0")
        x, y = new_x, new_y
    return "".join(path)


def _description(populations: Sequence[Spikes]) -> str:
    parts = ["A dot for each spike."]
    for one in populations:
        times = fired(one.times)
        span = f", from {min(times):.4g} to {max(times):.4g}" if times else ""
        parts.append(f"{one.name}: {len(times)} of {len(one.times)} neurons fire{span}.")
    return " ".join(parts)
