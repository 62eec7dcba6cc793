"""A recipe's file as text: a regular file of UTF-8 that is not too long."""

from __future__ import annotations

import codecs
import re
import stat
from pathlib import Path

from snnctl.recipes.complaints import Complaint, FaultyRecipe
from snnctl.recipes.place import Place

LARGEST = 65_536  # bytes; a recipe has a few hundred
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML 1.1 ends a line with
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, name: str) -> str:
    """The text of the file, without a byte order mark.

    Args:
        path: the file.
        name: what messages call it.

    Raises:
        FaultyRecipe: it is missing, no regular file, unreadable, too long, or not UTF-8.
    """
    try:
        content = _content(path, name)
    except FileNotFoundError as error:
        complaint = Complaint(Place(name), f"no recipe at {name}", "`snnctl recipes list` shows those that are here")
        raise FaultyRecipe([complaint]) from error
    except (OSError, ValueError) as error:  # ValueError: a path with NUL in it
        reason = getattr(error, "strerror", None) or str(error)
        raise FaultyRecipe([Complaint(Place(name), f"cannot be read: {reason}")]) from error
    if len(content) > LARGEST:
        message = f"larger than {LARGEST:,} bytes, which end here; that is no recipe"
        raise FaultyRecipe([Complaint(_place_of(content, LARGEST, name), message)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        todo = "save it as UTF-8" + (": this is UTF-16" if content.startswith(UTF_16) else "")
        message = f"is not UTF-8 text (byte {error.start})"
        raise FaultyRecipe([Complaint(_place_of(content, error.start, name), message, todo)]) from error


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them."""
    return BREAK.split(text)


def _content(path: Path, name: str) -> bytes:
    """The file's bytes, at most one more than are allowed."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe or device may never end
        what = "a folder" if path.is_dir() else "no regular file"
        raise FaultyRecipe([Complaint(Place(name), f"cannot be read: it is {what}", "name a YAML file")])
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _place_of(content: bytes, index: int, name: str) -> Place:
    """The line and column of a byte; without the text, which may be none."""
    before = split_lines(content[:index].decode("utf-8-sig", "replace"))
    return Place(name, len(before), len(before[-1]) + 1)
