"""YAML to marked values: a plain subset, so that a recipe means what it looks like.

Accepted are mappings, lists, texts, numbers, ``true``, ``false`` and ``null`` (the core schema of YAML 1.2:
``on``, ``no`` and dates are texts, ``5e-4`` is a number). Tags, anchors, duplicate keys and second documents
are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from snnctl.recipes.complaints import Complaint, Complaints, FaultyRecipe
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.place import Place
from snnctl.recipes.recipe_text import read_text, split_lines

MOST_VALUES = 2_000  # a recipe has a few dozen
DEEPEST = 50  # nested values
TOO_DEEP = f"nested too deeply: at most {DEEPEST} levels are allowed"
LONGEST_KEY = 200  # characters
LONGEST_TEXT = 10_000

NULL = re.compile(r"null|Null|NULL|~|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff]")
"""What only escapes can write: characters that steer terminals, and halves of characters."""

HINTS = {
    "another document": "a recipe is one document; remove the line `---`",
    "got '{'": 'inside {...}, put "${name}" in quotes',
    "'\\t'": "indent with spaces, not tabs",
    "mapping values are not allowed": "put a text with `: ` in it in quotes; keys of one mapping begin in one column",
    "cannot start any token": "put the text in quotes",
    "found '<stream end>'": "a `[` or `{` is not closed",
    "but found ':'": "a key is missing in front of it",
    "expected <block end>": "check the indentation: items of one list, and keys of one mapping, begin in one column",
    "unknown escape": "in \"...\", a backslash is written as two; '...' takes it as it is",
}
PlaceOf = Callable[[yaml.Mark], Place]


class Loader(yaml.SafeLoader):
    """Composes nodes only; refuses what a recipe has no use for."""

    depth = 0
    values = 0
    most_values = MOST_VALUES

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:
        """A ``[`` or ``{``. Composing would come too late: the scanner looks ahead, and takes long in deep ones."""
        if self.flow_level >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """One node, unless it is an alias, has a tag or an anchor, lies too deep, or is one too many."""
        event = self.peek_event()
        self.depth += 1
        self.values += 1
        if problem := self._refusal(event):
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refusal(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return "anchors and aliases are not supported"
        if getattr(event, "tag", None):
            return f"tags such as {event.tag} are not supported"
        if found := UNUSABLE.search(getattr(event, "value", "")):
            return f"the character U+{ord(found[0]):04X} is not allowed"
        if self.depth > DEEPEST:
            return TOO_DEEP
        if self.values > self.most_values:
            return f"this is more than {self.most_values:,} values; that is no recipe"
        return ""


def load_recipe(path: Path, shown: str = "") -> tuple[Marked, list[Complaint]]:
    """The recipe's content, a mapping, and what is wrong with its keys.

    Args:
        path: the file.
        shown: what messages call it; its path by default.

    Raises:
        FaultyRecipe: missing, unreadable, too large, not YAML, or not a mapping.
    """
    name = shown or str(path)
    text = read_text(path, name)
    lines = tuple(split_lines(text))

    def place(mark: yaml.Mark) -> Place:
        return Place(name, mark.line + 1, mark.column + 1, lines)

    node = _compose(text, name, place)
    if node is None:
        raise FaultyRecipe(
            [Complaint(Place(name), "the recipe is empty", "a recipe needs `steps:`, see docs/recipes.md")]
        )
    complaints = Complaints()
    marked = Reader(place, complaints).marked(node)
    if not isinstance(marked.value, dict):
        message = f"a recipe is a mapping, not {marked.kind}"
        raise FaultyRecipe([Complaint(marked.place, message, "it begins with `steps:`")])
    return marked, list(complaints)


def parse_value(text: str, place: Place) -> Marked:
    """One YAML value, such as that of ``--set``; all of it comes from ``place``.

    Raises:
        FaultyRecipe: ``text`` is not YAML.
    """
    try:
        node = _compose(text, place.file, lambda _: place)
    except FaultyRecipe as error:
        [complaint] = error.complaints
        message = f"the value {text!r:.80} cannot be read: {complaint.message}"
        raise FaultyRecipe([Complaint(place, message, "put it in quotes")]) from error
    if node is None:
        return Marked(None, place)
    complaints = Complaints()
    marked = Reader(lambda _: place, complaints).marked(node)
    if len(complaints):
        raise FaultyRecipe(list(complaints))
    return marked


def _compose(text: str, file: str, place: PlaceOf) -> Node | None:
    loader = None
    try:
        loader = Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        raise FaultyRecipe([_unprintable(text, error, file)]) from error
    except yaml.MarkedYAMLError as error:
        raise FaultyRecipe([_explained(error, place)]) from error
    finally:
        if loader is not None:
            loader.dispose()


def _unprintable(text: str, error: yaml.reader.ReaderError, file: str) -> Complaint:
    before = split_lines(text[: error.position])
    todo = "save it as UTF-8: this may be UTF-16" if error.character == 0 else "remove it"
    message = f"is not YAML: the character U+{error.character:04X} is not allowed"
    return Complaint(Place(file, len(before), len(before[-1]) + 1), message, todo)  # no snippet: it may be no text


def _explained(error: yaml.MarkedYAMLError, place: PlaceOf) -> Complaint:
    """What YAML complains about, and what to do."""
    problem = (error.problem or "this is not YAML").strip()
    begin = error.context_mark
    mark = error.problem_mark or begin or yaml.Mark("", 0, 0, 0, "", 0)
    todo = next((hint for part, hint in HINTS.items() if part in problem), "")
    if "another document" in problem:
        return Complaint(place(mark), "a second document begins here; a recipe is one", todo)
    if not todo and begin is not None and begin.line != mark.line:
        todo = f"it began at {place(begin)}"
    context = error.context if error.context not in (None, "while scanning for the next token") else ""
    return Complaint(place(mark), f"{context}: {problem}" if context else problem, todo)


class Reader:
    """Turns YAML's nodes into marked values.

    Args:
        place: of a mark.
        complaints: takes what is wrong with keys and texts.
    """

    def __init__(self, place: PlaceOf, complaints: Complaints) -> None:
        self._place = place
        self._complaints = complaints

    def marked(self, node: Node) -> Marked:
        """``node`` as a marked value."""
        place = self._place(node.start_mark)
        if isinstance(node, ScalarNode):
            if len(node.value) > LONGEST_TEXT:
                message = f"a text of {len(node.value):,} characters; at most {LONGEST_TEXT:,} are allowed"
                self._complaints.add(place, message)
                return Marked(node.value[:LONGEST_TEXT], place)
            return Marked(_scalar(node), place, node.value)
        if isinstance(node, SequenceNode):
            return Marked([self.marked(item) for item in node.value], place)
        assert isinstance(node, MappingNode)
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            self._add(entries, key_node, self.marked(value_node))
        return Marked(entries, place)

    def _add(self, entries: dict[str, Entry], node: Node, value: Marked) -> None:
        """Put one key into ``entries``, or complain."""
        place = self._place(node.start_mark)
        key = node.value if isinstance(node, ScalarNode) else None
        if not isinstance(key, str) or not key:
            self._complaints.add(place, "a key must be a text")
        elif len(key) > LONGEST_KEY:
            message = f"the key '{key[:20]}...' has {len(key):,} characters; at most {LONGEST_KEY} are allowed"
            self._complaints.add(place, message)
        elif key in entries:
            self._complaints.add(place, f"the key '{key}' is here twice", f"first at {entries[key].place}")
        else:
            entries[key] = Entry(place, value)


def _scalar(node: ScalarNode) -> Any:
    """The value by the core schema of YAML 1.2; anything quoted is a text."""
    text = node.value
    if node.style is not None:
        return text
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text) or FALSE.fullmatch(text):
        return bool(TRUE.fullmatch(text))
    if INTEGER.fullmatch(text) and len(text) < 100:
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    if special := SPECIAL.fullmatch(text):
        return float(f"{special[1]}inf") if special[2] else math.nan
    return text
