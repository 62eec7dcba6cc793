"""A warning that a network computes NaN or infinity under what plugins do to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from snnctl.progress import Reporter
from snnctl.verbs.result import Result


def warn_of_unbounded(result: Result, reporter: Reporter) -> None:
    """Say which figures are no finite numbers, and which constraints and neurons of plugins are in force.

    Args:
        result: of any verb.
        reporter: takes the warning; there is none if the figures are finite.
    """
    figures = [name for name, value in result.metrics.items() if isinstance(value, float) and not math.isfinite(value)]
    if not figures:
        return
    names = _of_plugins(result)
    causes = f"; in force: {', '.join(names)}" if names else ""
    reporter.warn(
        f"{', '.join(figures)} {'is' if len(figures) == 1 else 'are'} NaN or infinite: outputs of the network are no "
        f"finite numbers, and its accuracy means nothing{causes}"
    )


def _of_plugins(result: Result) -> list[str]:
    """The constraints and the neuron of plugins that the result was found under."""
    hardware = result.metrics.get("constraints")
    constraints: Any = hardware.get("constraint") if isinstance(hardware, Mapping) else None
    names = [f"hardware constraint {name}" for name in (constraints or result.settings.get("constraint") or {})]
    neuron = result.metrics.get("neuron", result.settings.get("neuron"))
    if isinstance(neuron, str) and ":" in neuron:
        names.append(f"neuron model {neuron}")
    return names
