"""The rules by which a network converts: snnctl's own and those of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.verbs.result import Run

if TYPE_CHECKING:
    import keras

    from snnctl.conversion.settings import SpikingSettings


def layer_rules(run: Run) -> dict[type, Any]:
    """The rules of plugins, by layer class; what a broken plugin did is told as a warning."""
    from snnctl.conversion.rules import default_rules

    return run.registry.layer_rules(default_rules(), warn=run.reporter.warn)


def spiking_form(model: keras.Model, settings: SpikingSettings, run: Run) -> keras.Model:
    """The spiking network of a ReLU network, with open windows.

    Raises:
        ConversionError: layers that cannot be converted.
        PluginError: a plugin's rule failed.
    """
    from snnctl.conversion.build import build_spiking

    return build_spiking(model, settings, rules=layer_rules(run))
