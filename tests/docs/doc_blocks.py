"""The code blocks of a page of documentation, and what is said about them in comments.

A comment directly before a block decides what the tests do with it:

    <!-- not run: REASON -->      it is not executed (the flags of its commands are checked all the same)
    <!-- file: NAME -->           it is written to this file, in the page's folder
    <!-- plugin: MODULE -->       it is the module of a plugin, which is installed for the rest of the page
    <!-- module: NAME -->         it is a further module, which is installed as well
    <!-- output -->               it is what the block before it prints
    <!-- fails -->                its commands end with an error, as shown
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPENING = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<language>[\w+-]*)")
MARK = re.compile(r"^ *<!-- *(?P<kind>not run|file|plugin|module|output|fails)(?:: *(?P<value>.*?))? *-->$")
LIST_ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d+\.) ")
COMMAND = re.compile(r"^(?:\$ |(?:[A-Z_]+=\S+ )*(?:snnctl|pip|python|make) )")
SHELLS = ("console", "shell", "sh", "bash")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        language: as written behind the fence; empty for indented blocks.
        text: what is in it, without its indentation.
        line: of its first line of code, from 1.
        marks: what comments before it say, by kind.
    """

    language: str
    text: str
    line: int
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def is_synopsis(self) -> bool:
        """Whether it lists commands, with explanations beside them: an indented block that begins with one."""
        return not self.language and bool(COMMAND.match(self.text))

    @property
    def runs(self) -> bool:
        """Whether it is executed: a Python or shell block that nothing is said against."""
        kinds = {"not run", "file", "plugin", "module", "output"} & self.marks.keys()
        return not kinds and self.language in ("python", "py", *SHELLS)


def pages() -> list[Path]:
    """Every page of documentation."""
    listed = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in listed if page.name != "cli.md"]  # made from the command line itself


def name_of(page: Path) -> str:
    """The page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """Its blocks, in order."""
    return list(_blocks(page.read_text(encoding="utf-8").splitlines()))


def commands_of(block: Block) -> list[tuple[str, list[str]]]:
    """(command, lines shown below it) of each command of a shell block; ``$`` marks commands where there is output."""
    lines = iter(block.text.splitlines())
    found: list[tuple[str, list[str]]] = []
    prompted = "$ " in block.text and block.language in ("console", "")
    for line in lines:
        if line.startswith("$ ") or (not prompted and line.strip() and not line.startswith("#")):
            command = line.removeprefix("$ ")
            while command.endswith("\\"):
                command = command[:-1].rstrip() + " " + next(lines).strip()
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
    return found


def _blocks(lines: list[str]) -> Iterator[Block]:
    number, marks, listed = 0, {}, False
    while number < len(lines):
        line = lines[number]
        if mark := MARK.match(line):
            marks[mark["kind"]] = mark["value"] or ""
            number += 1
            continue
        if opening := OPENING.match(line):
            end = _closing(lines, number, opening["fence"])
            body = [text.removeprefix(opening["indent"]) for text in lines[number + 1 : end]]
            yield Block(opening["language"], "\n".join(body), number + 2, marks)
            number, marks = end + 1, {}
            continue
        if line.startswith("    ") and line.strip() and not listed and (number == 0 or not lines[number - 1].strip()):
            end = _indented_end(lines, number)
            body = [text[4:] for text in lines[number:end]]
            yield Block("", "\n".join(body), number + 1, marks)
            number, marks = end, {}
            continue
        if line.strip():
            marks = {}
            listed = bool(LIST_ITEM.match(line)) or (listed and line.startswith("  "))
        number += 1


def _closing(lines: list[str], number: int, fence: str) -> int:
    """The line of the closing fence."""
    for end in range(number + 1, len(lines)):
        if lines[end].strip().startswith(fence) and not lines[end].strip().strip(fence[0]):
            return end
    raise ValueError(f"the block of line {number + 1} has no end")


def _indented_end(lines: list[str], number: int) -> int:
    """The line behind the last indented one."""
    end = last = number
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("    ")):
        last = end if lines[end].strip() else last
        end += 1
    return last + 1
