"""How options are written: with dashes or underscores, and some with options of their own inside.

Which ones those are, the marks of the fields tell (:mod:`snnctl.verbs.naming`), so that a plugin's count too.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any

from snnctl.plugins.verb import Verb
from snnctl.recipes.complaints import Complaints
from snnctl.recipes.marked import Entry, Marked
from snnctl.verbs.naming import CHOOSES, NOTHING, OPTIONS_OF, mark
from snnctl.verbs.options import Options


class Inside(Enum):
    """What an option holds."""

    VALUE = "a value"
    OPTIONS = "options of what another option names"
    CHOSEN = "names, each with options"
    FREE = "a mapping of any keys"


Insides = Mapping[str, Inside]


@cache
def insides(model: type[Options]) -> Insides:
    """What each option of a verb holds, by name."""
    return MappingProxyType({name: _inside(field) for name, field in model.model_fields.items()})


def all_insides(verbs: Iterable[Verb]) -> dict[str, Inside]:
    """What each option of any verb holds, by name."""
    return {name: inside for verb in verbs for name, inside in insides(verb.options).items()}


def belongings(verbs: Iterable[Verb]) -> dict[str, list[str]]:
    """Options that hold options of what another one names, by the other: ``{"arch": ["arch_opt"], ...}``."""
    found: dict[str, list[str]] = {}
    for verb in verbs:
        for name, field in verb.options.model_fields.items():
            named = mark(field, OPTIONS_OF)
            if named is not None and name not in found.setdefault(named, []):
                found[named].append(name)
    return found


def written_alike(node: Marked, known: Insides, complaints: Complaints) -> Marked:
    """A mapping of options, with underscores wherever there were dashes, and things chosen as a mapping of names.

    Args:
        node: the mapping.
        known: what each option holds.
        complaints: takes options that are there twice.
    """
    entries = underscored(node, complaints).value
    return Marked(
        {key: Entry(entry.place, _inner(entry.value, known.get(key), complaints)) for key, entry in entries.items()},
        node.place,
    )


def filled_empty(node: Marked, known: Insides) -> Marked:
    """The options of a step, with ``null`` for options of what another one names replaced by an empty mapping."""
    entries = {}
    for key, entry in node.value.items():
        value = entry.value
        if known.get(key) is Inside.OPTIONS and value.value is None:
            value = Marked({}, value.place)
        entries[key] = Entry(entry.place, value)
    return Marked(entries, node.place)


def key_path(keys: list[str], known: Insides) -> list[str]:
    """The dotted key of an option as a path into a step's options, in underscores but for names of plugins' things."""
    first, *rest = keys
    name = first.replace("-", "_")
    inside = known.get(name)
    if inside is Inside.OPTIONS:
        rest = [key.replace("-", "_") for key in rest]
    elif inside is Inside.CHOSEN:
        rest = [*rest[:1], *(key.replace("-", "_") for key in rest[1:])]
    return [name, *rest]


def depth(inside: Inside | None) -> int:
    """How many parts the key of such an option has at most."""
    return {Inside.OPTIONS: 2, Inside.CHOSEN: 3, Inside.FREE: 50}.get(inside or Inside.VALUE, 1)


def underscored(node: Marked, complaints: Complaints) -> Marked:
    """A mapping with underscores in its keys; complains about keys that are the same then."""
    entries: dict[str, Entry] = {}
    for key, entry in node.value.items():
        name = key.replace("-", "_")
        if name in entries:
            todo = f"first at {entries[name].place}; '-' and '_' mean the same"
            complaints.add(entry.place, f"the option '{key}' is here twice", todo)
        else:
            entries[name] = entry
    return Marked(entries, node.place)


def _inner(value: Marked, inside: Inside | None, complaints: Complaints) -> Marked:
    if inside is Inside.OPTIONS and isinstance(value.value, dict):
        return underscored(value, complaints)
    if inside is Inside.CHOSEN:
        return _chosen(value, complaints)
    return value


def _chosen(value: Marked, complaints: Complaints) -> Marked:
    """``name``, ``[name, ...]`` or ``{name: options}`` as the last of them; anything else, ``none`` too, as it is."""
    if isinstance(value.value, str) and "${" not in value.value and value.value != NOTHING:
        return Marked({value.value: Entry(value.place, Marked({}, value.place))}, value.place)
    if isinstance(value.value, list) and all(isinstance(item.value, str) for item in value.value):
        return _listed(value, complaints)
    if not isinstance(value.value, dict):
        return value
    entries = {}
    for name, entry in value.value.items():
        options = entry.value if entry.value.value is not None else Marked({}, entry.value.place)
        if isinstance(options.value, dict):
            options = underscored(options, complaints)
        entries[name] = Entry(entry.place, options)
    return Marked(entries, value.place)


def _listed(value: Marked, complaints: Complaints) -> Marked:
    entries: dict[str, Entry] = {}
    for item in value.value:
        if "${" in item.value:
            return value
        if item.value in entries:
            complaints.add(item.place, f"'{item.value}' is here twice", f"first at {entries[item.value].place}")
        entries.setdefault(item.value, Entry(item.place, Marked({}, item.place)))
    return Marked(entries, value.place)


def _inside(field: Any) -> Inside:
    if mark(field, OPTIONS_OF) is not None:
        return Inside.OPTIONS
    if mark(field, CHOOSES) is not None:
        return Inside.CHOSEN
    return Inside.FREE if _holds_mapping(field.annotation) else Inside.VALUE


def _holds_mapping(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _holds_mapping(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return any(_holds_mapping(choice) for choice in typing.get_args(annotation))
    return (origin or annotation) in (dict, Mapping)
