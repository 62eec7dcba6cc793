"""Commands that are a name and a line of help until one is called: what it needs stays unimported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from snnctl.plugins import Command, Registry

HELP_OPTIONS = {"help_option_names": ["--help", "-h"]}


def group_of(registry: Registry) -> type[TyperGroup]:
    """A group that replaces the stub of a command by the real one at the moment it is called or completed."""

    class Group(TyperGroup):
        """The commands of one registry."""

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
            """The command called by ``args``; a name that several packages claim is refused."""
            if args and not args[0].startswith("-") and args[0] not in self.commands:
                _refuse_claimed(registry, args[0])
                args = [_as_listed(registry, args[0]), *args[1:]]
            name, command, rest = super().resolve_command(ctx, args)
            return name, real_command(registry, name or "") or command, rest

        def invoke(self, ctx: Any) -> None:
            """Calls the command. What it returns means nothing: exit codes are raised."""
            super().invoke(ctx)

    return Group


def add_commands(app: typer.Typer, registry: Registry) -> None:
    """Add a stub for each verb and each command."""
    for things in (registry.verbs, registry.commands):
        for name, thing in things.items():
            app.command(name, help=thing.summary)(_stub)


def real_command(registry: Registry, name: str) -> Any:
    """The command of that name, ready to be called; None if it is not registered."""
    if verb := registry.verbs.get(name):
        from snnctl.cli.verb_command import command_function
        from snnctl.plugins.guard import guard

        with guard("its options cannot be made flags", where=f"step '{name}' ({verb.options_path.partition('.')[0]})"):
            return _of_function(name, verb.summary, command_function(verb, registry))
    if command := registry.commands.get(name):
        return _of_command(name, command)
    return None


def _of_function(name: str, summary: str, function: Callable[..., Any]) -> Any:
    app = typer.Typer(add_completion=False, context_settings=HELP_OPTIONS)
    app.command(name, help=summary)(function)
    return typer.main.get_command(app)


def _of_command(name: str, command: Command) -> Any:
    from snnctl.errors import PluginError
    from snnctl.plugins.guard import guard

    code, where = command.code, f"command '{command.name}' ({command.path.partition('.')[0]})"
    if isinstance(code, typer.Typer):
        code.info.help = code.info.help or command.summary
        code.info.context_settings = {**HELP_OPTIONS}
        with guard("its commands cannot be made", where=where):
            made = typer.main.get_group(code)
        made.name = name
        return made
    if not callable(code):
        raise PluginError(f"{command.path} is neither a function nor a typer.Typer", where=where)
    with guard(f"{command.path} cannot be made a command", where=where):
        return _of_function(name, command.summary, code)


def _as_listed(registry: Registry, name: str) -> str:
    """``package:name`` as the commands are listed: with or without the package, in the package's own spelling."""
    from snnctl.errors import PluginError

    for key in ("steps", "commands") if ":" in name else ():
        with suppress(PluginError):
            thing = registry.find(key, name)
            return next(listed for listed, each in registry.all(key).items() if each is thing)
    return name


def _refuse_claimed(registry: Registry, name: str) -> None:
    """Say whose a name is that several packages claim.

    Raises:
        PluginError: there are several.
    """
    for key in ("steps", "commands"):
        if name in registry.claims.get(key, {}):
            registry.find(key, name)


def _stub() -> None:
    """Never called."""
