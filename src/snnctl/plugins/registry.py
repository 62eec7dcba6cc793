"""The registry: everything plugins add, by name, and what became of each plugin."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback
from snnctl.plugins.checks import check_samples_of
from snnctl.plugins.command import Command
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import Exporter
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.kinds import KINDS, LATE, Kind
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.layer_rules import HOOK, LayerRule, collect_rules
from snnctl.plugins.metrics import HOOK as METRICS
from snnctl.plugins.metrics import MetricEntry, collect_metrics
from snnctl.plugins.nearest import nearest
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.plugins.options import check_options
from snnctl.plugins.own import OWN
from snnctl.plugins.package_names import same_package
from snnctl.plugins.reader import Reader
from snnctl.plugins.verb import Verb

ON_THE_COMMAND_LINE = ("steps", "commands")


def sharing(key: str) -> tuple[str, ...]:
    """The kinds among which a name means one thing: steps and commands are both typed after ``snnctl``."""
    return ON_THE_COMMAND_LINE if key in ON_THE_COMMAND_LINE else (key,)


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

    @property
    def told(self) -> str:
        """What happened and in which hook, one line."""
        return self.message if self.hook in self.message else f"{self.hook}: {self.message}"

    def __str__(self) -> str:
        """The problem in one line, with plugin and package."""
        return f"plugin {self.entry_point} ({self.package}): {self.told}"


@dataclass(frozen=True)
class PluginInfo:
    """A plugin and what it adds.

    Args:
        name: the entry point's name.
        package: the distribution that declares it.
        version: the distribution's version.
        adds: names of what it adds, by key of :data:`~snnctl.plugins.kinds.KINDS`.
        late: keys of :data:`~snnctl.plugins.kinds.LATE` that it has hooks for; what they add is not known before they
            are called.
        error: what went wrong; None when nothing did.
    """

    name: str
    package: str
    version: str
    adds: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    late: tuple[str, ...] = ()
    error: str | None = None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets it adds."""
        return self.adds.get("datasets", ())

    @property
    def architectures(self) -> tuple[str, ...]:
        """Names of the architectures it adds."""
        return self.adds.get("architectures", ())

    @property
    def layer_rules(self) -> bool:
        """Whether it has a hook for layer rules."""
        return "layer_rules" in self.late

    @property
    def metrics(self) -> bool:
        """Whether it has a hook for metrics."""
        return "metrics" in self.late

    def as_data(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "name": self.name,
            "package": self.package,
            "version": self.version,
            **{key: list(self.adds.get(key, ())) for key in KINDS},
            **{key: key in self.late for key in LATE},
            "error": self.error,
        }


@dataclass(frozen=True)
class Entry:
    """A thing that is registered, and the package that did.

    Args:
        thing: an instance, or a class of hardware constraints.
        package: the distribution.
    """

    thing: Any
    package: str


Claims = Mapping[str, Mapping[str, tuple[Entry, ...]]]
"""By key of :data:`~snnctl.plugins.kinds.KINDS` and name: who has registered something of that name."""


