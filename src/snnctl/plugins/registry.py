"""The registry: every data set and architecture by name, layer rules, metrics, and what became of each plugin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.layer_rules import HOOK, LayerRule, collect_rules
from snnctl.plugins.metrics import HOOK as METRICS
from snnctl.plugins.metrics import MetricEntry, collect_metrics
from snnctl.plugins.nearest import nearest

Thing = TypeVar("Thing", Dataset, Architecture)


@dataclass(frozen=True)
class PluginProblem:
    """Something a plugin did wrong; the rest of snnctl works without it.

    Args:
        package: the distribution that declares the entry point.
        entry_point: the entry point's name.
        hook: the hook it happened in; empty for the import.
        message: what happened, one line.
    """

    package: str
    entry_point: str
    hook: str
    message: str

    def __str__(self) -> str:
        """The problem in one line."""
        return f"plugin {self.entry_point} ({self.package}): {self.message}"


@dataclass(frozen=True)
class PluginInfo:
    """A plugin and what it adds.

    Args:
        name: the entry point's name.
        package: the distribution that declares it.
        version: the distribution's version.
        datasets: names of the data sets it adds.
        architectures: names of the architectures it adds.
        layer_rules: whether it has a hook for layer rules; which ones is not known before it is called.
        metrics: whether it has a hook for metrics; likewise.
        error: what went wrong; None when nothing did.
    """

    name: str
    package: str
    version: str
    datasets: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    layer_rules: bool = False
    metrics: bool = False
    error: str | None = None


@dataclass(frozen=True)
class Registry:
    """Looks up data sets and architectures by ``name`` or ``package:name``.

    Args:
        datasets: by name.
        architectures: by name.
        owners: (kind, name) -> package, kind being "data set" or "architecture".
        plugins: one entry for each plugin, the built-in one first.
        problems: what broken plugins did; grows when layer rules and metrics are asked for.
        rule_hooks: the plugins' hooks for layer rules, not called yet.
        metric_hooks: likewise for metrics.
    """

    datasets: Mapping[str, Dataset] = field(default_factory=lambda: MappingProxyType({}))
    architectures: Mapping[str, Architecture] = field(default_factory=lambda: MappingProxyType({}))
    owners: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    plugins: list[PluginInfo] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)
    rule_hooks: tuple[LateHook, ...] = ()
    metric_hooks: tuple[LateHook, ...] = ()

    def dataset(self, name: str) -> Dataset:
        """The data set called ``name``.

        Raises:
            PluginError: there is none; names the nearest one.
        """
        return self._find("data set", self.datasets, name, "snnctl data list")

    def architecture(self, name: str) -> Architecture:
        """The architecture called ``name``.

        Raises:
            PluginError: there is none; names the nearest one.
        """
        return self._find("architecture", self.architectures, name, "snnctl archs list")

    def layer_rules(
        self, builtin: Collection[type] = (), warn: Callable[[str], None] | None = None
    ) -> dict[type, LayerRule]:
        """The conversion rules of all plugins, by layer class. Calls their hooks, which import Keras.

        Args:
            builtin: layer classes that snnctl itself has rules for; a plugin's rule for one of them is a problem.
            warn: told every problem that is new, one line each.

        Returns:
            The rules. What a broken plugin did is in ``problems`` afterwards, and its good rules are here.
        """

        return collect_rules(self.rule_hooks, builtin, lambda hook, message: self.blame(hook, HOOK, message, warn))

    def metrics(self, warn: Callable[[str], None] | None = None) -> dict[str, MetricEntry]:
        """The metrics of snnctl and all plugins, by name. Calls their hooks, which may import Keras.

        Args:
            warn: told every problem that is new, one line each.
        """
        return collect_metrics(self.metric_hooks, lambda hook, message: self.blame(hook, METRICS, message, warn))

    def blame(self, plugin: LateHook, hook: str, message: str, warn: Callable[[str], None] | None = None) -> None:
        """Note what a plugin did wrong, and tell it if it is new.

        Args:
            plugin: which one.
            hook: the name of its hook.
            message: what happened, one line.
            warn: told the problem, one line.
        """
        problem = PluginProblem(plugin.package, plugin.entry_point, hook, message)
        if problem not in self.problems:
            self.problems.append(problem)
            if warn is not None:
                warn(str(problem))

    def _find(self, kind: str, things: Mapping[str, Thing], name: str, listing: str) -> Thing:
        package, _, short = name.rpartition(":")
        found = things.get(short)
        if found is not None and package in ("", self.owners.get((kind, short), "")):
            return found
        guess = nearest(short, things)
        hint = f"did you mean '{guess}'? " if guess else ""
        raise PluginError(f"no {kind} called '{name}'", todo=f"{hint}`{listing}` shows all{self._broken()}")

    def _broken(self) -> str:
        """A mention of broken plugins: the missing name may be theirs."""
        if not self.problems:
            return ""
        return f"; not loaded: {'; '.join(str(problem) for problem in self.problems[:2])}"
