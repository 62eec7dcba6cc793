"""What flags read: paths, and names for the shell's completion. A completion must never fail loudly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from snnctl.errors import SnnctlError, UsageError

Words = list[tuple[str, str]]


def path_of(name: str) -> Callable[[str], Path]:
    """Reads the path of an option; an empty one, as of a variable that is not set, would be the working folder."""

    def read(text: str) -> Path:
        if not text:
            raise UsageError(f"{name} is empty", todo="give the path of a file or folder")
        return Path(text)

    return read


def dataset_names(incomplete: str) -> Words:
    """Data sets that start with ``incomplete``, each with its summary."""
    return _names("datasets", incomplete)


def architecture_names(incomplete: str) -> Words:
    """Architectures that start with ``incomplete``, each with its summary."""
    return _names("architectures", incomplete)


def plugin_names(incomplete: str) -> Words:
    """Plugins that start with ``incomplete``, each with its package."""
    from snnctl.cli.installed import installed

    plugins = [(plugin.name, f"{plugin.package} {plugin.version}") for plugin in installed().plugins]
    return [(name, package) for name, package in plugins if name.startswith(incomplete)]


def names_of(kind: str) -> Callable[[str], Words]:
    """A completion of the things of a kind; see :data:`snnctl.plugins.kinds.KINDS`."""

    def complete(incomplete: str) -> Words:
        return _names(kind, incomplete)

    return complete


def option_names(field: str) -> Callable[..., Words]:
    """A completion of the options of what the field ``field`` names on the same line, as ``name=``."""

    def complete(ctx: typer.Context, incomplete: str) -> Words:
        kinds = {"data": "datasets", "arch": "architectures", "to": "exporters"}
        return _options(kinds.get(field, ""), ctx.params.get(field), incomplete)

    return complete


def dataset_options(ctx: typer.Context, incomplete: str) -> Words:
    """Options of the data set that is named on the same line, as ``name=``."""
    return _options("datasets", ctx.params.get("name"), incomplete)


def _names(kind: str, incomplete: str) -> Words:
    from snnctl.cli.installed import installed

    try:
        things: dict[str, Any] = installed().all(kind)
    except SnnctlError:
        return []
    return [(name, thing.summary) for name, thing in things.items() if name.startswith(incomplete)]


def _options(kind: str, name: Any, incomplete: str) -> Words:
    from snnctl.cli.installed import installed
    from snnctl.plugins.options import REQUIRED, declared_options

    try:
        declared = declared_options(installed().find(kind, name))
    except (SnnctlError, AttributeError, KeyError, TypeError):
        return []
    words = [(f"{option}=", "" if default is REQUIRED else f"{default}") for option, (_, default) in declared.items()]
    return [word for word in words if word[0].startswith(incomplete)]
