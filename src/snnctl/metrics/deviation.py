"""How far two simulations of the same neurons differ, batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnctl.metrics.network import SpikeSource
from snnctl.metrics.predictions import by_class
from snnctl.ttfs.timeline import Window

PARTS = {"float64": 1e-9, "float32": 1e-4}
SAME = 1e-12  # of t_max: rounding on the absolute time axis


@dataclass(frozen=True)
class Difference:
    """What two simulations do not agree on.

    Args:
        layer: name of the layer.
        neuron: index in its shape.
        image: number of the image.
        one: what the network does there, in words.
        other: what the event-driven simulation does.
    """

    layer: str
    neuron: tuple[int, ...]
    image: int
    one: str
    other: str

    def __str__(self) -> str:
        """The first sentence of an error."""
        neuron = self.neuron[0] if len(self.neuron) == 1 else self.neuron
        return (
            f"layer '{self.layer}', neuron {neuron}, image {self.image}: TensorFlow has {self.one}, the event-driven "
            f"simulation {self.other}"
        )


def tolerance(window: Window, dtype: str) -> float:
    """By how much spike times may differ, in tau_c.

    float64: 1e-9, or that part of the window if it is wider than 1. float32: 1e-4 of the window.
    """
    return PARTS[dtype] * (max(window.width, 1.0) if dtype == "float64" else window.width)


class RunningDeviation:
    """Compares the spike times of one layer; a spike may be missing only if it is *borderline*, at the window's end.

    Args:
        source: the layer; with a window.
        dtype: precision of the network.
        saturates: whether a spike at the window's start is a saturated one.
    """

    def __init__(self, source: SpikeSource, dtype: str, saturates: bool) -> None:
        assert source.window is not None
        self.source, self.window = source, source.window
        self.tolerance = tolerance(source.window, dtype)
        self.largest = 0.0
        self.spikes = self.different = self.borderline = 0
        self.saturated = [0, 0]
        self.first: Difference | None = None
        self._saturates = saturates

    def add(self, image: int, one: np.ndarray, other: np.ndarray) -> None:
        """Absolute spike times of some images, (n, neurons) each, infinity for silence.

        Args:
            image: number of the first.
            one: as TensorFlow has them.
            other: as the event-driven simulation has them.
        """
        fired, simulated = np.isfinite(one), np.isfinite(other)
        both, single = fired & simulated, fired != simulated
        gaps = np.abs(np.where(both, one, 0.0) - np.where(both, other, 0.0))
        late = np.where(fired, one, other) >= self.window.t_max - self.tolerance
        self.spikes += int(np.count_nonzero(fired))
        self.different += int(np.count_nonzero(single))
        self.borderline += int(np.count_nonzero(single & late))
        self.largest = max(self.largest, float(gaps.max(initial=0.0)))
        if self._saturates:
            start = self.window.t_min + SAME * self.window.t_max
            self.saturated = [
                count + int(np.count_nonzero(times <= start))
                for count, times in zip(self.saturated, (one, other), strict=True)
            ]
        wrong = (single & ~late) | ~(gaps <= self.tolerance)
        if self.first is None and wrong.any():
            row, neuron = (int(index) for index in np.argwhere(wrong)[0])
            where = tuple(int(index) for index in np.unravel_index(neuron, self.source.shape))
            said = _spike(one[row, neuron]), _spike(other[row, neuron])
            self.first = Difference(self.source.name, where, image + row, *said)

    def figures(self) -> dict[str, Any]:
        """Of the layer, as plain data."""
        return {
            "name": self.source.name,
            "kind": self.source.kind,
            "spikes": self.spikes,
            "different_spikes": self.different,
            "borderline_spikes": self.borderline,
            "largest_time_difference": self.largest,
            "largest_relative_difference": self.largest / self.window.width,
        }


def first_difference(layer: str, image: int, one: np.ndarray, other: np.ndarray, dtype: str) -> Difference | None:
    """Of potentials that were read, (n, \\*outputs) each: beyond 1e-9 (float32: 1e-4) of the largest, or of 1."""
    limit = PARTS[dtype] * max(1.0, float(np.abs(one).max(initial=0.0)))
    wrong = ~(np.abs(one - other) <= limit)
    if not wrong.any():
        return None
    row, *where = (int(index) for index in np.argwhere(wrong)[0])
    at = (row, *where)
    return Difference(layer, tuple(where), image + row, f"a potential of {one[at]:.12g}", f"{other[at]:.12g}")


def tied_predictions(one: np.ndarray, other: np.ndarray, dtype: str) -> int:
    """How many predictions differ only because the best logits are equal but for rounding.

    Few bits make ties: weights that are rounded to few levels give the same logit twice.

    Args:
        one: logits (n, \\*outputs, classes) of a network; a single column decides by its sign.
        other: those of the other.
        dtype: precision; logits that differ by less than in :func:`first_difference` are tied.
    """
    first, second = (by_class(logits) for logits in (one, other))
    best, others_best = (logits.argmax(axis=-1)[..., None] for logits in (first, second))
    limit = PARTS[dtype] * max(1.0, float(np.abs(one).max(initial=0.0)))
    tied = [
        np.abs(np.take_along_axis(logits, best, -1) - np.take_along_axis(logits, others_best, -1)) <= limit
        for logits in (first, second)
    ]
    return int(np.count_nonzero((best != others_best) & tied[0] & tied[1]))


def _spike(t: float) -> str:
    return f"a spike at {t:.12g}" if np.isfinite(t) else "no spike"
