"""A recipe as it is written: sections and steps, before anything is filled in or checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from snnctl.plugins.verb import Verb
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.place import Place
from snnctl.recipes.sources import Reference


@dataclass(eq=False)
class Draft:
    """A step before its options are known to be valid.

    Args:
        id: its name.
        verb: what it does; None if that cannot be told.
        options: as given, with settings, defaults and variables.
        place: of its verb.
        unknown: the options in which a variable has no value.
        reference: where its network comes from; None until that is looked into, or if it needs none.
    """

    id: str
    verb: Verb | None
    options: Marked
    place: Place
    unknown: set[str] = field(default_factory=set)
    reference: Reference | None = None

    def copy(self) -> Draft:
        """A step of its own, with the same options."""
        return replace(self, unknown=set(self.unknown))


@dataclass
class Document:
    """A recipe's sections.

    Args:
        name: None if it has none.
        description: None if it has none.
        variables: by name.
        defaults: a mapping of options.
        matrix: the values of each key, as written.
        drafts: the steps in order.
        place: of the whole.
    """

    name: str | None
    description: str | None
    variables: dict[str, Marked]
    defaults: Marked
    matrix: dict[str, Entry]
    drafts: list[Draft]
    place: Place

    def copy(self) -> Document:
        """A recipe of its own, with the same content."""
        drafts = [draft.copy() for draft in self.drafts]
        return replace(self, variables=dict(self.variables), matrix=dict(self.matrix), drafts=drafts)

    def plain(self, name: str, matrix: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe as plain data.

        Args:
            name: what it is called.
            matrix: its values by key.
        """
        sections: dict[str, Any] = {"name": name, "description": self.description or ""}
        if self.variables:
            sections["vars"] = {key: value.plain() for key, value in self.variables.items()}
        if self.defaults.value:
            sections["defaults"] = self.defaults.plain()
        if matrix:
            sections["matrix"] = dict(matrix)
        steps = [{"id": draft.id, draft.verb.name: draft.options.plain()} for draft in self.drafts if draft.verb]
        return {**sections, "steps": steps}
