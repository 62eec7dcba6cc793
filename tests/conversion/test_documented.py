"""docs/convert.md tells of exactly what converts, and of every refusal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import keras

from snnctl.conversion.rules import default_rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "convert.md").read_text(encoding="utf-8")
HOLE = "\0"  # stands for what a message fills in


def first_column(heading: str) -> list[str]:
    """The first column of the table below a heading, without its head."""
    part = PAGE.partition(f"\n{heading}\n")[2]
    part = re.split(r"^#{2,3} ", part, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]]


def test_the_table_names_exactly_the_layers_that_have_a_rule() -> None:
    named = [name for cell in first_column("### Layers") for name in re.findall(r"`(\w+)`", cell)]
    layers = {cls.__name__ for cls in default_rules() if issubclass(cls, keras.layers.Layer)}
    assert sorted(named) == sorted(layers)


def test_the_table_names_exactly_the_operations_that_have_a_rule() -> None:
    named = {name for cell in first_column("### Operations") for name in re.findall(r"`keras\.ops\.(\w+)`", cell)}
    operations = {cls for cls in default_rules() if not issubclass(cls, keras.layers.Layer)}
    assert {operation_of(name) for name in named} == operations


def operation_of(name: str) -> type:
    """The class of what a function of keras.ops does to tensors."""
    function, x = getattr(keras.ops, name), keras.Input((4,))
    try:
        tensor = function(x)
    except TypeError:
        tensor = function(x, x)
    return type(tensor._keras_history.operation)


def refusals() -> Iterator[str]:
    """The first part of every refusal in the code, with holes for what is filled in."""
    for path in sorted((ROOT / "src" / "snnctl" / "conversion").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and called(node.func) in ("refuse", "ConversionError"):
                yield text_of(node.args[0])


def called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    return HOLE


def test_every_refusal_is_in_the_table_of_refusals() -> None:
    cells = " ".join(first_column("## When a network is refused")).replace("...", HOLE)
    documented = words(cells)
    found = [text for text in refusals() if text != HOLE]
    assert len(found) > 20
    missing = [text for text in found if not any(part in documented for part in parts(text))]
    assert not missing


def parts(text: str) -> list[str]:
    """What a message says between its holes; the longest part tells it from others."""
    return [words(max(text.split(HOLE), key=len))]


def words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s=]", " ", text).split())
