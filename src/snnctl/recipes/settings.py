"""``--set step.key=value`` and ``--set variable=value``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnctl.errors import UsageError
from snnctl.recipes.load import parse_value
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.place import Place


@dataclass(frozen=True)
class Setting:
    """One setting.

    Args:
        keys: ("weights",) for a variable, ("relu", "epochs") for an option, ("relu", "arch_opt", "hidden") inside one.
        value: the value; its place is the setting itself, or that in the matrix.
        place: of the key.
    """

    keys: tuple[str, ...]
    value: Marked
    place: Place

    @staticmethod
    def of(name: str, value: Any) -> Setting:
        """A setting from a dotted name and a Python value."""
        place = Place(f"setting {name}")
        return Setting(tuple(name.split(".")), mark(value, place), place)


def parse_settings(texts: list[str]) -> list[Setting]:
    """Settings from the command line; values are YAML.

    Raises:
        UsageError: a text is not ``name=value``.
        RecipeError: a value cannot be read.
    """
    return [_parse(text) for text in texts]


def mark(value: Any, place: Place) -> Marked:
    """A Python value, all of it from ``place``."""
    if isinstance(value, dict):
        return Marked({str(key): Entry(place, mark(item, place)) for key, item in value.items()}, place)
    if isinstance(value, list | tuple):
        return Marked([mark(item, place) for item in value], place)
    return Marked(value, place)


def _parse(text: str) -> Setting:
    name, equals, value = text.partition("=")
    keys = tuple(key.strip() for key in name.split("."))
    if not equals or not all(keys):
        raise UsageError(f"--set {text} is not STEP.KEY=VALUE", todo="for example --set relu.epochs=1")
    place = Place(f"--set {name}")
    return Setting(keys, parse_value(value, place), place)
