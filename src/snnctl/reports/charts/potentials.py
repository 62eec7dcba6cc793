"""Membrane potentials over time: of a neuron up to its spike, and of all outputs up to the readout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.frame import WIDTH, colour, head
from snnctl.reports.charts.scales import Scale, make_scale
from snnctl.reports.charts.svg import document, element, escape, label, number, polyline, shortened, text_width
from snnctl.reports.charts.timebase import TimeAxis, draw_times, time_axis

PANEL = 200.0
OUTPUTS = 260.0
LEFT = 58.0


@dataclass(frozen=True)
class Trajectory:
    """A potential as straight pieces.

    Args:
        name: of the neuron or output.
        t: absolute times of the corners, ascending, in tau_c.
        V: potential at these.
        threshold: None for an output.
        t_min: beginning of its firing window; None for an output.
        t_max: end of it.
        spike: when it fires; None if it does not.
    """

    name: str
    t: Sequence[float]
    V: Sequence[float]
    threshold: float | None = None
    t_min: float | None = None
    t_max: float | None = None
    spike: float | None = None

    def words(self) -> str:
        """What it does."""
        return f"{self.name} stays silent." if self.spike is None else f"{self.name} fires at {self.spike:.4g} τ_c."


def neuron_potential(title: str, neuron: Trajectory, *, index: int = 0, inline: bool = False) -> str:
    """A neuron's potential with its threshold, window and spike, as SVG.

    Args:
        title: says what is shown.
        neuron: with a threshold and a window.
        index: colour.
        inline: see :func:`~snnctl.reports.charts.svg.document`.
    """
    titled, top = head(title, inline)
    top += 12
    base = top + PANEL
    marks = [] if neuron.threshold is None else [neuron.threshold]
    y = make_scale([*neuron.V, *marks], base, top, most=5)
    ends = [time for time in (neuron.t_min, neuron.t_max) if time is not None]
    axis = time_axis([*neuron.t[:1], *(ends or neuron.t[-1:])], LEFT, WIDTH - 24)
    c = colour(index)
    parts = [titled, _window(neuron, axis, y), _potential_axis(y, axis), draw_times(axis, top, base)]
    parts += [_threshold(neuron, y), _line(neuron, axis, y, f"curve s{c}")]
    if neuron.spike is not None and len(neuron.V):  # with jitter not at the threshold
        parts.append(element("circle", cx=axis(neuron.spike), cy=y(neuron.V[-1]), r=5, class_=f"marker s{c} f{c}"))
    return document(title, neuron.words(), WIDTH, base + 52, "".join(parts), inline)


def output_potentials(title: str, outputs: Sequence[Trajectory], winner: int, *, inline: bool = False) -> str:
    """The potentials of all outputs, the highest at the readout drawn thick and all named at their end, as SVG.

    Args:
        title: says what is shown.
        outputs: one a class.
        winner: which of them is the answer.
        inline: see :func:`~snnctl.reports.charts.svg.document`.
    """
    titled, top = head(title, inline)
    top += 12
    room = min(max((text_width(one.name, 12) for one in outputs), default=0), 120.0)
    y = make_scale([value for one in outputs for value in one.V], top + OUTPUTS, top)
    axis = time_axis([time for one in outputs for time in (one.t[0], one.t[-1]) if len(one.t)], LEFT, WIDTH - 30 - room)
    body = [titled, _potential_axis(y, axis), draw_times(axis, top, top + OUTPUTS)]
    for place in sorted(range(len(outputs)), key=lambda place: place == winner):
        body.append(_output(outputs[place], axis, y, place == winner))
    body.append(_names(outputs, winner, axis, y, room))
    words = f"At the readout {outputs[winner].name} is highest. " if outputs else "No outputs. "
    words += " ".join(f"{one.name}: {one.V[-1]:.4g}." for one in outputs if len(one.V))
    return document(title, words, WIDTH, top + OUTPUTS + 52, "".join(body), inline)


def _threshold(one: Trajectory, y: Scale) -> str:
    if one.threshold is None:
        return ""
    at = y(one.threshold) or 0.0
    line = element("path", d=f"M{number(LEFT)} {number(at)}H{number(WIDTH - 24)}", class_="axis dashed")
    below = at + 15 if at - y.end < 20 else at - 6
    return line + label(f"threshold {one.threshold:.4g}", LEFT + 6, below, "small muted")


def _window(one: Trajectory, axis: TimeAxis, y: Scale) -> str:
    if one.t_min is None or one.t_max is None:
        return ""
    left, right = axis(one.t_min), axis(one.t_max)
    return element("rect", x=left, y=y.end, width=right - left, height=y.start - y.end, class_="window")


def _potential_axis(y: Scale, axis: TimeAxis) -> str:
    parts = []
    for value, text in y.ticks:
        at = y(value) or 0.0
        parts.append(element("path", d=f"M{number(axis.left)} {number(at)}H{number(axis.right)}", class_="grid"))
        parts.append(label(text, axis.left - 8, at + 4, "small muted", "end"))
    parts.append(label("V", 12, (y.start + y.end) / 2 + 4, "small"))
    return "".join(parts)


def _line(one: Trajectory, axis: TimeAxis, y: Scale, class_: str) -> str:
    points = thinned([(axis(t), y(V) or 0.0) for t, V in zip(one.t, one.V, strict=True)])
    return element("path", element("title", escape(one.name)), d=polyline(points), class_=class_) if points else ""


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without those less than half a pixel from the one kept before; the last one is always kept."""
    kept = list(points[:1])
    for x, y in points[1:-1]:
        if abs(x - kept[-1][0]) >= 0.5 or abs(y - kept[-1][1]) >= 0.5:
            kept.append((x, y))
    return kept + list(points[1:][-1:])


def _output(one: Trajectory, axis: TimeAxis, y: Scale, wins: bool) -> str:
    return _line(one, axis, y, "curve winner s0" if wins else "curve other")


def _names(outputs: Sequence[Trajectory], winner: int, axis: TimeAxis, y: Scale, room: float) -> str:
    """The outputs' names at the end of their lines, moved apart where they would touch; the winner's always there."""
    ends = sorted((y(one.V[-1]) or 0.0, place) for place, one in enumerate(outputs) if len(one.V))
    shown = ends if len(ends) <= OUTPUTS // 15 else [end for end in ends if end[1] == winner]
    places = _moved_apart([at for at, _ in shown], 15, y.end, y.start)
    parts = []
    for (_, place), at in zip(shown, places, strict=True):
        class_ = "small strong" if place == winner else "small muted"
        parts.append(label(shortened(outputs[place].name, room, 12), axis.right + 8, at + 4, class_))
    return "".join(parts)


def _moved_apart(places: Sequence[float], space: float, low: float, high: float) -> list[float]:
    """Ascending places at least ``space`` apart, close to the given ones, between ``low`` and ``high``."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + space) if moved else max(place, low))
    limit = high
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - space
    return moved
