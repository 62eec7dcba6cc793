"""Commands in documentation, held against the real command line without being run."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer
from doc_blocks import SHELLS, blocks_of, commands_of

from snnctl.cli.app import make_app
from snnctl.plugins import load_registry

INLINE = re.compile(r"`(snnctl [^`\n]+)`")
EXPLANATION = re.compile(r" {2,}| #")  # behind a command, on the same line
END_OF_COMMAND = re.compile(r" (?:&&|\||>|;) ")
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*(?:[,=:][A-Z]*)*")


def shown_commands(page: Path) -> Iterator[tuple[int, str]]:
    """(line, command) of every ``snnctl`` command on the page that is shown and not run."""
    for block in blocks_of(page):
        if not block.runs and (block.language in SHELLS or block.is_synopsis):
            for command, _ in commands_of(block):
                yield from ((block.line, part) for part in _of_snnctl(command))
    lines = page.read_text(encoding="utf-8").splitlines()
    for block in blocks_of(page):
        count = len(block.text.splitlines())
        lines[block.line - 1 : block.line - 1 + count] = [""] * count
    prose = "\n".join(lines)
    yield from ((prose[: found.start()].count("\n") + 1, found[1]) for found in INLINE.finditer(prose))


def problem_of(command: str) -> str | None:
    """What is wrong with a command: its name, its flags or a value; None for nothing.

    Arguments may be missing, since a command can be talked about without them; words in capitals stand for anything.
    """
    words = [word for word in shlex.split(command)[1:] if word != "--debug"]
    if any(word.strip("<>[]").startswith("...") for word in words):
        return None
    try:
        _parse(_group(), None, "snnctl", words)
    except Exception as error:
        name = type(error).__name__
        if name in ("Exit", "MissingParameter", "NoArgsIsHelpError"):
            return None
        if name == "BadParameter" and any(PLACEHOLDER.fullmatch(word) for word in words):
            return None
        return getattr(error, "message", "") or f"{name}: {error}"
    return None


def _of_snnctl(line: str) -> Iterator[str]:
    """The commands of a line that are snnctl's, without what stands beside them."""
    for part in END_OF_COMMAND.split(EXPLANATION.split(line)[0]):
        command = re.sub(r"^(?:[A-Z_]+=\S+ )*", "", part.strip())
        if command.startswith("snnctl "):
            yield command


@cache
def _group() -> Any:
    return typer.main.get_command(make_app(load_registry()))


def _parse(command: Any, parent: Any, name: str, words: list[str]) -> None:
    if not hasattr(command, "resolve_command"):
        command.make_context(name, words, parent=parent)
        return
    flags = words[: next((place for place, word in enumerate(words) if not word.startswith("-")), len(words))]
    context = command.make_context(name, [*flags, "_"], parent=parent)
    if words[len(flags) :]:
        called, found, rest = command.resolve_command(context, words[len(flags) :])
        _parse(found, context, called, rest)
