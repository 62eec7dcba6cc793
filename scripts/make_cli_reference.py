"""Write docs/cli.md from the command line itself; ``--check`` only tells whether it is up to date."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from reference_tables import WORDS, type_words, write_or_check

from snnctl.cli.verb_command import command_function
from snnctl.plugins import load_registry

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
INTRODUCTION = """\
# Command line

<!-- Made by scripts/make_cli_reference.py; do not edit. -->

Results go to stdout; progress, notes and errors go to stderr. `--debug`, anywhere on the line, shows the traceback
of an error; `--no-plugins` leaves out other packages' plugins, as `SNNCTL_DISABLE_PLUGINS=1` does. `SNNCTL_DATA` names
the folder of data sets. Exit codes: see [errors](errors.md).

`snnctl --install-completion` installs completion for the shell it is called in (bash, zsh, fish or PowerShell): of
commands and flags, and of the names of data sets, architectures, steps, plugins and everything else that is registered,
with their options. `snnctl --show-completion` prints the script.
"""
KINDS = {**WORDS, bool: "flag"}


def main(arguments: list[str]) -> int:
    """Write the reference, or compare with ``--check``; returns the exit code."""
    return write_or_check({TARGET: reference()}, __file__, arguments)


def reference() -> str:
    """The whole page; of what plugins add, nothing."""
    return "\n".join([INTRODUCTION, *(section(*command) for command in commands())])


def commands() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Full name, help and function of every command."""
    registry = load_registry(entry_points=False)
    for name, verb in registry.verbs.items():
        yield f"snnctl {name}", verb.summary, command_function(verb, registry)
    for name, command in registry.commands.items():
        code = command.code
        if isinstance(code, typer.Typer):
            yield from _commands_of(code, f"snnctl {name}")
        else:
            yield f"snnctl {name}", command.summary, code


def _commands_of(app: typer.Typer, path: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for info in app.registered_commands:
        assert info.callback is not None
        name = info.name or info.callback.__name__.replace("_", "-")
        yield f"{path} {name}", info.help or inspect.getdoc(info.callback) or "", info.callback
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from _commands_of(group.typer_instance, f"{path} {group.name}")


def section(name: str, summary: str, function: Callable[..., Any]) -> str:
    """One command: its line, its help and a table of its arguments and flags."""
    described = inspect.signature(function, eval_str=True).parameters.values()
    parameters = [parameter for parameter in described if typing.get_args(parameter.annotation)]
    arguments = [_spelling(parameter) for parameter in parameters if _is_argument(parameter)]
    lines = [f"## `{' '.join([name, *arguments])}`", "", summary.strip(), ""]
    if parameters:
        lines += ["| | type | default | meaning |", "|---|---|---|---|", *map(_row, parameters), ""]
    return "\n".join(lines)


def _row(parameter: inspect.Parameter) -> str:
    kind, info = typing.get_args(parameter.annotation)[:2]
    help_text = (info.help or "").replace("|", "\\|")
    return f"| `{_spelling(parameter)}` | {_type(kind)} | {_default(parameter)} | {help_text} |"


def _is_argument(parameter: inspect.Parameter) -> bool:
    return type(typing.get_args(parameter.annotation)[1]).__name__ == "ArgumentInfo"


def _spelling(parameter: inspect.Parameter) -> str:
    """The flag, or the argument's name."""
    info = typing.get_args(parameter.annotation)[1]
    if _is_argument(parameter):
        return info.metavar or parameter.name.upper()
    declared = [text for text in (info.default, *(info.param_decls or ())) if isinstance(text, str)]
    return declared[0] if declared else f"--{parameter.name.replace('_', '-')}"


def _type(kind: Any) -> str:
    """The type in a word."""
    words = type_words(kind, KINDS)
    return "repeatable" if words.startswith("list of") else words


def _default(parameter: inspect.Parameter) -> str:
    default = parameter.default
    if default is parameter.empty:
        return "required"
    return "" if default is None or default is False or default == [] else f"`{default}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
