"""Check a whole recipe before anything runs, and tell everything that is wrong at once."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnctl.plugins import Registry
from snnctl.plugins.nearest import did_you_mean
from snnctl.plugins.problems import find_problems
from snnctl.recipes.marked import Complaint, Entry, Marked, refuse
from snnctl.recipes.plan import Plan, Step
from snnctl.recipes.settings import Setting
from snnctl.recipes.variables import fill, missing
from snnctl.verbs.catalog import VERBS, Verb
from snnctl.verbs.options import Options
from snnctl.verbs.validation import find_name_problems

SECTIONS = ("name", "description", "vars", "defaults", "steps")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass
class Draft:
    """A step before its options are known to be valid."""

    id: str
    verb: Verb
    options: Marked


def check_recipe(path: Path, recipe: Marked, settings: list[Setting], registry: Registry) -> Plan:
    """The plan of ``recipe``.

    Args:
        path: its file.
        recipe: as loaded.
        settings: override variables, defaults and options of steps.
        registry: the data sets and architectures that may be named.

    Raises:
        RecipeError: all problems, each with its place.
    """
    return Checker(path, recipe, settings, registry).plan()


class Checker:
    """Collects complaints while it turns a marked recipe into a plan."""

    def __init__(self, path: Path, recipe: Marked, settings: list[Setting], registry: Registry) -> None:
        self._path = path
        self._recipe = recipe
        self._settings = settings
        self._registry = registry
        self._complaints: list[Complaint] = []

    def plan(self) -> Plan:
        """The plan, or all complaints as one error."""
        self._check_keys(self._recipe, SECTIONS, "key of a recipe")
        name, description = self._text("name", self._path.stem), self._text("description", "")
        variables, defaults = self._mapping("vars"), self._mapping("defaults")
        drafts = self._drafts()
        self._apply_settings(drafts, defaults, variables)
        self._apply_defaults(drafts, defaults)
        complete = self._fill(drafts, variables)
        steps = [step for draft in complete for step in self._step(draft, drafts)]
        if self._complaints:
            raise refuse(self._complaints)
        return Plan(self._path, name, description, tuple(steps))

    def _fill(self, drafts: list[Draft], variables: dict[str, Marked]) -> list[Draft]:
        """Replace variables; the drafts in which none is missing."""
        complaints: dict[str, Complaint] = {}
        complete = []
        for draft in drafts:
            lacking = dict(missing(draft.options, variables))
            complaints = {**lacking, **complaints}
            if not lacking:
                draft.options = fill(draft.options, variables)
                complete.append(draft)
        self._complaints += complaints.values()
        return complete

    def _complain(self, place: str, message: str, todo: str = "") -> None:
        complaint = Complaint(place, message, todo)
        if complaint not in self._complaints:  # a wrong default is wrong in every step
            self._complaints.append(complaint)

    def _check_keys(self, node: Marked, known: tuple[str, ...], what: str) -> None:
        for key, entry in node.value.items():
            if key not in known:
                self._complain(
                    entry.place, f"'{key}' is no {what}", did_you_mean(key, known) or f"known: {', '.join(known)}"
                )

    def _entry(self, key: str) -> Marked | None:
        entry = self._recipe.value.get(key)
        return entry.value if entry else None

    def _text(self, key: str, default: str) -> str:
        node = self._entry(key)
        if node is None or node.value is None:
            return default
        if isinstance(node.value, dict | list):
            self._complain(node.place, f"'{key}' must be a text, not {node.kind}")
            return default
        return str(node.value)

    def _mapping(self, key: str) -> dict[str, Marked]:
        """A section of names and values; names with underscores."""
        node = self._entry(key)
        if node is None or node.value is None:
            return {}
        if not isinstance(node.value, dict):
            self._complain(node.place, f"'{key}' must be a mapping, not {node.kind}")
            return {}
        normal = underscored(node) if key == "defaults" else node
        return {name: Marked(entry.value.value, entry.place) for name, entry in normal.value.items()}

    def _drafts(self) -> list[Draft]:
        node = self._entry("steps")
        if node is None:
            self._complain(self._recipe.place, "the recipe has no `steps`")
            return []
        if not isinstance(node.value, list) or not node.value:
            self._complain(node.place, f"`steps` must be a list of steps, not {node.kind}", "each begins with `- id:`")
            return []
        drafts: list[Draft] = []
        for item in node.value:
            drafts += self._draft(item, drafts)
        return drafts

    def _draft(self, node: Marked, earlier: list[Draft]) -> list[Draft]:
        """A list of one draft, or of none if the step is too broken to look into."""
        if not isinstance(node.value, dict):
            self._complain(node.place, f"a step is a mapping, not {node.kind}", "write `- id: NAME` and a verb")
            return []
        self._check_keys(node, ("id", *VERBS), "verb")
        verbs = [key for key in node.value if key in VERBS]
        if len(verbs) != 1:
            if verbs or all(key == "id" for key in node.value):
                had = f"has {len(verbs)}: {', '.join(verbs)}" if verbs else "has none"
                self._complain(node.place, f"a step has exactly one verb; this one {had}", f"verbs: {', '.join(VERBS)}")
            return []
        entry = node.value[verbs[0]]
        options = Marked({}, entry.place) if entry.value.value is None else entry.value
        if not isinstance(options.value, dict):
            self._complain(options.place, f"the options of '{verbs[0]}' are a mapping, not {options.kind}")
            return []
        identity = self._id(node, verbs[0], earlier)
        return [Draft(identity, VERBS[verbs[0]], underscored(Marked(options.value, entry.place)))]

    def _id(self, node: Marked, verb: str, earlier: list[Draft]) -> str:
        """The step's id; its verb if it has none."""
        entry = node.value.get("id")
        place, value = (entry.value.place, entry.value.value) if entry else (node.place, verb)
        taken = [draft.id for draft in earlier]
        if not isinstance(value, str) or not ID.fullmatch(value):
            self._complain(place, f"the id {value!r} must consist of letters, digits, '-' and '_'")
        elif value in SECTIONS:
            self._complain(place, f"the id '{value}' is reserved", "choose another one")
        elif value in taken:
            self._complain(place, f"the id '{value}' is taken by an earlier step", "give each step an `id` of its own")
        return str(value)

    def _apply_settings(self, drafts: list[Draft], defaults: dict[str, Marked], variables: dict[str, Marked]) -> None:
        steps = {draft.id: draft for draft in drafts}
        for setting in self._settings:
            head, *rest = setting.keys
            keys = [key.replace("-", "_") for key in rest]
            if not keys:
                self._set_variable(setting, variables, steps)
            elif head == "defaults" and len(keys) == 1:
                defaults[keys[0]] = setting.value
            elif head in steps:
                self._set_option(steps[head], keys, setting)
            else:
                todo = did_you_mean(head, steps) or f"steps: {', '.join(steps)}"
                self._complain(setting.place, f"no step '{head}'", todo)

    def _set_variable(self, setting: Setting, variables: dict[str, Marked], steps: dict[str, Draft]) -> None:
        [name] = setting.keys
        if name in variables:
            variables[name] = setting.value
            return
        todo = did_you_mean(name, variables) or "an option of a step is set with STEP.KEY=VALUE"
        if name in steps:
            todo = f"an option of the step is set with {name}.KEY=VALUE"
        self._complain(setting.place, f"no variable '{name}'", todo)

    def _set_option(self, draft: Draft, keys: list[str], setting: Setting) -> None:
        known = draft.verb.options.model_fields
        if keys[0] not in known:
            todo = did_you_mean(keys[0], known) or f"known: {', '.join(known)}"
            self._complain(setting.place, f"no option '{keys[0]}' of {draft.verb.name}", todo)
        elif len(keys) > 1 and keys[0] != "arch_opt":
            self._complain(setting.place, f"the option '{keys[0]}' has no parts")
        else:
            draft.options = with_value(draft.options, keys, setting.value)

    def _apply_defaults(self, drafts: list[Draft], defaults: dict[str, Marked]) -> None:
        known = {name for verb in VERBS.values() for name in verb.options.model_fields} - {"model"}
        for key, value in defaults.items():
            if key not in known:
                todo = did_you_mean(key, known) or "it is an option of no verb"
                self._complain(value.place, f"no option '{key}' of any verb", todo)
                continue
            for draft in drafts:
                if key in draft.verb.options.model_fields and key not in draft.options.value:
                    draft.options = with_value(draft.options, [key], value)

    def _step(self, draft: Draft, drafts: list[Draft]) -> list[Step]:
        given = draft.options.plain()
        problems = find_problems(draft.verb.options, given, lambda key: f"option '{key}' of {draft.verb.name}")
        for problem in [*problems, *find_name_problems(given, self._registry)]:
            self._complain(draft.options.find(*problem.key.split(".")), problem.message, problem.todo)
        if problems:
            return []
        options = draft.verb.options.model_validate(given)
        source = self._source(draft, options, drafts)
        return [Step(draft.id, draft.verb, options, source, given)]

    def _source(self, draft: Draft, options: Options, drafts: list[Draft]) -> str | None:
        """The id of the earlier step whose network this one takes, or None if it is a file."""
        model: Any = getattr(options, "model", None)
        if model is None:
            return None
        place = draft.options.find("model")
        earlier = drafts[: drafts.index(draft)]
        ids = [other.id for other in earlier if other.verb.makes_model]
        if model in ids:
            return model
        if os.path.exists(model):
            return None
        if model in [other.id for other in earlier]:
            self._complain(place, f"step '{model}' makes no network", f"steps that do: {', '.join(ids) or 'none'}")
        elif model in [other.id for other in drafts]:
            self._complain(place, f"step '{model}' does not come before step '{draft.id}'", "change their order")
        else:
            todo = did_you_mean(model, ids) or f"earlier steps that make a network: {', '.join(ids) or 'none'}"
            self._complain(place, f"'{model}' is neither an earlier step nor a file", todo)
        return None


def underscored(node: Marked) -> Marked:
    """A mapping whose keys have underscores where they had dashes."""
    return Marked({key.replace("-", "_"): entry for key, entry in node.value.items()}, node.place)


def with_value(node: Marked, keys: list[str], value: Marked) -> Marked:
    """A copy of the mapping ``node`` with ``value`` at ``keys``."""
    key, *rest = keys
    old = node.value.get(key)
    if rest:
        inner = old.value if old and isinstance(old.value.value, dict) else Marked({}, value.place)
        value = with_value(inner, rest, value)
    return Marked({**node.value, key: Entry(value.place if not rest else (old or value).place, value)}, node.place)
