"""Variables: ``${weights}`` in a text is replaced by the value of ``vars: {weights: ...}`` or ``--set weights=...``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from snnctl.plugins.nearest import did_you_mean
from snnctl.recipes.complaints import Complaint
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.place import Place

VARIABLE = re.compile(r"\$\{([^}]*)\}")


def fill(node: Marked, variables: Mapping[str, Marked]) -> Marked:
    """``node`` with every variable replaced; those without a value stay as they are."""
    if isinstance(node.value, dict):
        items = node.value.items()
        return Marked({key: Entry(entry.place, fill(entry.value, variables)) for key, entry in items}, node.place)
    if isinstance(node.value, list):
        return Marked([fill(item, variables) for item in node.value], node.place)
    if isinstance(node.value, str):
        return Marked(_fill_text(node.value, variables), node.place)
    return node


def missing(node: Marked, variables: Mapping[str, Marked]) -> Iterator[tuple[str, Complaint]]:
    """Each variable in ``node`` that is unknown or has no value, with the complaint about it."""
    if isinstance(node.value, dict):
        for entry in node.value.values():
            yield from missing(entry.value, variables)
    elif isinstance(node.value, list):
        for item in node.value:
            yield from missing(item, variables)
    elif isinstance(node.value, str):
        for name in VARIABLE.findall(node.value):
            if name not in variables:
                todo = did_you_mean(name, variables) or "declare it under `vars:`"
                yield name, Complaint(node.place, f"no variable '{name}'", todo)
            elif variables[name].value is None:
                message = f"the variable '{name}' has no value"
                yield name, Complaint(variables[name].place, message, f"set it with --set {name}=...", needs=name)


def nested(variables: Mapping[str, Marked]) -> Iterator[Complaint]:
    """A complaint about each variable whose value has a variable in it."""
    for name, node in variables.items():
        for place, text in texts(node):
            if VARIABLE.search(text):
                message = f"the variable '{name}' is {text!r:.60}: variables are not replaced inside `vars`"
                yield Complaint(place, message, "write the value itself, or put both variables where they are used")


def used(node: Marked) -> set[str]:
    """The names of all variables in ``node``."""
    return {name for _, text in texts(node) for name in VARIABLE.findall(text)}


def texts(node: Marked) -> Iterator[tuple[Place, str]]:
    """(place, text) of every text in ``node``."""
    return ((scalar.place, scalar.value) for scalar in node.scalars() if isinstance(scalar.value, str))


def _fill_text(text: str, variables: Mapping[str, Marked]) -> Any:
    """A text that is a variable and nothing else takes over the variable's type."""
    known = {name: variable for name, variable in variables.items() if variable.value is not None}
    whole = VARIABLE.fullmatch(text)
    if whole and whole[1] in known:
        return known[whole[1]].plain()
    return VARIABLE.sub(lambda match: known[match[1]].as_text() if match[1] in known else match[0], text)
