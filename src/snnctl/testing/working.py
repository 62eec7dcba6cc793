"""The verbs at work with what is checked, as commands would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.plugins import Registry
from snnctl.progress import Reporter, SilentReporter
from snnctl.testing.findings import require
from snnctl.testing.tiny import NAME
from snnctl.verbs.result import Given, Result, Run

FIGURES = ("accuracy", "loss", "spikes_per_neuron")


def work(
    verb: str,
    registry: Registry,
    *,
    out: Path | None = None,
    given: Given | None = None,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """What ``snnctl VERB`` does with these options.

    Args:
        verb: its name.
        registry: what the options can name.
        out: the folder to write to; None writes nothing.
        given: objects in place of files.
        reporter: receives notes and warnings.
        options: of the verb.

    Raises:
        SnnctlError: whatever is wrong.
    """
    from snnctl.verbs.execute import execute
    from snnctl.verbs.validation import check_names, make_options

    done = registry.verb(verb)
    made = make_options(done.options, options)
    given = given or Given()
    check_names(made, registry, given)
    result, _ = execute(done, made, Run(registry, reporter or SilentReporter(), given), out=out)
    if result.failure is not None:
        raise result.failure
    return result


def train_tiny(registry: Registry, out: Path | None = None, **options: Any) -> Result:
    """A training of the small network on the small data set."""
    given = {"arch": NAME, "data": NAME, "epochs": 2, "batch_size": 16, "lr": 0.01, **options}
    return work("train", registry, out=out, **given)


def spiking_run(registry: Registry, folder: Path) -> Path:
    """The run folder of a small spiking network, made in ``folder``."""
    train_tiny(unmeasured(registry), folder / "snn", type="snn", epochs=1)
    return folder / "snn"


def unmeasured(registry: Registry) -> Registry:
    """The registry without metrics, for trainings whose figures nobody asks for: measuring takes most of the time."""
    return replace(registry, metric_hooks=())


def require_same_figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Say which figure of a network changed between its training and its next measurement.

    Raises:
        Wrong: one did.
    """
    for name in FIGURES:
        one, other = before.get(name), after.get(name)
        same = one == other or (one is not None and other is not None and np.isclose(one, other, rtol=1e-4))
        require(same, f"{name} was {one}, and is {other} when the network is opened again")
