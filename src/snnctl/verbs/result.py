"""What a verb is given and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snnctl.plugins import Registry
from snnctl.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Run:
    """What a verb works with besides its options.

    Args:
        registry: the data sets and architectures, by name.
        reporter: where progress, notes and warnings go.
    """

    registry: Registry
    reporter: Reporter = field(default_factory=SilentReporter)


@dataclass(frozen=True)
class Result:
    """What a verb found.

    Args:
        verb: "train", "convert", "finetune" or "eval".
        metrics: figures by name; plain numbers, strings, lists and dicts only (written as ``metrics.json``).
        settings: the resolved options: defaults filled in, data set and preprocessing named.
        model: the network to be saved; None for ``eval``.
        history: one dict of figures per epoch; empty when nothing was trained.
    """

    verb: str
    metrics: dict[str, Any]
    settings: dict[str, Any]
    model: keras.Model | None = None
    history: list[dict[str, float]] = field(default_factory=list)
