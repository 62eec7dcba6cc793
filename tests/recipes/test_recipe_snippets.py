"""The line that a message is about, with a caret below the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnctl.plugins import load_registry
from snnctl.recipes import FaultyRecipe, make_plan
from snnctl.recipes.place import Place
from snnctl.recipes.snippet import snippet

STEP = "steps:\n  - train:\n      arch: fc2\n"


def of(line: str, column: int) -> list[str]:
    return snippet(Place("r.yaml", 2, column, ("first", line)))


def test_line_and_caret() -> None:
    assert of("  lr: fast", 7) == ["    2 |   lr: fast", "      |       ^"]


def test_behind_the_last_character() -> None:
    assert of("a: [1,", 7) == ["    2 | a: [1,", "      |       ^"]


def test_wide_characters_take_two_columns() -> None:
    assert of("名前: x", 5) == ["    2 | 名前: x", "      |       ^"]


def test_tabs_stay_tabs_so_that_the_caret_moves_with_them() -> None:
    assert of("\ta:\tb", 5) == ["    2 | \ta:\tb", "      | \t  \t^"]


@pytest.mark.parametrize("text", ["e\u0301: x", "\u200da: x", "👨\u200d👩: x"])
def test_without_a_caret_where_the_width_is_not_certain(text: str) -> None:
    assert len(of(text, len(text))) == 1


def test_no_control_characters() -> None:
    assert of("a: \x1b[31mred\u202e", 1) == ["    2 | a: ?[31mred?", "      | ^"]


@pytest.mark.parametrize("column", [1, 30, 61, 150, 299, 400, 401])
def test_a_part_of_a_long_line(column: int) -> None:
    line = "".join(chr(ord("a") + n % 26) for n in range(400))
    shown, caret = of(line, column)
    assert len(shown) <= 110
    if column <= len(line):
        assert shown[caret.index("^")] == line[column - 1]
    assert line in shown.partition("| ")[2] or "..." in shown


@pytest.mark.parametrize("place", [Place("r.yaml"), Place("r.yaml", 3, 1, ("a",)), Place("r.yaml", 1, 1, ("  ",))])
def test_nothing_without_a_line(place: Place) -> None:
    assert snippet(place) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            STEP + "      epoch: 3\n",
            [
                "r.yaml:4:7: no option 'epoch' of train",
                "    4 |       epoch: 3",
                "      |       ^",
                "did you mean 'epochs'?",
            ],
        ),
        (
            STEP + "\tepochs: 3\n",
            [
                "r.yaml:4:1: found character '\\t' that cannot start any token",
                "    4 | \tepochs: 3",
                "      | ^",
                "indent with spaces, not tabs",
            ],
        ),
        (
            "description: größer: 名前\n" + STEP,
            [
                "r.yaml:1:20: mapping values are not allowed here",
                "    1 | description: größer: 名前",
                "      |                    ^",
                "put a text with `: ` in it in quotes; keys of one mapping begin in one column",
            ],
        ),
        (
            STEP + "      epoch: 3\n      lr: 0\n",
            [
                "2 problems; nothing was run",
                "r.yaml:4:7: no option 'epoch' of train",
                "    4 |       epoch: 3",
                "      |       ^",
                "  did you mean 'epochs'?",
                "r.yaml:5:7: option 'lr' of train is 0: it should be greater than 0",
                "    5 |       lr: 0",
                "      |       ^",
            ],
        ),
    ],
)
def test_in_messages(text: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(text)
    with pytest.raises(FaultyRecipe) as caught:
        make_plan(Path("r.yaml"), [], load_registry())
    assert str(caught.value).splitlines() == told


def test_a_message_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text("".join(f"{'k' * 150}{n}: {'v' * 80}\n" for n in range(250)) + STEP)
    with pytest.raises(FaultyRecipe) as caught:
        make_plan(Path("r.yaml"), [], load_registry())
    lines = str(caught.value).splitlines()
    assert len(caught.value.complaints) == 250
    assert lines[-1] == "... and 150 more"
    assert len(str(caught.value)) < 100_000
