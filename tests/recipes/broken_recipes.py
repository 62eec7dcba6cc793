"""Recipes that are wrong, and where each says so: files beside the tests, and some made when they are needed."""

from __future__ import annotations

import csv
import os
import random
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "broken"


@dataclass(frozen=True)
class Broken:
    """A recipe that is wrong.

    Args:
        path: its file.
        place: ``line:column``, or ``file:line:column`` in a file that it extends; empty for the file as a whole.
        structural: whether the schema must refuse it.
        message: a part of what is said, or of what to do about it.
    """

    path: Path
    place: str
    structural: bool
    message: str

    def told_at(self, folder: Path) -> str:
        """The place as it is told to someone in ``folder``."""
        name = os.path.relpath(self.path, folder)
        return f"{name}:{self.place}" if self.place and self.place[0].isdigit() else self.place or name


def written() -> list[Broken]:
    """Those that lie beside the tests."""
    with (FOLDER / "expected.csv").open(newline="", encoding="utf-8") as file:
        return [
            Broken(FOLDER / row["recipe"], row["place"], row["structural"] == "yes", row["message"])
            for row in csv.DictReader(file)
        ]


def made(folder: Path) -> list[Broken]:
    """Those that do not belong into a repository, written to ``folder``."""
    good = "steps:\n  - id: relu\n    train: {arch: fc2}\n"
    line = b"# " + b"x" * 61 + b"\n"
    blocks = "vars:\n" + "".join(f"{'  ' * (depth + 1)}k{depth}:\n" for depth in range(80)) + good
    contents = {
        "too-many-values.yaml": (
            ("vars:\n  list:\n" + "    - a\n" * 2500 + good).encode(),
            "1998:7",
            "more than 2,000 values",
        ),
        "deep-blocks.yaml": (blocks.encode(), "50:99", "nested too deeply"),
        "long-text.yaml": (f"description: {'word ' * 3000}\n{good}".encode(), "1:14", "at most 10,000 are allowed"),
        "ten-megabytes.yaml": (line * 160_000, "1025:1", "larger than 65,536 bytes"),
        "ten-megabytes-in-a-line.yaml": (b"name: " + b"x" * 10_000_000, "1:65537", "larger than 65,536 bytes"),
        "ten-megabytes-of-lists.yaml": (b"[" * 10_000_000, "1:65537", "larger than 65,536 bytes"),
        "binary.yaml": (b"name: " + random.Random(0).randbytes(5000), "1:7", "is not UTF-8"),
        "latin-1.yaml": ("name: résumé\n".encode("latin-1") + good.encode(), "1:8", "is not UTF-8"),
        "utf-16.yaml": (good.encode("utf-16"), "1:1", "this is UTF-16"),
        "utf-16-without-mark.yaml": (good.encode("utf-16-le"), "1:2", "U+0000 is not allowed"),
        "nul.yaml": (good.encode() + b"name: a\x00b\n", "4:8", "U+0000 is not allowed"),
        "bell.yaml": (b"name: \x07\n" + good.encode(), "1:7", "U+0007 is not allowed"),
    }
    for name, (content, _, _) in contents.items():
        (folder / name).write_bytes(content)
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "link.yaml").symlink_to("nowhere.yaml")
    (folder / "link-to-itself.yaml").symlink_to("link-to-itself.yaml")
    others = {
        "folder.yaml": "it is a folder",
        "pipe.yaml": "no regular file",
        "link.yaml": "no recipe at",
        "link-to-itself.yaml": "cannot be read",
        "nowhere.yaml": "no recipe at",
    }
    return [
        *(Broken(folder / name, place, False, message) for name, (_, place, message) in contents.items()),
        *(Broken(folder / name, "", False, message) for name, message in others.items()),
    ]
