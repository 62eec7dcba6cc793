"""``extends: base.yaml``: a recipe that says only what is different from another one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from snnctl.plugins.nearest import did_you_mean
from snnctl.plugins.verb import Verb
from snnctl.recipes.applying import canonical
from snnctl.recipes.complaints import Complaint, Complaints, FaultyRecipe
from snnctl.recipes.document import Document, Draft
from snnctl.recipes.load import load_recipe
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.option_keys import Inside, Insides, all_insides, belongings, insides

DEEPEST = 10  # files
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Source:
    """One file of a recipe.

    Args:
        path: the file.
        recipe: its content.
    """

    path: Path
    recipe: Marked


def load_chain(path: Path, complaints: Complaints) -> list[Source]:
    """A recipe's file and those it extends, the nearest first.

    Args:
        path: of the recipe.
        complaints: takes what is wrong with keys.

    Raises:
        FaultyRecipe: a file is missing or cannot be read, there are too many, or they extend each other in a circle.
    """
    chain: list[Source] = []
    while True:
        recipe, found = load_recipe(path)
        complaints.extend(found)
        chain.append(Source(path, recipe))
        entry = recipe.value.get("extends")
        if entry is None:
            return chain
        path = _base(path, entry.value)
        _check_base(path, entry.value, chain)


def merged(documents: Iterable[Document], verbs: Mapping[str, Verb], complaints: Complaints) -> Document:
    """One recipe of several files.

    Args:
        documents: of the recipe itself and those it extends, the nearest first.
        verbs: by name.
        complaints: takes steps that do not fit the base's.
    """
    first, *bases = documents
    known = all_insides(verbs.values())
    belonging = belongings(verbs.values())
    document = _with_keys(first, known, complaints)
    for base in bases:
        document = Merge(known, belonging, complaints).of(_with_keys(base, known, complaints), document)
    for key, entry in document.matrix.items():
        if entry.value.value is None:
            complaints.add(entry.place, f"the values of '{key}' must be a list, not empty", "write `[...]`")
    return document


class Merge:
    """Puts a recipe over its base.

    Args:
        known: what each option of any verb holds.
        belonging: options that hold options of what another names, by the other.
        complaints: takes what does not fit.
    """

    def __init__(self, known: Insides, belonging: Mapping[str, list[str]], complaints: Complaints) -> None:
        self._known = known
        self._belonging = belonging
        self._complaints = complaints

    def of(self, base: Document, child: Document) -> Document:
        """Key by key; steps by id, new ones at the end. The name is not inherited: it is that of the file."""
        matrix = {**base.matrix, **child.matrix}
        for key, entry in child.matrix.items():
            if entry.value.value is None and key in base.matrix:
                del matrix[key]
        return Document(
            child.name,
            base.description if child.description is None else child.description,
            {**base.variables, **child.variables},
            self._options(base.defaults, child.defaults, self._known),
            matrix,
            self._steps(base.drafts, child.drafts),
            child.place,
        )

    def _steps(self, base: list[Draft], child: list[Draft]) -> list[Draft]:
        own = {draft.id: draft for draft in reversed(child)}
        kept = [self._step(draft, own[draft.id]) if draft.id in own else draft for draft in base]
        taken = {draft.id for draft in base}
        return [*kept, *(draft for draft in child if draft.id not in taken)]

    def _step(self, base: Draft, child: Draft) -> Draft:
        if base.verb is None or child.verb is None:
            return child
        if base.verb.name != child.verb.name:
            message = f"step '{child.id}' is {base.verb.name} in the recipe it extends, and {child.verb.name} here"
            todo = f"see {base.place}; a step of another kind needs another id"
            self._complaints.add(child.place, message, todo)
            return child
        options = self._options(base.options, child.options, insides(child.verb.options))
        return Draft(child.id, child.verb, options, child.place)

    def _options(self, base: Marked, child: Marked, known: Insides) -> Marked:
        """Options key by key, those inside of others too. Another data set leaves the options of the base's behind."""
        entries = dict(base.value)
        for key, entry in child.value.items():
            old = entries.get(key)
            if old is None or old.value.plain() != entry.value.plain():
                for owned in self._belonging.get(key, ()):
                    entries.pop(owned, None)
        for key, entry in child.value.items():
            inside = known.get(key, Inside.VALUE)
            deep = inside is not Inside.VALUE and key in entries
            entries[key] = Entry(entry.place, _deep(entries[key].value, entry.value)) if deep else entry
        return Marked(entries, child.place)


def _with_keys(document: Document, known: Insides, complaints: Complaints) -> Document:
    """The recipe with the keys of its matrix written alike."""
    copy = document.copy()
    copy.matrix = {}
    for key, entry in document.matrix.items():
        name = ".".join(canonical(tuple(key.split(".")), known))
        if name in copy.matrix:
            todo = f"first at {copy.matrix[name].place}; '-' and '_' mean the same"
            complaints.add(entry.place, f"the key '{key}' is here twice", todo)
        else:
            copy.matrix[name] = entry
    return copy


def _deep(base: Marked, child: Marked) -> Marked:
    """Two mappings as one; anything else is replaced."""
    if not isinstance(base.value, dict) or not isinstance(child.value, dict):
        return child
    entries = dict(base.value)
    for key, entry in child.value.items():
        entries[key] = Entry(entry.place, _deep(entries[key].value, entry.value)) if key in entries else entry
    return Marked(entries, child.place)


def _base(path: Path, node: Marked) -> Path:
    """The file that is named: as it is, or from the folder of the recipe that names it."""
    if not isinstance(node.value, str) or not node.value:
        message = f"`extends` names one recipe's file, not {node.kind if node.value != '' else 'an empty text'}"
        raise FaultyRecipe([Complaint(node.place, message, "write `extends: base.yaml`")])
    if "${" in node.value:
        raise FaultyRecipe([Complaint(node.place, "variables are not replaced in `extends`", "write the file's name")])
    return Path(os.path.normpath(path.parent / node.value))


def _check_base(path: Path, node: Marked, chain: list[Source]) -> None:
    """Refuse a file that is not there, or is in the chain already."""
    real = os.path.realpath(path)
    known = [os.path.realpath(source.path) for source in chain]
    if real in known:
        circle = [*(str(source.path) for source in chain[known.index(real) :]), str(path)]
        todo = "one of them must stand on its own"
        raise FaultyRecipe([Complaint(node.place, f"recipes extend each other: {' -> '.join(circle)}", todo)])
    if len(chain) >= DEEPEST:
        message = f"more than {DEEPEST} recipes extend each other: {' -> '.join(str(source.path) for source in chain)}"
        raise FaultyRecipe([Complaint(node.place, message)])
    if not os.path.lexists(path):
        raise FaultyRecipe([Complaint(node.place, f"no recipe at {path}", _neighbours(path))])


def _neighbours(path: Path) -> str:
    """A file whose name is like that of ``path``."""
    try:
        names = sorted(name for name in os.listdir(path.parent) if name.endswith(SUFFIXES))[:1000]
    except (OSError, ValueError):
        return "the path begins at the folder of the recipe that names it"
    return did_you_mean(path.name, names) or "the path begins at the folder of the recipe that names it"
