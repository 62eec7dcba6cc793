"""What a report is made of, and careful reading of it: files of runs may hold anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snnctl.reports.charts import Spikes, Trajectory
from snnctl.reports.markup import Html

CONSTRAINTS = {
    "noise": "noise {}",
    "time_bits": "time {} bits",
    "weight_bits": "weights {} bits",
    "threshold_bits": "thresholds {} bits",
    "latency_quantile": "quantile {}",
}

BESIDE = frozenset({"export", "gradients", "sweep", "trajectory"})
"""Verbs whose results are shown elsewhere: they do not measure one network."""


@dataclass(frozen=True)
class ReportedRun:
    """A run, as its folder says.

    Args:
        name: what the report calls it; no two runs have the same.
        folder: its path, as given.
        verb: what was done.
        metrics: of ``metrics.json``.
        history: of ``history.csv``: figures by name, one dict an epoch; None where a figure is missing.
        steps: of ``trajectory.csv``: likewise, one dict a step.
        source: the name of the run, of those in the report, whose network it took; empty if it is not among them.
        options: as given.
        settings: resolved.
        seed: of initialisation and shuffling.
        versions: of packages.
        plugins: that were loaded.
        command: the command line.
        started: ISO 8601.
        duration: seconds.
    """

    name: str
    folder: str
    verb: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Mapping[str, float | None]] = ()
    steps: Sequence[Mapping[str, float | None]] = ()
    source: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)
    plugins: Sequence[Any] = ()
    command: Sequence[Any] = ()
    started: str = ""
    duration: float = 0.0

    @property
    def spiking(self) -> bool:
        """Whether its network is a spiking one."""
        return self.metrics.get("type") == "snn"


@dataclass(frozen=True)
class TracedImage:
    """What a network did with one image.

    Args:
        run: the run's name.
        index: of the image in its split.
        split: "test" or "train".
        label: its class.
        prediction: the network's answer.
        populations: spikes, in the order in which they fire.
        neurons: potentials of a few.
        outputs: potentials of the readout, one a class, of many the highest.
        winner: which of them is the highest.
        t_read: when it is read.
        picture: a PNG file; None if the sample is no picture.
        size: of the picture in pixels, (width, height).
    """

    run: str
    index: int
    split: str
    label: int
    prediction: int
    populations: Sequence[Spikes]
    neurons: Sequence[Trajectory]
    outputs: Sequence[Trajectory]
    winner: int
    t_read: float
    picture: bytes | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Facts:
    """Everything a report is made of.

    Args:
        title: of the report.
        runs: in the order in which they are shown.
        made: when, as it is to be read.
        version: of snnctl.
        class_names: by data set; may lack some.
        traced: the image that is shown; None if none is.
        missing: what could not be had, and why: (what, reason).
    """

    title: str
    runs: Sequence[ReportedRun]
    made: str = ""
    version: str = ""
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    traced: TracedImage | None = None
    missing: Sequence[tuple[str, str]] = ()

    def names_of(self, run: ReportedRun, classes: int) -> list[str]:
        """The names of the classes of a run's data; their numbers if they have none."""
        names = list(self.class_names.get(text(run.settings, "data"), ()))
        return names if len(names) == classes else [str(index) for index in range(classes)]

    def class_name(self, run: ReportedRun, index: int) -> str:
        """The name of a class of a run's data; its number if it has none."""
        names = self.class_names.get(text(run.settings, "data"), ())
        return names[index] if 0 <= index < len(names) else str(index)

    def place(self, run: ReportedRun) -> int:
        """Its place in the report."""
        return next(place for place, other in enumerate(self.runs) if other.name == run.name)

    def colour(self, run: ReportedRun) -> int:
        """Which colour it has in all charts; runs that measure one network come first, as few colours are as good."""
        ordered = sorted(self.runs, key=lambda other: other.verb in BESIDE)
        return next(place for place, other in enumerate(ordered) if other.name == run.name)


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        id: its anchor.
        title: its heading.
        body: what it says.
    """

    id: str
    title: str
    body: Html


@dataclass(frozen=True)
class Absent:
    """A part that is left out.

    Args:
        title: what it would have been.
        reason: why, a sentence.
    """

    title: str
    reason: str


def number(mapping: Mapping[str, Any], *path: str) -> float | None:
    """The finite number at ``path``; None if there is none."""
    value: Any = mapping
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def text(mapping: Mapping[str, Any], key: str) -> str:
    """The text at ``key``; empty if there is none."""
    value = mapping.get(key)
    return value if isinstance(value, str) else ""


def objects(mapping: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects in the list at ``key``."""
    value = mapping.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def layers(run: ReportedRun) -> list[Mapping[str, Any]]:
    """What was measured of the input and of each layer, in the order in which they fire."""
    first = run.metrics.get("input")
    return [*([first] if isinstance(first, Mapping) else []), *objects(run.metrics, "layers")]


def matrix(run: ReportedRun) -> list[list[int]] | None:
    """The confusion matrix; None if there is none, or none that is square."""
    rows = run.metrics.get("confusion_matrix")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        return None
    whole = all(isinstance(count, int) and 0 <= count < 2**53 for row in rows for count in row)
    return rows if whole and all(len(row) == len(rows) for row in rows) else None


def constraints(run: ReportedRun) -> list[str]:
    """What the network was constrained by, in words."""
    words = ((words, constraint(run, key)) for key, words in CONSTRAINTS.items())
    return [words.format(f"{value:g}") for words, value in words if value]


def constraint(run: ReportedRun, key: str) -> float | None:
    """One of the constraints of the run's network; None if it has none of that kind."""
    named = run.metrics.get("constraints")
    return number(named if isinstance(named, Mapping) else run.settings, key)


def curves(
    run: ReportedRun, names: Sequence[str], done: int = 0
) -> Iterator[tuple[str, list[float], list[float | None]]]:
    """Of each of the figures that the history has: name, epochs (from ``done`` on), values."""
    for name in names:
        values = [epoch.get(name) for epoch in run.history]
        if any(value is not None for value in values):
            yield name, [float(done + epoch) for epoch in range(1, len(values) + 1)], values
