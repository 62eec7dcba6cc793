"""The line that a message is about, with a caret below the place."""

from typing import Any

import pytest

from snnctl.recipes import FaultyRecipe
from snnctl.recipes.place import Place
from snnctl.recipes.snippet import snippet

STEP = "steps:\n  - train:\n      arch: fc2\n"


def of(line: str, column: int) -> list[str]:
    return snippet(Place("r.yaml", 2, column, ("first", line)))


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ("  lr: fast", 7, ["    2 |   lr: fast", "      |       ^"]),
        ("a: [1,", 7, ["    2 | a: [1,", "      |       ^"]),  # behind the last character
        ("名前: x", 5, ["    2 | 名前: x", "      |       ^"]),  # these take two columns
        ("\ta:\tb", 5, ["    2 | \ta:\tb", "      | \t  \t^"]),  # tabs stay, so that the caret moves with them
        ("a: \x1b[31mred\u202e", 1, ["    2 | a: ?[31mred?", "      | ^"]),
        # without a caret where the width is not certain
        ("e\u0301: x", 5, ["    2 | e\u0301: x"]),
        ("\u200da: x", 5, ["    2 | ?a: x"]),
    ],
)
def test_line_and_caret(line: str, column: int, shown: list[str]) -> None:
    assert of(line, column) == shown


@pytest.mark.parametrize("column", [1, 30, 61, 150, 299, 400, 401])
def test_a_part_of_a_long_line(column: int) -> None:
    line = "".join(chr(ord("a") + n % 26) for n in range(400))
    shown, caret = of(line, column)
    assert len(shown) <= 110
    assert "..." in shown
    if column <= len(line):
        assert shown[caret.index("^")] == line[column - 1]


@pytest.mark.parametrize("place", [Place("r.yaml"), Place("r.yaml", 3, 1, ("a",)), Place("r.yaml", 1, 1, ("  ",))])
def test_nothing_without_a_line(place: Place) -> None:
    assert snippet(place) == []


def test_a_message_is_bounded(plan_of: Any) -> None:
    with pytest.raises(FaultyRecipe) as caught:
        plan_of("".join(f"{'k' * 150}{n}: {'v' * 80}\n" for n in range(250)) + STEP)
    assert len(caught.value.complaints) == 250
    assert str(caught.value).splitlines()[-1] == "... and 150 more"
    assert len(str(caught.value)) < 100_000
