"""What a plugin is tried out with: the registry that has it, options, and where files may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from snnctl.plugins import Registry, load_registry
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.options import REQUIRED, declared_options, read_options
from snnctl.plugins.own import OWN
from snnctl.plugins.registry import Entry, sharing
from snnctl.progress import Reporter, SilentReporter
from snnctl.testing.findings import Unknown, Wrong
from snnctl.testing.tiny import Networks, TinyArchitecture, TinyData

TESTED = "snnctl-testing"
"""The package that things belong to while they are tried out."""


@dataclass(frozen=True)
class Trial:
    """What the checks work with.

    Args:
        options: for what is checked, as given on the command line or in Python.
        download: whether data sets may download what is not here.
        data_dir: the folder in which data sets are looked for first.
        samples: files that readers should be able to read.
        reporter: told what takes time.
        networks: what is measured and exported.
    """

    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    download: bool = False
    data_dir: Path | None = None
    samples: tuple[Path, ...] = ()
    reporter: Reporter = field(default_factory=SilentReporter)
    networks: Networks = field(default_factory=Networks)

    def options_of(self, thing: Any) -> dict[str, Any]:
        """The given options that ``thing`` has, parsed and checked.

        Raises:
            Unknown: one that it needs is not given.
            Wrong: one has a value that does not fit.
        """
        declared = declared_options(thing)
        given = {name.replace("-", "_"): value for name, value in self.options.items()}
        missing = [name for name, (_, default) in declared.items() if default is REQUIRED and name not in given]
        if missing:
            raise Unknown("needs " + " ".join(f"--opt {name}=VALUE" for name in missing))
        values, problems = read_options(thing, {name: value for name, value in given.items() if name in declared})
        if problems:
            raise Wrong(problems[0].message)
        return values


def registry_with(key: str, thing: Any) -> Registry:
    """snnctl's own registry with one more thing in it, and with the small data set and network of the checks.

    Args:
        key: of its kind, see :data:`~snnctl.plugins.kinds.KINDS`; its name is its own then, whoever has it.
        thing: as a plugin registers it.
    """
    registry = load_registry(entry_points=False)
    claims = {kind: dict(names) for kind, names in registry.claims.items()}
    for kind, each in (("datasets", TinyData()), ("architectures", TinyArchitecture()), (key, thing)):
        own = registry.claims[kind].get(each.name, ())
        package = OWN if any(entry.thing is each for entry in own) else TESTED
        for shared in sharing(kind):  # a command's name is its own as a step's, too
            claims[shared].pop(each.name, None)
        claims[kind][each.name] = (Entry(each, package),)
    return replace(registry, claims={kind: MappingProxyType(names) for kind, names in claims.items()})


def registry_with_hook(key: str, *things: Any, alone: bool = False) -> Registry:
    """As :func:`registry_with`, for what is registered late.

    Args:
        key: "metrics" or "layer_rules".
        things: what ``register`` is called with.
        alone: whether there are no other metrics.
    """
    registry = registry_with("datasets", TinyData())
    hook = LateHook(TESTED, TESTED, lambda register: register(*things))
    if key == "metrics":
        return replace(registry, metric_hooks=(hook,) if alone else (*registry.metric_hooks, hook))
    return replace(registry, rule_hooks=(*registry.rule_hooks, hook))
