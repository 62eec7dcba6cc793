"""The parts of a recipe's file: known sections, steps with an id and one verb each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from snnctl.plugins.nearest import did_you_mean, nearest
from snnctl.plugins.verb import Verb
from snnctl.recipes.complaints import Complaints
from snnctl.recipes.document import Document, Draft
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.option_keys import all_insides, insides, written_alike

SECTIONS = ("name", "description", "extends", "vars", "defaults", "matrix", "steps")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LONGEST_ID = 64  # it is the name of a folder
MOST_STEPS = 500


def read_document(recipe: Marked, verbs: Mapping[str, Verb], complaints: Complaints) -> Document:
    """The sections of a recipe.

    Args:
        recipe: as loaded.
        verbs: by name.
        complaints: takes what is wrong with sections and steps.
    """
    return Structure(recipe, verbs, complaints).document()


class Structure:
    """Takes a recipe's file apart."""

    def __init__(self, recipe: Marked, verbs: Mapping[str, Verb], complaints: Complaints) -> None:
        self._recipe = recipe
        self._verbs = verbs
        self._complaints = complaints

    def document(self) -> Document:
        """All sections."""
        for key, entry in self._recipe.value.items():
            if key not in SECTIONS:
                todo = did_you_mean(key, SECTIONS) or f"known: {', '.join(SECTIONS)}"
                self._complaints.add(entry.place, f"'{key}' is no key of a recipe", todo)
        return Document(
            self._name(),
            self._text("description"),
            self._variables(),
            self._defaults(),
            dict(self._mapping("matrix").value),
            self._drafts(),
            self._recipe.place,
        )

    def _entry(self, key: str) -> Marked | None:
        entry = self._recipe.value.get(key)
        return entry.value if entry else None

    def _name(self) -> str | None:
        """The recipe's name: one line, since folders and tables are called so."""
        name = self._text("name")
        if name is not None and not name.isprintable():
            self._complaints.add(self._recipe.find("name"), "'name' must be one line", "put more into 'description'")
            return None
        return name

    def _text(self, key: str) -> str | None:
        node = self._entry(key)
        if node is None or node.value is None:
            return None
        if isinstance(node.value, dict | list):
            self._complaints.add(node.place, f"'{key}' must be a text, not {node.kind}")
            return None
        return str(node.value)

    def _mapping(self, key: str) -> Marked:
        """A section of names and values."""
        node = self._entry(key)
        if node is None or node.value is None:
            return Marked({}, self._recipe.find(key))
        if not isinstance(node.value, dict):
            self._complaints.add(node.place, f"'{key}' must be a mapping, not {node.kind}")
            return Marked({}, node.place)
        return node

    def _variables(self) -> dict[str, Marked]:
        variables = {}
        for name, entry in self._mapping("vars").value.items():
            if not ID.fullmatch(name):
                message = f"the name of the variable '{name}' must consist of letters, digits, '-' and '_'"
                self._complaints.add(entry.place, message)
            variables[name] = replace(entry.value, place=entry.place)
        return variables

    def _defaults(self) -> Marked:
        return written_alike(self._mapping("defaults"), all_insides(self._verbs.values()), self._complaints)

    def _drafts(self) -> list[Draft]:
        node = self._entry("steps")
        extends = "extends" in self._recipe.value
        if node is None:
            if not extends:
                self._complaints.add(self._recipe.place, "the recipe has no `steps`", "each step begins with `- id:`")
            return []
        if not isinstance(node.value, list) or not node.value:
            todo = "each begins with `- id:`"
            self._complaints.add(node.place, f"`steps` must be a list of steps, not {_kind(node)}", todo)
            return []
        if len(node.value) > MOST_STEPS:
            message = f"a recipe has at most {MOST_STEPS:,} steps; this one has {len(node.value):,}"
            self._complaints.add(node.value[MOST_STEPS].place, message)
        drafts: dict[str, Draft] = {}
        for number, item in enumerate(node.value[:MOST_STEPS]):
            if (draft := self._draft(item, drafts)) is not None:
                drafts[draft.id if draft.id and draft.id not in drafts else f"/{number}"] = draft
        return list(drafts.values())

    def _draft(self, node: Marked, earlier: Collection[str]) -> Draft | None:
        """A step; None if it has not even a name."""
        if not isinstance(node.value, dict):
            self._complaints.add(node.place, f"a step is a mapping, not {node.kind}", "write `- id: NAME` and a verb")
            return None
        key = self._verb_key(node)
        verb = self._verb(key) if key else None
        misplaced = self._misplaced(node, verb)
        identity = self._id(node, key or "", earlier)
        if key is None or verb is None:
            return Draft(identity, None, Marked({}, node.place), node.place)
        entry = node.value[key]
        options = Marked({}, entry.place) if entry.value.value is None else entry.value
        if not isinstance(options.value, dict):
            self._complaints.add(options.place, f"the options of '{key}' are a mapping, not {options.kind}")
            return Draft(identity, None, Marked({}, node.place), entry.place)
        given = Marked({**misplaced, **options.value}, entry.place)
        return Draft(identity, verb, written_alike(given, insides(verb.options), self._complaints), entry.place)

    def _verb_key(self, node: Marked) -> str | None:
        """The key of a step that is its verb, perhaps misspelt; None if there is none or more than one."""
        exact = [key for key in node.value if key in self._verbs]
        others = [key for key in node.value if key != "id" and key not in self._verbs]
        if len(exact) > 1 or not (exact or others):
            had = f"has {len(exact)}: {', '.join(exact)}" if exact else "has none"
            todo = f"verbs: {', '.join(self._verbs)}"
            self._complaints.add(node.place, f"a step has exactly one verb; this one {had}", todo)
            return None
        return next((key for key in (*exact, *others) if self._verb(key)), None)

    def _verb(self, key: str) -> Verb | None:
        """The verb called ``key``, or what was meant."""
        return self._verbs.get(nearest(key, self._verbs) or "") if key != "id" else None

    def _misplaced(self, node: Marked, verb: Verb | None) -> dict[str, Entry]:
        """The options that stand beside the verb instead of inside it; complains about these and unknown keys."""
        found = {}
        for key, entry in node.value.items():
            if key == "id" or key in self._verbs:
                continue
            if verb is not None and key.replace("-", "_") in verb.options.model_fields:
                found[key] = entry
                todo = f"write it with the other options of {verb.name}, one level deeper"
                self._complaints.add(entry.place, f"'{key}' is an option of {verb.name} and belongs inside it", todo)
            else:
                todo = did_you_mean(key, ("id", *self._verbs)) or f"known: id, {', '.join(self._verbs)}"
                self._complaints.add(entry.place, f"'{key}' is no verb", todo)
        return found

    def _id(self, node: Marked, verb: str, earlier: Collection[str]) -> str:
        """The step's id; its verb if it has none."""
        entry = node.value.get("id")
        place, value = (entry.value.place, entry.value.value) if entry else (node.place, verb)
        if entry is None and not verb:  # that there is no verb is said already
            return ""
        if not isinstance(value, str) or not ID.fullmatch(value):
            plain = (entry.value if entry else node).plain()
            todo = "put it in quotes" if isinstance(value, int | float) else ""
            self._complaints.add(place, f"the id {plain!r:.80} must consist of letters, digits, '-' and '_'", todo)
        elif len(value) > LONGEST_ID:
            message = f"the id '{value[:20]}...' has {len(value)} characters; at most {LONGEST_ID} are allowed"
            self._complaints.add(place, message)
        elif value in SECTIONS:
            self._complaints.add(place, f"the id '{value}' is reserved", "choose another one")
        elif value in earlier:
            todo = "give each step an `id` of its own"
            self._complaints.add(place, f"the id '{value}' is taken by an earlier step", todo)
        return str(value)


def _kind(node: Marked) -> str:
    return "an empty one" if node.value == [] else node.kind
