"""Load every plugin in isolation: a broken one is named in the registry and disturbs nobody."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import metadata
from types import MappingProxyType
from typing import Any

import pluggy

from snnctl.errors import PluginError
from snnctl.plugins import hookspecs
from snnctl.plugins.guard import guard
from snnctl.plugins.kinds import KINDS, LATE, Kind
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.own import OWN
from snnctl.plugins.package_names import same_package
from snnctl.plugins.registry import Entry, PluginInfo, PluginProblem, Registry, sharing
from snnctl.plugins.undisturbed import undisturbed

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
    claims: dict[str, dict[str, list[Entry]]] = field(default_factory=lambda: {key: {} for key in KINDS})
    plugins: list[PluginInfo] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)
    late: dict[str, list[LateHook]] = field(default_factory=lambda: {key: [] for key in LATE})

    def add(self, source: Source) -> None:
        """Import one plugin and call its hooks, but for those that may need Keras."""
        before = len(self.problems)
        adds: dict[str, tuple[str, ...]] = {}
        late: list[str] = []
        if self._import(source):
            adds = {key: tuple(names) for key, kind in KINDS.items() if (names := self._call(source, kind))}
            late = [key for key in LATE if self._keep(source, key)]
        errors = [problem.message for problem in self.problems[before:]]
        self.plugins.append(
            PluginInfo(
                name=source.name,
                package=source.package,
                version=source.version,
                adds=MappingProxyType(adds),
                late=tuple(late),
                error="; ".join(errors) or None,
            )
        )

    def _import(self, source: Source) -> bool:
        name = _full_name(source)
        try:
            with guard("cannot be loaded", passed=()), undisturbed():
                module = source.load()
                _require_version(module)
                self.manager.register(module, name)
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

    def _call(self, source: Source, kind: Kind) -> list[str]:
        """Call the hook of this kind, of this plugin only; returns the names it added."""
        added: list[str] = []

        def register(thing: Any) -> None:
            try:
                with guard(f"registers a broken {kind.one}", passed=(PluginError,)):
                    name = kind.check(thing).name
                self._refuse_again(kind, name, source)
            except PluginError as error:
                self._blame(source, kind.hook, error.what)
                return
            if (conflict := self._conflict(kind, name, source)) is not None:
                self._blame(source, kind.hook, conflict)
            self.claims[kind.key].setdefault(name, []).append(Entry(thing, source.package))
            added.append(name)

        try:
            with guard(f"{kind.hook} fails", passed=()), undisturbed():
                self._call_only(source, kind.hook, register)
        except PluginError as error:
            self._blame(source, kind.hook, error.what)
        return added

    def _call_only(self, source: Source, hook: str, register: Callable) -> None:
        """Call ``hook`` of this plugin and of no other."""
        mine = self.manager.get_plugin(_full_name(source))
        others = [plugin for plugin in self.manager.get_plugins() if plugin is not mine]
        self.manager.subset_hook_caller(hook, others)(register=register)

    def _keep(self, source: Source, key: str) -> bool:
        """Keep a hook of the plugin for later; returns whether it has it."""
        hook = f"register_{key}"
        callers = self.manager.get_hookcallers(self.manager.get_plugin(_full_name(source))) or []
        if hook not in {caller.name for caller in callers}:
            return False
        self.late[key].append(
            LateHook(source.package, source.name, lambda register: self._call_only(source, hook, register))
        )
        return True

    def _refuse_again(self, kind: Kind, name: str, source: Source) -> None:
        """A package cannot have two things of one name, not even with the package before it.

        Raises:
            PluginError: it has.
        """
        if any(same_package(entry.package, source.package) for entry in self._claimants(kind, name)):
            raise PluginError(f"{kind.one} '{name}' is registered twice by {source.package}")

    def _conflict(self, kind: Kind, name: str, source: Source) -> str | None:
        """What is to be said of a name that another package has, too; the thing stays to be had as ``package:name``."""
        others = self._claimants(kind, name)
        if not others:
            return None
        mine = f"{source.package}:{name}"
        if others[0].package == OWN:
            return f"{kind.one} '{name}' is already provided by {OWN}; write {mine} for this one"
        theirs = " and ".join(entry.package for entry in others)
        choices = " or ".join([*(f"{entry.package}:{name}" for entry in others), mine])
        return f"{kind.one} '{name}' is provided by {theirs}, too; write {choices}"

    def _claimants(self, kind: Kind, name: str) -> list[Entry]:
        """Who has the name; steps and commands share the command line."""
        return [entry for key in sharing(kind.key) for entry in self.claims[key].get(name, ())]

    def _blame(self, source: Source, hook: str, message: str) -> None:
        self.problems.append(PluginProblem(source.package, source.name, hook, message))


def load_registry(*, builtins: bool = True, entry_points: bool = True) -> Registry:
    """The registry of everything that is installed. Imports no TensorFlow unless a plugin does.

    Args:
        builtins: whether what snnctl brings along is in it.
        entry_points: whether other packages' are; ``SNNCTL_DISABLE_PLUGINS=1`` leaves them out, too.
    """
    manager = pluggy.PluginManager("snnctl")
    manager.add_hookspecs(hookspecs)
    collector = Collector(manager)
    if builtins:
        collector.add(Source("builtin", OWN, _version(OWN), _load_builtin))
    if entry_points and os.environ.get(DISABLE, "") in ("", "0"):
        with redirect_stdout(sys.stderr):  # stdout belongs to the results
            for source in _third_party():
                collector.add(source)
    claims = {
        key: MappingProxyType({name: tuple(entries) for name, entries in names.items()})
        for key, names in collector.claims.items()
    }
    return Registry(
        claims=MappingProxyType(claims),
        plugins=collector.plugins,
        problems=collector.problems,
        rule_hooks=tuple(collector.late["layer_rules"]),
        metric_hooks=tuple(collector.late["metrics"]),
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


def _require_version(module: Any) -> None:
    """A plugin may say which version of the hooks it needs.

    Raises:
        PluginError: this snnctl does not have it.
    """
    wanted = getattr(module, "requires_hooks", None)
    if wanted is None:
        return
    have, need = _numbers(hookspecs.HOOKS), _numbers(wanted)
    if need is None:
        raise PluginError(f"requires_hooks is {wanted!r:.60}; write it as '{hookspecs.HOOKS}'")
    if have is None or need[0] != have[0] or need > have:
        raise PluginError(f"it needs version {wanted} of the hooks, and this snnctl has {hookspecs.HOOKS}")


def _numbers(version: Any) -> tuple[int, int] | None:
    """(major, minor) of a text; None if it is none."""
    found = re.fullmatch(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None


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
