"""Write docs/cli.md from the command line itself; ``--check`` only tells whether it is up to date."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal

import typer

from snnctl.cli.app import make_app
from snnctl.cli.verb_command import command_function
from snnctl.verbs.catalog import VERBS

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"
INTRODUCTION = """\
# Command line

<!-- Made by scripts/make_cli_reference.py; do not edit. -->

Results go to stdout; progress, notes and errors go to stderr. `--debug`, anywhere on the line, shows the traceback
of an error. `SNNCTL_DATA` names the folder of data sets, `SNNCTL_DISABLE_PLUGINS=1` leaves out other packages'
plugins. `snnctl --install-completion` installs completion for the shell. Exit codes: see [errors](errors.md).
"""


def main(arguments: list[str]) -> int:
    """Write the reference, or compare with ``--check``; returns the exit code."""
    text = reference()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET} is out of date: run python {Path(__file__).name}", file=sys.stderr)
    return 1


def reference() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(section(*command) for command in commands(make_app(), "snnctl"))])


def commands(app: typer.Typer, path: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Full name, help and function of every command."""
    for info in app.registered_commands:
        function = command_function(VERBS[info.name]) if info.name in VERBS else info.callback
        assert function is not None
        yield f"{path} {info.name}", info.help or "", function
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{path} {group.name}")


def section(name: str, summary: str, function: Callable[..., Any]) -> str:
    """One command: its line, its help and a table of its arguments and flags."""
    parameters = list(inspect.signature(function, eval_str=True).parameters.values())
    arguments = [_spelling(parameter) for parameter in parameters if _is_argument(parameter)]
    lines = [f"## `{' '.join([name, *arguments])}`", "", summary, ""]
    if parameters:
        lines += ["| | type | default | meaning |", "|---|---|---|---|", *map(_row, parameters), ""]
    return "\n".join(lines)


def _row(parameter: inspect.Parameter) -> str:
    kind, info = typing.get_args(parameter.annotation)
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
    """The type in a word; choices are listed."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return _type(next(choice for choice in arguments if choice is not NoneType))
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is list:
        return "repeatable"
    return {Path: "path", str: "text", int: "integer", float: "number", bool: "flag"}[kind]


def _default(parameter: inspect.Parameter) -> str:
    default = parameter.default
    if default is parameter.empty:
        return "required"
    return "" if default is None or default is False or default == [] else f"`{default}`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
