"""YAML to marked values: a plain subset, so that a recipe means what it looks like.

Accepted are mappings, lists, texts, numbers, ``true``, ``false`` and ``null`` (the core schema of YAML 1.2:
``on``, ``no`` and dates are texts, ``5e-4`` is a number). Tags, anchors, duplicate keys and second documents
are refused.
"""

from __future__ import annotations

import math
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from snnctl.errors import RecipeError
from snnctl.recipes.marked import Entry, Marked

LARGEST = 1_000_000  # bytes; a recipe has a few hundred
DEEPEST = 50  # nested values

NULL = re.compile(r"null|Null|NULL|~|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Loader(yaml.SafeLoader):
    """Composes nodes only; refuses what a recipe has no use for."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """One node, unless it is an alias, has a tag or an anchor, or lies too deep."""
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not supported", problem_mark=event.start_mark)
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(
                problem=f"tags such as {event.tag} are not supported", problem_mark=event.start_mark
            )
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def load_recipe(path: Path) -> Marked:
    """The recipe's content; a mapping.

    Raises:
        RecipeError: missing, unreadable, too large, not YAML, or not a mapping.
    """
    text = _read(path)
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        _refuse(path, error)
    except yaml.YAMLError as error:
        raise RecipeError(f"is not YAML: {' '.join(str(error).split())}", where=str(path)) from error
    if node is None:
        raise RecipeError("the recipe is empty", where=str(path), todo="a recipe needs `steps:`, see docs/recipes.md")
    marked = _marked(node, str(path))
    if not isinstance(marked.value, dict):
        raise RecipeError(
            f"a recipe is a mapping, not {marked.kind}", where=marked.place, todo="it begins with `steps:`"
        )
    return marked


def parse_value(text: str, place: str) -> Marked:
    """One YAML value, such as that of ``--set``.

    Raises:
        RecipeError: ``text`` is not YAML.
    """
    try:
        node = _compose(text)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise RecipeError(
            f"the value {text!r} cannot be read: {problem}", where=place, todo="put it in quotes"
        ) from error
    return Marked(None, place) if node is None else _marked(node, place, fixed=True)


def _compose(text: str) -> Node | None:
    loader = Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or device may never end
            what = "a folder" if path.is_dir() else "no regular file"
            raise RecipeError(f"cannot be read: it is {what}", where=str(path), todo="name a YAML file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise RecipeError(f"larger than {LARGEST:,} bytes; that is no recipe", where=str(path))
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise RecipeError(f"no recipe at {path}", todo="see recipes/ for examples") from error
    except OSError as error:
        raise RecipeError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"is not UTF-8 text (byte {error.start})", where=str(path)) from error


def _refuse(path: Path, error: yaml.MarkedYAMLError) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    where = _place(str(path), mark) if mark else str(path)
    message, todo = _explain(error.problem or "this is not YAML", error.context)
    raise RecipeError(message, where=where, todo=todo)


def _explain(problem: str, context: str | None) -> tuple[str, str]:
    """What YAML complains about, and what to do."""
    if "another document" in problem:
        return "a second document begins here; a recipe is one", ""
    if "got '{'" in problem:
        return f"{context}: {problem}" if context else problem, 'inside {...}, put "${name}" in quotes'
    if "'\\t'" in problem:
        return problem, "indent with spaces, not tabs"
    return (f"{context}: {problem}" if context else problem), ""


def _marked(node: Node, file: str, fixed: bool = False) -> Marked:
    """``node`` as a marked value; ``fixed`` uses ``file`` itself as the place of everything."""
    place = file if fixed else _place(file, node.start_mark)
    if isinstance(node, ScalarNode):
        return Marked(_scalar(node), place)
    if isinstance(node, SequenceNode):
        return Marked([_marked(item, file, fixed) for item in node.value], place)
    assert isinstance(node, MappingNode)
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key_place = file if fixed else _place(file, key_node.start_mark)
        key = key_node.value if isinstance(key_node, ScalarNode) else None
        if not isinstance(key, str) or not key:
            raise RecipeError("a key must be a text", where=key_place)
        if key in entries:
            raise RecipeError(f"the key '{key}' is here twice", where=key_place, todo=f"first at {entries[key].place}")
        entries[key] = Entry(key_place, _marked(value_node, file, fixed))
    return Marked(entries, place)


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


def _place(file: str, mark: yaml.Mark) -> str:
    return f"{file}:{mark.line + 1}:{mark.column + 1}"
