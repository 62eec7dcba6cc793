"""Recipes there are: those of a folder, and templates that come with snnctl."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from snnctl.errors import UsageError
from snnctl.plugins.nearest import did_you_mean

SUFFIXES = (".yaml", ".yml")
TEMPLATES = Path(__file__).parent / "templates"


def recipe_files(folder: Path) -> list[Path]:
    """The YAML files in a folder and those below it, in order; hidden ones are left out.

    Raises:
        UsageError: it is no folder.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", todo="name one that holds recipes")
    return sorted(_below(folder))


def templates() -> dict[str, Path]:
    """The templates of ``snnctl recipes init`` by name, the one to begin with first."""
    found = {path.stem: path for path in sorted(TEMPLATES.glob("*.yaml"))}
    return {"starter": found.pop("starter"), **found}


def template_or_file(name: str) -> Path:
    """The template of that name, or else the file.

    Raises:
        UsageError: there is neither.
    """
    known = templates()
    if name in known:
        return known[name]
    if not os.path.exists(name):
        todo = did_you_mean(name, known) or f"templates: {', '.join(known)}"
        raise UsageError(f"'{name}' is neither a template nor a file", todo=todo)
    return Path(name)


def _below(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(path, name) for name in files if name.endswith(SUFFIXES) and not name.startswith("."))
