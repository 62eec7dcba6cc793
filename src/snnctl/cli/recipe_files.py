"""Recipes' files for the shell's completion."""

from __future__ import annotations

import os

SUFFIXES = (".yaml", ".yml")


def recipe_paths(incomplete: str) -> list[str]:
    """YAML files and folders that begin with ``incomplete``; hidden ones only if it begins so."""
    folder, begin = os.path.split(incomplete)
    try:
        entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []
    found = []
    for entry in entries:
        hidden = entry.name.startswith(".") and not begin.startswith(".")
        if entry.name.startswith(begin) and not hidden:
            if entry.is_dir():
                found.append(os.path.join(folder, entry.name, ""))
            elif entry.name.endswith(SUFFIXES):
                found.append(os.path.join(folder, entry.name))
    return found


def template_names(incomplete: str) -> list[str]:
    """Templates, and recipes' files."""
    from snnctl.recipes.library import templates

    return [*(name for name in templates() if name.startswith(incomplete)), *recipe_paths(incomplete)]
