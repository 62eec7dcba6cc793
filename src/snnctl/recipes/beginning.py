"""A recipe to begin with, and the schema beside it that lets an editor help."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from snnctl.errors import OutputError
from snnctl.plugins import Registry
from snnctl.recipes.library import TEMPLATES
from snnctl.recipes.recipe_text import read_text
from snnctl.recipes.schema import TITLE, recipe_schema

SCHEMA_FILE = "snnctl-recipe.schema.json"
MODELINE = "# yaml-language-server: $schema="
LARGEST = 10_000_000  # bytes that are read of a file to see whether it is a schema


def begin_recipe(path: Path, template: Path, registry: Registry) -> Path:
    """Write a recipe and, beside it, the schema that its first line names.

    Args:
        path: the recipe; it must not be there.
        template: the recipe it begins as.
        registry: what the schema knows.

    Returns:
        The schema's file.

    Raises:
        OutputError: the recipe is there already, another file stands where the schema belongs, or one cannot be
            written; nothing is then.
        FaultyRecipe: the template cannot be read.
    """
    schema = path.parent / SCHEMA_FILE
    _require_free(schema)
    lines = read_text(template, str(template)).splitlines()
    if lines and lines[0].startswith(MODELINE):
        del lines[0]
    if template.parent == TEMPLATES:  # a file of the user's holds no placeholder
        lines = [line.replace("RECIPE", str(path)) for line in lines]
    text = "\n".join([f"{MODELINE}{SCHEMA_FILE}", *lines, ""])
    content = schema_text(registry)
    _write_new(path, text)
    try:
        _replace(schema, content)
    except OutputError:
        path.unlink(missing_ok=True)
        raise
    return schema


def write_schema(path: Path, registry: Registry) -> None:
    """Write the schema; in place of an older one only.

    Raises:
        OutputError: there is another file of that name, or it cannot be written.
    """
    _require_free(path)
    _replace(path, schema_text(registry))


def schema_text(registry: Registry) -> str:
    """The schema as JSON."""
    return json.dumps(recipe_schema(registry), indent=1, ensure_ascii=False) + "\n"


def _require_free(path: Path) -> None:
    if os.path.lexists(path) and not _is_schema(path):
        raise OutputError(f"{path} is there already, and is no schema of recipes", todo="move it, or name another file")


def _is_schema(path: Path) -> bool:
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return False
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("title") == TITLE


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise OutputError(f"{path} is there already", todo="name another file") from error
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from error
    try:
        with file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _replace(path: Path, text: str) -> None:
    """Write a file in one go, in place of what is there."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            partial.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"{path} cannot be written: {reason}", todo="name another file")
