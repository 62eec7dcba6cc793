"""The code blocks of a page of documentation, and what is said about them in comments.

A comment directly before a block decides what the tests do with it:

    <!-- not run: REASON -->      it is not executed (the flags of its commands are checked all the same)
    <!-- file: NAME -->           it is written to this file, in the page's folder
    <!-- plugin: MODULE -->       it is the module of a plugin, which is installed for the rest of the page
    <!-- module: NAME -->         it is a further module, which is installed as well
    <!-- output -->               it is what the block before it prints
    <!-- fails -->                its commands end with an error, as shown
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
MARK = re.compile(
    r"^ *<!-- *(?P<kind>not run|file|plugin|module|output|fails)(?:: *(?P<value>.*?))? *-->$", re.MULTILINE
)
COMMAND = re.compile(r"^(?:\$ |(?:[A-Z_]+=\S+ )*(?:snnctl|pip|python|make) )")
SHELLS = ("console", "shell", "sh", "bash")


@dataclass(frozen=True)
class Block:
    """A block of code, from ``line`` on; ``marks`` is what comments before it say, by kind.

    The language is the one behind the fence, and empty for indented blocks; the text stands without its indentation.
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
    listed = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in listed if page.name != "cli.md"]  # made from the command line itself


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    blocks: list[Block] = []
    marks: dict[str, str] = {}
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block") and token.map:
            first = token.map[0] + (2 if token.type == "fence" else 1)
            blocks.append(Block(token.info.partition(" ")[0], token.content.rstrip("\n"), first, marks))
        if token.type == "html_block":
            marks = marks | {mark["kind"]: mark["value"] or "" for mark in MARK.finditer(token.content)}
        else:
            marks = {}
    return blocks


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
