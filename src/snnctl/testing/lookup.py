"""Finding a plugin by any name it may be known by, and what it adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from snnctl.errors import PluginError
from snnctl.plugins import PluginInfo, Registry
from snnctl.plugins.kinds import KINDS
from snnctl.plugins.nearest import did_you_mean


def find_plugin(name: str, registry: Registry) -> PluginInfo:
    """The plugin of that name, or of the package of that name, or that adds something of that name.

    Raises:
        PluginError: there is none (names the nearest), or several.
    """
    for matches in (named_plugins(name, registry), _adding(name, registry)):
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = [f"{plugin.package}:{plugin.name}" for plugin in matches]
            raise PluginError(f"several plugins are meant by '{name}'", todo=f"write {' or '.join(names)}")
    known = {name for plugin in registry.plugins for name in (plugin.name, plugin.package)}
    hint = did_you_mean(name, sorted(known | {each for key in KINDS for each in registry.claims.get(key, {})}))
    raise PluginError(f"no plugin called '{name}'", todo=f"{hint} `snnctl plugins list` shows all".strip())


def named_plugins(name: str, registry: Registry) -> list[PluginInfo]:
    """The plugins of that name, or of a package of that name; ``package:plugin`` is one alone."""
    whole = [plugin for plugin in registry.plugins if f"{plugin.package}:{plugin.name}" == name]
    return whole or [plugin for plugin in registry.plugins if name in (plugin.name, plugin.package)]


def _adding(name: str, registry: Registry) -> list[PluginInfo]:
    package, _, short = name.rpartition(":")
    return [
        plugin
        for plugin in registry.plugins
        if package in ("", plugin.package) and any(short in names for names in plugin.adds.values())
    ]


def things_of(plugin: PluginInfo) -> list[tuple[str, str]]:
    """(key, name) of everything that the plugin has registered early."""
    return [(key, name) for key, names in plugin.adds.items() for name in names]


def late_things(plugin: PluginInfo, registry: Registry) -> tuple[list[tuple[Any, Any]], list[Any]]:
    """The layer rules, as (class, rule), and metrics of a plugin; calls its hooks, which may import Keras."""

    def mine(hooks: Any) -> tuple:
        return tuple(hook for hook in hooks if (hook.package, hook.entry_point) == (plugin.package, plugin.name))

    # A registry with the hooks of this plugin alone; its problems are noted in the one that is given.
    alone = replace(registry, rule_hooks=mine(registry.rule_hooks), metric_hooks=mine(registry.metric_hooks))
    rules = list(alone.layer_rules().items()) if alone.rule_hooks else []
    metrics = [entry.metric for entry in alone.metrics().values()] if alone.metric_hooks else []
    return rules, metrics
