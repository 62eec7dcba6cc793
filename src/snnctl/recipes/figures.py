"""The figures of a step that can be compared: the main ones, and those of plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from snnctl.plugins.own import OWN
from snnctl.plugins.verb import code_package
from snnctl.recipes.plan import Step

MAIN = (
    "accuracy",
    "top5_accuracy",
    "agreement",
    "max_logit_difference",
    "spikes_per_neuron",
    "saturated",
    "latency",
    "loss",
)
"""snnctl's own, in their order."""


def figures_of(step: Step, metrics: Mapping[str, Any]) -> dict[str, int | float]:
    """The numbers among what a step found: :data:`MAIN`, then those of plugins' metrics as ``metric.figure``.

    Of a plugin's own step all its figures count. Lists and figures within figures are left out.

    Args:
        step: of the recipe.
        metrics: what it found.
    """
    found = {key: metrics[key] for key in MAIN if _is_number(metrics.get(key))}
    if code_package(step.verb) != OWN:
        found |= {key: value for key, value in metrics.items() if _is_number(value)}
    of_plugins = metrics.get("plugins")
    for metric, figures in (of_plugins if isinstance(of_plugins, Mapping) else {}).items():
        if isinstance(figures, Mapping):
            found |= {f"{metric}.{key}": value for key, value in figures.items() if _is_number(value)}
    return found


def in_order(names: Iterable[str]) -> list[str]:
    """Names of figures, each once: :data:`MAIN` first, others as they come."""
    given = dict.fromkeys(names)
    return [key for key in MAIN if key in given] + [key for key in given if key not in MAIN]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
