"""Options that name what plugins register, and options of what is named: marked in the field, read everywhere.

Flags, completion, checks of recipes, the schema and the reference pages all ask the field, so that a plugin's names and
options are known in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

NAMES = "names"
OPTIONS_OF = "options_of"
CHOOSES = "chooses"
NOTHING = "none"


def of_kind(key: str) -> dict[str, Any]:
    """Marks a field that names a thing: ``Field(..., json_schema_extra=of_kind("datasets"))``.

    Args:
        key: the kind's, see :data:`snnctl.plugins.kinds.KINDS`.
    """
    return {NAMES: key}


def options_of(field: str) -> dict[str, Any]:
    """Marks a field that holds the options of what the field ``field`` names."""
    return {OPTIONS_OF: field}


def chooses(key: str) -> dict[str, Any]:
    """Marks a field of type :data:`Chosen` that names any number of things, each with options."""
    return {CHOOSES: key}


def mark(info: FieldInfo, name: str) -> str | None:
    """The value of a mark of the field; None without it."""
    extra = info.json_schema_extra
    return extra.get(name) if isinstance(extra, Mapping) else None  # type: ignore[return-value]


def read_chosen(value: Any) -> Any:
    """``"name"``, ``["name", ...]`` or ``{name: options or null}`` as options by name; ``"none"``: none."""
    if isinstance(value, Mapping) and dict(value) == {NOTHING: {}}:
        return {}
    if isinstance(value, str):
        return {} if value == NOTHING else {value: {}}
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return {name: {} for name in value}
    if isinstance(value, Mapping):
        return {name: {} if options is None else options for name, options in value.items()}
    return value


Chosen = Annotated[dict[str, dict[str, Any]], BeforeValidator(read_chosen)]
"""Things by name, each with its options."""


def chosen_field(key: str, description: str) -> Any:
    """An option of type :data:`Chosen` or None for things of a kind; None by default."""
    return Field(None, description=description, json_schema_extra=chooses(key))
