"""Recipes that are wrong, and where each says so: files beside the tests, and some made when they are needed."""

import csv
import os
import random
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "broken"
GOOD = "steps:\n  - id: relu\n    train: {arch: fc2}\n"
LINE = b"# " + b"x" * 61 + b"\n"
LISTS = "vars:\n  list:\n" + "    - a\n" * 2500
BLOCKS = "vars:\n" + "".join(f"{'  ' * (depth + 1)}k{depth}:\n" for depth in range(80))
CONTENTS = {  # what does not belong into a repository
    "too-many-values": ((LISTS + GOOD).encode(), "1998:7", "more than 2,000 values"),
    "deep-blocks": ((BLOCKS + GOOD).encode(), "50:99", "nested too deeply"),
    "long-text": (f"description: {'word ' * 3000}\n{GOOD}".encode(), "1:14", "at most 10,000 are allowed"),
    "ten-megabytes": (LINE * 160_000, "1025:1", "larger than 65,536 bytes"),
    "ten-megabytes-in-a-line": (b"name: " + b"x" * 10_000_000, "1:65537", "larger than 65,536 bytes"),
    "binary": (b"name: " + random.Random(0).randbytes(5000), "1:7", "is not UTF-8"),
    "latin-1": ("name: résumé\n".encode("latin-1") + GOOD.encode(), "1:8", "is not UTF-8"),
    "utf-16": (GOOD.encode("utf-16"), "1:1", "this is UTF-16"),
    "utf-16-without-mark": (GOOD.encode("utf-16-le"), "1:2", "U+0000 is not allowed"),
    "bell": (b"name: \x07\n" + GOOD.encode(), "1:7", "U+0007 is not allowed"),
}


@dataclass(frozen=True)
class Broken:
    """A recipe that is wrong.

    Args:
        name: its file.
        place: where the message says that it is: ``file:line:column``, or the file as a whole.
        message: a part of what is said, or of what to do about it.
        structural: whether the schema must refuse it.
    """

    name: str
    place: str
    message: str
    structural: bool = False


def written() -> list[Broken]:
    """Those in ``FOLDER``; the place of a mistake in a file that a recipe extends begins with that file."""
    with (FOLDER / "expected.csv").open(newline="", encoding="utf-8") as file:
        return [
            Broken(row["recipe"], placed(row["recipe"], row["place"]), row["message"], row["structural"] == "yes")
            for row in csv.DictReader(file)
        ]


def made(folder: Path) -> list[Broken]:
    """Those that are written to ``folder``."""
    for name, (content, _, _) in CONTENTS.items():
        (folder / f"{name}.yaml").write_bytes(content)
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "link.yaml").symlink_to("nowhere.yaml")
    (folder / "link-to-itself.yaml").symlink_to("link-to-itself.yaml")
    others = {
        "folder.yaml": "it is a folder",
        "pipe.yaml": "no regular file",
        "/dev/zero": "no regular file",
        "link.yaml": "no recipe at",
        "link-to-itself.yaml": "cannot be read",
    }
    texts = [Broken(f"{name}.yaml", f"{name}.yaml:{place}", message) for name, (_, place, message) in CONTENTS.items()]
    return [*texts, *(Broken(name, name, message) for name, message in others.items())]


def placed(name: str, place: str) -> str:
    return f"{name}:{place}" if place[:1].isdigit() else place or name
