"""The line of the file that a message is about, with a caret below the column, as compilers show it."""

from __future__ import annotations

import unicodedata

from snnctl.recipes.place import Place

WIDEST = 100  # characters shown of a line
BEFORE = 60  # of them in front of the place
CUT = "..."


def snippet(place: Place) -> list[str]:
    """The line and the caret; only the line where the width of its characters is not certain; nothing without a line.

    Args:
        place: in a file whose text is known.
    """
    if not 0 < place.line <= len(place.lines):
        return []
    line, index = place.lines[place.line - 1], place.column - 1
    if not line.strip() or index > len(line):
        return []
    shown, index = _window(line, index)
    number = f"{place.line:>5}"
    text = [f"{number} | {''.join(_visible(character) for character in shown)}"]
    blank = _blank(shown[:index])
    return text if blank is None else [*text, f"{' ' * len(number)} | {blank}^"]


def _window(line: str, index: int) -> tuple[str, int]:
    """A part of a long line that holds ``index``, and where that is in it."""
    if len(line) <= WIDEST:
        return line, index
    start = max(0, index - BEFORE)
    part = line[start : start + WIDEST]
    if start + WIDEST < len(line):
        part = part[: -len(CUT)] + CUT
    return (CUT + part[len(CUT) :] if start else part), index - start


def _visible(character: str) -> str:
    """Nothing that moves the cursor or turns the direction of writing reaches the terminal."""
    return "?" if character != "\t" and unicodedata.category(character)[0] == "C" else character


def _blank(text: str) -> str | None:
    """White space as wide as ``text``; None if that depends on the terminal."""
    blank = ""
    for character in text:
        category = unicodedata.category(character)
        if character == "\t":
            blank += character
        elif category[0] == "M" or category == "Cf":  # joined to what stands before it, or not
            return None
        else:
            blank += "  " if unicodedata.east_asian_width(character) in "WF" else " "
    return blank
