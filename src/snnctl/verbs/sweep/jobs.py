"""What is to be measured for the points of a sweep, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snnctl.verbs.sweep.grid import Point, Setting

BEFORE, AFTER = "before", "after"
UNCONSTRAINED = Point(Setting(), None)
"""The network as it is: what every point is compared with, fine-tuned as well."""


@dataclass(frozen=True)
class Job:
    """One measurement.

    Args:
        setting: what is in force; points that differ only in what does nothing share it.
        stage: "before" or "after" fine-tuning.
        seed: of the jitter and of the shuffling in fine-tuning.
    """

    setting: Setting
    stage: str
    seed: int

    @property
    def key(self) -> str:
        """Its name among the rows that are kept."""
        values = [f"{name}={value!r}" for name, value in self.setting.values().items() if value is not None]
        return " ".join([self.stage, *values, f"seed={self.seed}"])


@dataclass(frozen=True)
class Plan:
    """How often a point is measured.

    Args:
        seed: the first seed.
        repeats: seeds of what is random.
        finetunes: whether each point is also measured after fine-tuning.
    """

    seed: int
    repeats: int
    finetunes: bool

    @property
    def stages(self) -> tuple[str, ...]:
        """In the order in which they are measured."""
        return (BEFORE, AFTER) if self.finetunes else (BEFORE,)

    def jobs(self, point: Point, stage: str) -> list[Job]:
        """One for each seed; a single one of what is not random: without noise and fine-tuning seeds change nothing."""
        setting = point.setting.effective
        repeats = self.repeats if stage == AFTER or setting.noise is not None else 1
        return [Job(setting, stage, self.seed + number) for number in range(repeats)]

    def all_jobs(self, points: Iterable[Point]) -> Sequence[Job]:
        """Those of the unconstrained network and all points, without repetitions, in the order of the points."""
        measured = [UNCONSTRAINED, *points]
        return list(dict.fromkeys(job for at in measured for stage in self.stages for job in self.jobs(at, stage)))
