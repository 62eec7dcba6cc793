"""What a verb is given and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.progress import Reporter, SilentReporter
from snnctl.verbs.unfinished import Unfinished

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Given:
    """What a caller in Python hands over as objects, where the options could only name files.

    Args:
        model: the network; None if the options name it.
        calibration: what to calibrate on: an array, a ``tf.data.Dataset``, or a function that makes a generator.
        labels: the labels of ``calibration``, if that is an array.
    """

    model: keras.Model | None = None
    calibration: Any = None
    labels: Any = None


@dataclass(frozen=True)
class Run:
    """What a verb works with besides its options.

    Args:
        registry: the data sets and architectures, by name.
        reporter: where progress, notes and warnings go.
        given: objects in place of files.
        unfinished: where a verb that can be resumed keeps what it has found; None if it need not.
    """

    registry: Registry
    reporter: Reporter = field(default_factory=SilentReporter)
    given: Given = field(default_factory=Given)
    unfinished: Unfinished | None = None


@dataclass(frozen=True)
class Result:
    """What a verb found.

    Args:
        verb: the name of the verb: "train", "convert", ...
        metrics: figures by name; plain numbers, strings, lists and dicts only (written as ``metrics.json``).
        settings: the resolved options: defaults filled in, data set and preprocessing named.
        model: the network to be saved; None of a verb that makes none.
        history: one dict of figures per epoch; empty when nothing was trained.
        failure: what was required and not reached; raised when everything is written and shown.
        files: further files of the run folder, by name.
    """

    verb: str
    metrics: dict[str, Any]
    settings: dict[str, Any]
    model: keras.Model | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    failure: SnnctlError | None = None
    files: Mapping[str, str | bytes] = field(default_factory=dict)