@dataclass(frozen=True)
class Registry:
    """Looks things up by ``name`` or ``package:name``.

    A name that snnctl has itself is snnctl's. One that several other packages claim is nobody's: with the package
    before it, it always works.

    Args:
        claims: everything that is registered.
        plugins: one entry for each plugin, the built-in one first.
        problems: what broken plugins did; grows when layer rules and metrics are asked for.
        rule_hooks: the plugins' hooks for layer rules, not called yet.
        metric_hooks: likewise for metrics.
    """

    claims: Claims = field(default_factory=lambda: MappingProxyType({}))
    plugins: list[PluginInfo] = field(default_factory=list)
    problems: list[PluginProblem] = field(default_factory=list)
    rule_hooks: tuple[LateHook, ...] = ()
    metric_hooks: tuple[LateHook, ...] = ()

    @property
    def datasets(self) -> dict[str, Dataset]:
        """All data sets, by the name to write."""
        return self.all("datasets")

    @property
    def architectures(self) -> dict[str, Architecture]:
        """All architectures, by the name to write."""
        return self.all("architectures")

    @property
    def verbs(self) -> dict[str, Verb]:
        """All verbs, by the name to write."""
        return self.all("steps")

    @property
    def commands(self) -> dict[str, Command]:
        """All further commands, by the name to write."""
        return self.all("commands")

    def all(self, key: str) -> dict[str, Any]:
        """Everything of a kind, by the name to write: with the package before it where that is needed."""
        found = {}
        for name, entries in self.claims.get(key, {}).items():
            holder = self._holder(key, name)
            for entry in entries:
                found[name if entry is holder else f"{entry.package}:{name}"] = entry.thing
        return found

    def owner(self, key: str, name: str) -> str:
        """The package that has registered what ``name`` names.

        Raises:
            PluginError: see :meth:`find`.
        """
        return self._entry(KINDS[key], name).package

    def qualified(self, key: str, name: str) -> str:
        """``package:name`` of what ``name`` names; errors as of :meth:`find`."""
        entry = self._entry(KINDS[key], name)
        return f"{entry.package}:{entry.thing.name}"

    def dataset(self, name: str, options: Mapping[str, Any] | None = None) -> Dataset:
        """The data set called ``name``, with these options.

        Raises:
            PluginError: there is none (names the nearest one), two packages claim the name, or its own code fails.
            UsageError: an option that it does not have, or one that it needs and is not given.
        """
        dataset: Dataset = self.find("datasets", name)
        given = check_options(dataset, options or {})
        if type(dataset).configured is Dataset.configured:
            return dataset
        where = origin(dataset)
        with guard("configured failed", where=where):
            configured = dataset.configured(**given)
        if not isinstance(configured, Dataset):
            raise PluginError(f"configured returned {type(configured).__name__}, no Dataset", where=where)
        with guard("its attributes cannot be read", where=where):
            return check_samples_of(configured)

    def architecture(self, name: str) -> Architecture:
        """The architecture called ``name``; errors as of :meth:`find`."""
        return self.find("architectures", name)

    def neuron_model(self, name: str) -> NeuronModel:
        """The neuron model called ``name``; errors as of :meth:`find`."""
        return self.find("neuron_models", name)

    def constraint(self, name: str) -> type[HardwareConstraint]:
        """The hardware constraint called ``name``; errors as of :meth:`find`."""
        return self.find("constraints", name)

    def exporter(self, name: str) -> Exporter:
        """The exporter called ``name``; errors as of :meth:`find`."""
        return self.find("exporters", name)

    def callback(self, name: str) -> TrainingCallback:
        """The training callback called ``name``; errors as of :meth:`find`."""
        return self.find("callbacks", name)

    def verb(self, name: str) -> Verb:
        """The verb called ``name``; errors as of :meth:`find`."""
        return self.find("steps", name)

    @property
    def readers(self) -> tuple[Reader, ...]:
        """All readers; snnctl's own first."""
        return tuple(self.all("readers").values())

    def find(self, key: str, name: str) -> Any:
        """What is called ``name``.

        Args:
            key: the kind's, see :data:`~snnctl.plugins.kinds.KINDS`.
            name: as registered, or ``package:name``.

        Raises:
            PluginError: there is none (names the nearest one), or two packages claim the name.
        """
        return self._entry(KINDS[key], name).thing

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

    def _entry(self, kind: Kind, name: str) -> Entry:
        package, colon, short = name.rpartition(":")
        if colon and not package:
            raise PluginError(
                f"no package stands before the colon of '{name}'", todo=f"write '{short}' or 'PACKAGE:{short}'"
            )
        entries = self.claims.get(kind.key, {}).get(short, ())
        if package:
            for entry in entries:
                if same_package(entry.package, package):
                    return entry
        elif entries:
            holder = self._holder(kind.key, short)
            if holder is not None and any(entry is holder for entry in entries):
                return holder
            raise self._not_alone(kind, short, entries)
        guess = nearest(short, self.all(kind.key))
        hint = f"did you mean '{guess}'? " if guess else ""
        raise PluginError(f"no {kind.one} called '{name}'", todo=f"{hint}`{kind.listing}` shows all{self._broken()}")

    def _holder(self, key: str, name: str) -> Entry | None:
        """Whose the name is without a package before it: snnctl's, or that of the only one who claims it."""
        claims = [entry for each in sharing(key) for entry in self.claims.get(each, {}).get(name, ())]
        own = next((entry for entry in claims if entry.package == OWN), None)
        return own or (claims[0] if len(claims) == 1 else None)

    def _not_alone(self, kind: Kind, name: str, entries: tuple[Entry, ...]) -> PluginError:
        """The error that the name alone does not say which of ``entries`` is meant, or means something else."""
        todo = f"write {' or '.join(f'{entry.package}:{name}' for entry in entries)}"
        claimed = {
            entry.package: KINDS[key].one
            for key in sharing(kind.key)
            for entry in self.claims.get(key, {}).get(name, ())
        }
        if OWN in claimed:
            return PluginError(f"'{name}' is {_article(claimed[OWN])} of snnctl and no {kind.one}", todo=todo)
        packages = " and ".join(claimed)
        if len(entries) > 1:
            return PluginError(f"two packages have {_article(kind.one)} called '{name}': {packages}", todo=todo)
        return PluginError(f"two packages have a step or a command called '{name}': {packages}", todo=todo)

    def _broken(self) -> str:
        """A mention of broken plugins: the missing name may be theirs."""
        if not self.problems:
            return ""
        return f"; not loaded: {'; '.join(str(problem) for problem in self.problems[:2])}"


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
