"""Check a whole recipe before anything runs, and tell everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from snnctl.plugins import Registry
from snnctl.plugins.problems import Problem, find_problems
from snnctl.plugins.verb import Verb
from snnctl.recipes.applying import apply_settings, no_default
from snnctl.recipes.complaints import MOST, Complaint, Complaints, refuse
from snnctl.recipes.document import Document, Draft
from snnctl.recipes.extends import Source, merged
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.matrix import Axis, combinations, read_matrix, unpinned
from snnctl.recipes.option_keys import all_insides, belongings, filled_empty, insides
from snnctl.recipes.plan import Plan, Step, Variant
from snnctl.recipes.settings import Setting
from snnctl.recipes.sources import Reference, find_reference
from snnctl.recipes.structure import read_document
from snnctl.recipes.variables import fill, missing, nested, used
from snnctl.recipes.variant_names import variant_names
from snnctl.verbs.validation import find_name_problems


def check_recipe(
    chain: Sequence[Source], settings: Sequence[Setting], registry: Registry, complaints: Complaints
) -> Plan:
    """The plan of a recipe.

    Args:
        chain: its file and those it extends, as loaded.
        settings: override variables, defaults, options of steps, and keys of the matrix.
        registry: everything that may be named.
        complaints: what is known to be wrong already.

    Raises:
        FaultyRecipe: all problems, each with its place.
    """
    plan = Checker(registry, complaints).plan(chain, settings)
    if len(complaints):
        raise refuse(complaints, [str(source.path) for source in chain])
    return plan


class Checker:
    """Collects complaints while it turns recipes as loaded into a plan.

    Args:
        registry: everything that may be named.
        complaints: takes what is wrong.
    """

    def __init__(self, registry: Registry, complaints: Complaints) -> None:
        self._registry = registry
        self._verbs = registry.verbs
        self._known = all_insides(self._verbs.values())
        self._belonging = {owned: key for key, all in belongings(self._verbs.values()).items() for owned in all}
        self._complaints = complaints
        self._checked: dict[str, list[Problem]] = {}

    def plan(self, chain: Sequence[Source], settings: Sequence[Setting]) -> Plan:
        """The plan; of no use if there are complaints afterwards."""
        documents = [read_document(source.recipe, self._verbs, self._complaints) for source in chain]
        document = merged(documents, self._verbs, self._complaints)
        if not any("steps" in source.recipe.value for source in chain):
            self._require_steps(chain)
        axes = read_matrix(document.matrix, self._complaints)
        self._declare(document, axes)
        self._check_default_keys(document.defaults)
        document = apply_settings(document, settings, self._known, self._complaints)
        axes = unpinned(axes, settings, self._known, self._complaints)
        name = document.name or chain[0].path.stem
        matrix = {axis.key: [value.plain() for value in axis.values] for axis in axes}
        return Plan(
            chain[0].path,
            name,
            document.description or "",
            tuple(self._variants(document, axes)),
            tuple(source.path for source in chain[1:]),
            document.plain(name, matrix),
        )

    def _require_steps(self, chain: Sequence[Source]) -> None:
        """A recipe without steps that extends one without any; a recipe that extends none has been told."""
        if len(chain) > 1:
            place = chain[0].recipe.find("extends")
            self._complaints.add(place, "neither the recipe nor the one it extends has `steps`")

    def _declare(self, document: Document, axes: Sequence[Axis]) -> None:
        """A key of the matrix that steps use as a variable need not stand under `vars` too."""
        wanted = used(document.defaults).union(*(used(draft.options) for draft in document.drafts))
        for axis in axes:
            if len(axis.keys) == 1 and axis.key in wanted:
                document.variables.setdefault(axis.key, axis.values[0])

    def _check_default_keys(self, defaults: Marked) -> None:
        for key, entry in defaults.value.items():
            if key not in self._known or key == "model":
                self._complaints.add(entry.place, *no_default(key, self._known))

    def _variants(self, document: Document, axes: Sequence[Axis]) -> list[Variant]:
        """Every combination, checked; what is wrong in all of them is told once."""
        told: dict[Complaint, list[int]] = {}
        found: list[tuple[dict[str, Any], list[Step]]] = []
        for number, settings in enumerate(combinations(axes, self._complaints)):
            complaints = Complaints()
            steps = self._steps(apply_settings(document, settings, self._known, complaints), complaints)
            found.append(({".".join(setting.keys): setting.value.plain() for setting in settings}, steps))
            for complaint in complaints:
                told.setdefault(complaint, []).append(number)
            if len(told) >= MOST:
                break
        own = {entry.place for axis in axes for value in axis.values for entry in value.scalars()}
        for complaint, numbers in told.items():
            clear = len(numbers) == len(found) or complaint.place in own
            self._complaints.extend([complaint if clear else _under(found[numbers[0]][0], complaint)])
        names = variant_names([settings for settings, _ in found])
        return [Variant(name, settings, tuple(steps)) for name, (settings, steps) in zip(names, found, strict=True)]

    def _steps(self, document: Document, complaints: Complaints) -> list[Step]:
        """The steps of one combination."""
        complaints.extend(nested(document.variables))
        for draft in document.drafts:
            self._apply_defaults(draft, document.defaults)
        _fill(document, complaints)
        steps: list[Step] = []
        for number, draft in enumerate(document.drafts):
            if len(complaints) >= MOST:
                break
            steps += self._step(draft, document.drafts, number, complaints)
        return steps

    def _apply_defaults(self, draft: Draft, defaults: Marked) -> None:
        """Options that the step does not give itself, unless they belong to another data set, architecture, ..."""
        if draft.verb is None:
            return
        own, known = draft.options.value, insides(draft.verb.options)
        added: dict[str, Entry] = {}
        for key, entry in defaults.value.items():
            owner = self._belonging.get(key, "")
            foreign = owner in own and owner in defaults.value
            foreign = foreign and own[owner].value.plain() != defaults.value[owner].value.plain()
            if key in known and key != "model" and key not in own and not foreign:
                added[key] = entry
        draft.options = filled_empty(Marked({**own, **added}, draft.options.place), known)

    def _step(self, draft: Draft, drafts: list[Draft], number: int, complaints: Complaints) -> list[Step]:
        """A list of one step, or of none if anything is wrong with it."""
        verb = draft.verb
        if verb is None:
            return []
        draft.reference, wrong = (
            (None, []) if draft.unknown & {"model", "data"} else find_reference(draft, drafts, number, self._registry)
        )
        reference = draft.reference or Reference()
        given = draft.options.plain()
        problems = self._problems(verb, given, reference)
        wrong += [
            Complaint(draft.options.find(*problem.key.split(".")), problem.message, problem.todo)
            for problem in problems
            if problem.key.partition(".")[0] not in draft.unknown
        ]
        complaints.extend(wrong)
        if problems or wrong or draft.unknown:
            return []
        options = verb.options.model_validate(given)
        return [Step(draft.id, verb, options, reference.step, given, reference.data, dict(reference.data_opt))]

    def _problems(self, verb: Verb, given: Mapping[str, Any], reference: Reference) -> list[Problem]:
        """What is wrong with the options themselves; steps that are the same in several variants are checked once."""
        key = repr((verb.name, given, reference.data, reference.data_opt))
        if key not in self._checked:
            self._checked[key] = [
                *find_problems(verb.options, given, lambda key: f"option '{key}' of {verb.name}"),
                *find_name_problems(verb.options, given, self._registry, reference.data, reference.data_opt),
            ]
        return self._checked[key]


def _fill(document: Document, complaints: Complaints) -> None:
    """Replace variables; options in which one is missing are noted, so that nothing else is said of them."""
    lacking: dict[str, Complaint] = {}
    for draft in document.drafts:
        for key, entry in draft.options.value.items():
            for name, complaint in missing(entry.value, document.variables):
                lacking.setdefault(name, complaint)
                draft.unknown.add(key)
        draft.options = fill(draft.options, document.variables)
    complaints.extend(lacking.values())


def _under(settings: Mapping[str, Any], complaint: Complaint) -> Complaint:
    """A complaint that is not about every combination of the matrix, with the first one it is about."""
    values = ", ".join(f"{key}={value}" for key, value in settings.items())
    return replace(complaint, message=f"{complaint.message} (with {values:.120})")
