"""The names in a new plugin, all made from the one that is given, and whether they can be used."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from snnctl.errors import PluginError, UsageError
from snnctl.plugins import Registry
from snnctl.plugins.kinds import KINDS
from snnctl.plugins.own import OWN
from snnctl.scaffold.kinds import Scaffold

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 50
DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")


@dataclass(frozen=True)
class Names:
    """What is called how.

    Args:
        name: the package, the plugin, and everything that it registers.
        command: its command: another name if it has a step, too, because both are commands of snnctl.
    """

    name: str
    command: str

    @classmethod
    def of(cls, name: str, scaffolds: Sequence[Scaffold]) -> Names:
        """The names in a plugin called ``name``."""
        both = {"steps", "commands"} <= {scaffold.key for scaffold in scaffolds}
        return cls(name, f"{name}-table" if both else name)

    @property
    def module(self) -> str:
        """The Python module."""
        return self.name.replace("-", "_")

    @property
    def title(self) -> str:
        """What its classes begin with."""
        return "".join(part.capitalize() for part in self.name.split("-"))


def check_names(names: Names, scaffolds: Sequence[Scaffold], registry: Registry) -> None:
    """Refuse a name that cannot be a package's, or that something else has.

    Raises:
        UsageError: it is no name, or that of a Python module.
        PluginError: a plugin, or a thing of one of the kinds, has it.
    """
    _check_spelling(names.name)
    _check_not_a_plugin(names.name, registry)
    _check_module(names)
    if any(names.name in (plugin.name, plugin.package) for plugin in registry.plugins) or _is_installed(names.name):
        raise PluginError(
            f"a plugin or package called '{names.name}' is installed already", todo="Choose another name."
        )
    for scaffold in scaffolds:
        _check_free(names.command if scaffold.key == "commands" else names.name, scaffold, registry)


def _check_spelling(name: str) -> None:
    if NAME.fullmatch(name) and len(name) <= LONGEST:
        return
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789")[:LONGEST].strip("-")
    hint = f"for example '{better}'" if NAME.fullmatch(better) else "for example 'my-plugin'"
    raise UsageError(
        f"'{name}' cannot be the name of a plugin: use lower case, digits and single dashes, beginning with a letter",
        todo=f"{hint}; at most {LONGEST} characters",
    )


def _check_module(names: Names) -> None:
    module = names.module
    if keyword.iskeyword(module) or keyword.issoftkeyword(module):
        raise UsageError(f"'{module}' is a keyword of Python, so no module can be called so", todo=_another(names))
    if DEVICE.fullmatch(names.name):
        raise UsageError(
            f"'{names.name}' is a device of Windows, where no folder can be called so", todo=_another(names)
        )
    if module in sys.stdlib_module_names or _is_module(module):
        raise UsageError(f"there is a Python module '{module}' already, which would be hidden", todo=_another(names))


def _another(names: Names) -> str:
    return f"Choose another name, for example 'snnctl-{names.name}'."


def _is_module(module: str) -> bool:
    """Whether Python finds a module of this name; it is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return True


def _check_not_a_plugin(name: str, registry: Registry) -> None:
    """Refuse the name of a plugin of another package: probably the user's own, made before."""
    plugin = next((each for each in registry.plugins if name in (each.name, each.package)), None)
    if plugin is not None and plugin.package != OWN:
        raise PluginError(
            f"you have a plugin called '{name}' already: plugin {plugin.name} of the package {plugin.package}",
            todo="To let it add more, edit its files; a new one adds several things if --kind is repeated. "
            "For another plugin choose another name.",
        )


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _check_free(name: str, scaffold: Scaffold, registry: Registry) -> None:
    """Refuse the name of a thing of this kind that is there."""
    keys = ("steps", "commands") if scaffold.key in ("steps", "commands") else (scaffold.key,)
    for key in keys:
        owners = _owners(key, name, registry)
        if owners:
            word = KINDS[key].one if key in KINDS else scaffold.kind
            todo = f"Choose another name, for example 'my-{name}'."
            raise PluginError(f"{word} '{name}' is already provided by {owners[0]}", todo=todo)


def _owners(key: str, name: str, registry: Registry) -> list[str]:
    """The packages that have something of this kind and name; layer rules have no names."""
    if key == "metrics":
        entry = registry.metrics().get(name)
        return [entry.hook.package] if entry else []
    return [entry.package for entry in registry.claims.get(key, {}).get(name, ())]
