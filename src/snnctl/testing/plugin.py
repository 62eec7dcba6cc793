"""All checks of a plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from snnctl.errors import UsageError
from snnctl.plugins import PluginInfo, Registry
from snnctl.plugins.nearest import did_you_mean
from snnctl.plugins.options import declared_options
from snnctl.testing.architectures import examine_architecture
from snnctl.testing.callbacks import examine_callback
from snnctl.testing.commands import examine_command
from snnctl.testing.constraints import examine_constraint
from snnctl.testing.datasets import examine_dataset
from snnctl.testing.exporters import examine_exporter
from snnctl.testing.findings import Finding
from snnctl.testing.layer_rules import examine_layer_rule
from snnctl.testing.lookup import late_things, things_of
from snnctl.testing.metrics import examine_metric
from snnctl.testing.neuron_models import examine_neuron_model
from snnctl.testing.package import examine_package
from snnctl.testing.readers import examine_reader
from snnctl.testing.steps import examine_step
from snnctl.testing.trial import Trial

Examine = Callable[[Any, Trial], list[Finding]]

BY_KIND: dict[str, Examine] = {
    "datasets": examine_dataset,
    "architectures": examine_architecture,
    "neuron_models": lambda model, trial: examine_neuron_model(model),
    "constraints": examine_constraint,
    "exporters": examine_exporter,
    "readers": examine_reader,
    "callbacks": examine_callback,
    "steps": examine_step,
    "commands": lambda command, trial: examine_command(command),
}


def examine_plugin(plugin: PluginInfo, registry: Registry, trial: Trial) -> Iterator[Finding]:
    """All findings about a plugin, as they come.

    Args:
        plugin: which one.
        registry: everything that is installed.
        trial: options for what it adds; each is given to whatever has it.

    Raises:
        UsageError: an option that nothing of the plugin has.
    """
    _require_used(plugin, registry, trial)
    rules, metrics = late_things(plugin, registry)
    yield from examine_package(plugin, registry)
    for key, name in things_of(plugin):
        thing = registry.find(key, f"{plugin.package}:{name}")
        yield from BY_KIND[key](thing, trial)
    for layer, rule in rules:
        yield from examine_layer_rule(layer, rule)
    for metric in metrics:
        yield from examine_metric(metric, trial)


def _require_used(plugin: PluginInfo, registry: Registry, trial: Trial) -> None:
    """An option that nothing has is a mistake in the command."""
    known: set[str] = set()
    for key, name in things_of(plugin):
        thing = registry.find(key, f"{plugin.package}:{name}")
        known |= set(thing.options.model_fields) if key == "steps" else set(declared_options(thing))
    for name in trial.options:
        if name.replace("-", "_") not in known:
            hint = did_you_mean(name, sorted(known)) or f"known: {', '.join(sorted(known)) or 'none'}"
            raise UsageError(f"nothing of plugin '{plugin.name}' has an option '{name}'", todo=hint)
