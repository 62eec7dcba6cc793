"""Load every plugin in isolation: a broken one is named in the registry and disturbs nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import metadata
from types import MappingProxyType
from typing import Any

import pluggy

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError
from snnctl.plugins import hookspecs
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.checks import check_architecture, check_dataset
from snnctl.plugins.guard import guard
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.layer_rules import HOOK as LAYER_RULES
from snnctl.plugins.metrics import HOOK as METRICS
from snnctl.plugins.registry import PluginInfo, PluginProblem, Registry

GROUP = "snnctl"
DISABLE = "SNNCTL_DISABLE_PLUGINS"


@dataclass(frozen=True)
class Source:
    """A plugin before it is imported."""

    name: str
    package: str
    version: str
    load: Callable[[], Any]


@dataclass
class Collector:
    """Gathers what plugins register, one plugin at a time."""

    manager: pluggy.PluginManager
    datasets: dict[str, Dataset] = field(default_factory=dict)
    architectures: dict[str, Architecture] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    plugins: list[PluginInfo] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)
    rule_hooks: list[LateHook] = field(default_factory=list)
    metric_hooks: list[LateHook] = field(default_factory=list)

    def add(self, source: Source) -> None:
        """Import one plugin and call its hooks, but for those that may need Keras."""
        before = len(self.problems)
        datasets: list[str] = []
        architectures: list[str] = []
        rules = metrics = False
        if self._import(source):
            datasets = self._call(source, "register_datasets", "data set", self.datasets, check_dataset)
            architectures = self._call(
                source, "register_architectures", "architecture", self.architectures, check_architecture
            )
            rules = self._keep(source, LAYER_RULES, self.rule_hooks)
            metrics = self._keep(source, METRICS, self.metric_hooks)
        errors = [problem.message for problem in self.problems[before:]]
        self.plugins.append(
            PluginInfo(
                name=source.name,
                package=source.package,
                version=source.version,
                datasets=tuple(datasets),
                architectures=tuple(architectures),
                layer_rules=rules,
                metrics=metrics,
                error="; ".join(errors) or None,
            )
        )

    def _import(self, source: Source) -> bool:
        name = _full_name(source)
        try:
            with guard("cannot be loaded", passed=()):
                self.manager.register(source.load(), name)
                self.manager.check_pending()
        except PluginError as error:
            self._blame(source, "", error.what)
            if self.manager.has_plugin(name):
                self.manager.unregister(name=name)
            return False
        if not self.manager.get_hookcallers(self.manager.get_plugin(name)):
            self._blame(source, "", "implements no hook of snnctl (is @hookimpl missing?)")
            return False
        return True

    def _call(self, source: Source, hook: str, kind: str, things: dict[str, Any], check: Callable) -> list[str]:
        """Call ``hook`` of this plugin only; returns the names it added."""
        added: list[str] = []

        def register(thing: Any) -> None:
            try:
                with guard(f"registers a broken {kind}", passed=(PluginError,)):
                    name = check(thing).name
                self._refuse_taken(kind, name, things)
            except PluginError as error:
                self._blame(source, hook, error.what)
                return
            things[name] = thing
            self.owners[kind, name] = source.package
            added.append(name)

        try:
            with guard(f"{hook} fails", passed=()):
                self._call_only(source, hook, register)
        except PluginError as error:
            self._blame(source, hook, error.what)
        return added

    def _call_only(self, source: Source, hook: str, register: Callable) -> None:
        """Call ``hook`` of this plugin and of no other."""
        mine = self.manager.get_plugin(_full_name(source))
        others = [plugin for plugin in self.manager.get_plugins() if plugin is not mine]
        self.manager.subset_hook_caller(hook, others)(register=register)

    def _keep(self, source: Source, hook: str, hooks: list[LateHook]) -> bool:
        """Keep a hook of the plugin for later; returns whether it has it."""
        callers = self.manager.get_hookcallers(self.manager.get_plugin(_full_name(source))) or []
        if hook not in {caller.name for caller in callers}:
            return False
        hooks.append(LateHook(source.package, source.name, lambda register: self._call_only(source, hook, register)))
        return True

    def _refuse_taken(self, kind: str, name: str, things: dict[str, Any]) -> None:
        if name in things:
            raise PluginError(f"{kind} '{name}' is already provided by {self.owners[kind, name]}")

    def _blame(self, source: Source, hook: str, message: str) -> None:
        self.problems.append(PluginProblem(source.package, source.name, hook, message))


def load_registry(*, builtins: bool = True, entry_points: bool = True) -> Registry:
    """The registry of everything that is installed. Imports no TensorFlow unless a plugin does.

    Args:
        builtins: whether snnctl's own data sets and architectures are in it.
        entry_points: whether other packages' are; ``SNNCTL_DISABLE_PLUGINS=1`` leaves them out, too.
    """
    manager = pluggy.PluginManager("snnctl")
    manager.add_hookspecs(hookspecs)
    collector = Collector(manager)
    if builtins:
        collector.add(Source("builtin", "snnctl", _version("snnctl"), _load_builtin))
    if entry_points and os.environ.get(DISABLE, "") in ("", "0"):
        with redirect_stdout(sys.stderr):  # stdout belongs to the results
            for source in _third_party():
                collector.add(source)
    return Registry(
        datasets=MappingProxyType(collector.datasets),
        architectures=MappingProxyType(collector.architectures),
        owners=MappingProxyType(collector.owners),
        plugins=collector.plugins,
        problems=collector.problems,
        rule_hooks=tuple(collector.rule_hooks),
        metric_hooks=tuple(collector.metric_hooks),
    )


def _load_builtin() -> Any:
    import snnctl.builtin

    return snnctl.builtin


def _third_party() -> list[Source]:
    """Every entry point of the group, in an order that does not depend on the file system."""
    found: dict[tuple[str, str], Source] = {}
    for distribution in metadata.distributions():
        for source in _sources(distribution):
            found.setdefault((source.package, source.name), source)
    return [source for _, source in sorted(found.items())]


def _sources(distribution: metadata.Distribution) -> list[Source]:
    """The plugins of one installed package; unreadable metadata counts as one that cannot be loaded."""
    place = str(getattr(distribution, "_path", "?"))
    try:
        with guard("its metadata cannot be read", passed=()):
            if f"[{GROUP}]" not in (distribution.read_text("entry_points.txt") or ""):
                return []
            package, version = distribution.name or place, distribution.version or "?"
            points = distribution.entry_points.select(group=GROUP)
            return [Source(point.name, package, version, point.load) for point in points]
    except PluginError as error:
        return [Source("?", place, "?", _raiser(error))]


def _raiser(error: BaseException) -> Callable[[], Any]:
    def load() -> Any:
        raise error

    return load


def _full_name(source: Source) -> str:
    return f"{source.package}:{source.name}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
