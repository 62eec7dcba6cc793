"""The conversion rules that plugins bring."""

from __future__ import annotations

from typing import Any

from snnctl.verbs.plugin_objects import register_with_keras
from snnctl.verbs.result import Run


def layer_rules(run: Run) -> dict[type, Any]:
    """The rules of all plugins, by layer class; what a broken plugin did is told as a warning.

    Ask for them before the network is opened: a plugin that names its layer classes registers them with Keras, and a
    file that holds such a layer can be read only then. Their neuron models and constraints are registered here as well.
    """
    from snnctl.conversion.rules import default_rules

    register_with_keras(run.registry)
    return run.registry.layer_rules(default_rules(), warn=run.reporter.warn)
