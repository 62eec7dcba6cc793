"""Check a whole recipe before anything runs, and tell everything that is wrong at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from snnctl.plugins import Registry
from snnctl.plugins.nearest import did_you_mean, nearest
from snnctl.plugins.problems import find_problems
from snnctl.recipes.marked import Complaint, Entry, Marked, refuse
from snnctl.recipes.plan import Plan, Step
from snnctl.recipes.settings import Setting
from snnctl.recipes.sources import Reference, find_reference
from snnctl.recipes.variables import fill, missing, nested
from snnctl.verbs.catalog import VERBS, Verb
from snnctl.verbs.validation import find_name_problems

SECTIONS = ("name", "description", "vars", "defaults", "steps")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LONGEST_ID = 64  # it is the name of a folder


@dataclass
class Draft:
    """A step before its options are known to be valid.

    Args:
        id: its name.
        verb: what it does; None if that cannot be told.
        options: as given, with settings, defaults and variables.
        unknown: the options in which a variable has no value.
        reference: where its network comes from; None until that is looked into, or if it needs none.
    """

    id: str
    verb: Verb | None
    options: Marked
    unknown: set[str] = field(default_factory=set)
    reference: Reference | None = None


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
        self._complaints += nested(variables)
        self._fill(drafts, variables)
        steps = [step for draft in drafts for step in self._step(draft, drafts)]
        if self._complaints:
            raise refuse(self._complaints)
        return Plan(self._path, name, description, tuple(steps))

    def _fill(self, drafts: list[Draft], variables: dict[str, Marked]) -> None:
        """Replace variables; options in which one is missing are noted, so that nothing else is said of them."""
        complaints: dict[str, Complaint] = {}
        for draft in drafts:
            for key, entry in draft.options.value.items():
                lacking = dict(missing(entry.value, variables))
                complaints = {**lacking, **complaints}
                if lacking:
                    draft.unknown.add(key)
            draft.options = fill(draft.options, variables)
        self._complaints += complaints.values()

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
        normal = self._underscored(node) if key == "defaults" else node
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
        """A list of one draft, or of none if the step has not even a name."""
        if not isinstance(node.value, dict):
            self._complain(node.place, f"a step is a mapping, not {node.kind}", "write `- id: NAME` and a verb")
            return []
        key = self._verb_key(node)
        verb = _verb(key) if key else None
        misplaced = self._misplaced(node, verb)
        identity = self._id(node, key or "", earlier)
        if key is None or verb is None:
            return [Draft(identity, None, Marked({}, node.place))]
        entry = node.value[key]
        options = Marked({}, entry.place) if entry.value.value is None else entry.value
        if not isinstance(options.value, dict):
            self._complain(options.place, f"the options of '{key}' are a mapping, not {options.kind}")
            return [Draft(identity, None, Marked({}, node.place))]
        return [Draft(identity, verb, self._underscored(Marked({**misplaced, **options.value}, entry.place)))]

    def _verb_key(self, node: Marked) -> str | None:
        """The key of a step that is its verb, perhaps misspelt; None if there is none or more than one."""
        exact = [key for key in node.value if key in VERBS]
        others = [key for key in node.value if key != "id" and key not in VERBS]
        if len(exact) > 1 or not (exact or others):
            had = f"has {len(exact)}: {', '.join(exact)}" if exact else "has none"
            self._complain(node.place, f"a step has exactly one verb; this one {had}", f"verbs: {', '.join(VERBS)}")
            return None
        return next((key for key in (*exact, *others) if _verb(key)), None)

    def _misplaced(self, node: Marked, verb: Verb | None) -> dict[str, Entry]:
        """The options that stand beside the verb instead of inside it; complains about these and unknown keys."""
        found = {}
        for key, entry in node.value.items():
            if key == "id" or key in VERBS:
                continue
            if verb is not None and key.replace("-", "_") in verb.options.model_fields:
                found[key] = entry
                todo = f"write it with the other options of {verb.name}, one level deeper"
                self._complain(entry.place, f"'{key}' is an option of {verb.name} and belongs inside it", todo)
            else:
                todo = did_you_mean(key, VERBS) or f"known: id, {', '.join(VERBS)}"
                self._complain(entry.place, f"'{key}' is no verb", todo)
        return found

    def _underscored(self, node: Marked) -> Marked:
        """A mapping of options whose keys, and those of ``arch_opt``, have underscores where they had dashes."""
        entries: dict[str, Entry] = {}
        for key, entry in node.value.items():
            name = key.replace("-", "_")
            if name in entries:
                todo = f"first at {entries[name].place}; '-' and '_' mean the same"
                self._complain(entry.place, f"the option '{key}' is here twice", todo)
                continue
            inner = name == "arch_opt" and isinstance(entry.value.value, dict)
            entries[name] = Entry(entry.place, self._underscored(entry.value)) if inner else entry
        return Marked(entries, node.place)

    def _id(self, node: Marked, verb: str, earlier: list[Draft]) -> str:
        """The step's id; its verb if it has none."""
        entry = node.value.get("id")
        place, value = (entry.value.place, entry.value.value) if entry else (node.place, verb)
        taken = [draft.id for draft in earlier]
        if entry is None and not verb:  # that there is no verb is said already
            return ""
        if not isinstance(value, str) or not ID.fullmatch(value):
            plain = (entry.value if entry else node).plain()
            self._complain(place, f"the id {plain!r:.80} must consist of letters, digits, '-' and '_'")
        elif len(value) > LONGEST_ID:
            self._complain(
                place, f"the id '{value[:20]}...' has {len(value)} characters; at most {LONGEST_ID} are allowed"
            )
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
        if draft.verb is None:
            return
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
                if draft.verb is not None and key in draft.verb.options.model_fields and key not in draft.options.value:
                    draft.options = with_value(draft.options, [key], value)

    def _step(self, draft: Draft, drafts: list[Draft]) -> list[Step]:
        """A list of one step, or of none if anything is wrong with it."""
        verb = draft.verb
        if verb is None:
            return []
        given = draft.options.plain()
        draft.reference, complaints = self._reference(draft, drafts)
        data = draft.reference.data if draft.reference else None
        problems = [
            *find_problems(verb.options, given, lambda key: f"option '{key}' of {verb.name}"),
            *find_name_problems(given, self._registry, data),
        ]
        complaints += [
            Complaint(draft.options.find(*problem.key.split(".")), problem.message, problem.todo)
            for problem in problems
            if problem.key.partition(".")[0] not in draft.unknown
        ]
        for complaint in complaints:
            self._complain(complaint.place, complaint.message, complaint.todo)
        if problems or complaints or draft.unknown:
            return []
        options = verb.options.model_validate(given)
        source = draft.reference.step if draft.reference else None
        return [Step(draft.id, verb, options, source, given, data)]

    def _reference(self, draft: Draft, drafts: list[Draft]) -> tuple[Reference | None, list[Complaint]]:
        """Where the step's network and data come from, and what is wrong with that."""
        return (None, []) if draft.unknown & {"model", "data"} else find_reference(draft, drafts)


def _verb(key: str) -> Verb | None:
    """The verb called ``key``, or what was meant."""
    return VERBS.get(nearest(key, VERBS) or "") if key != "id" else None


def with_value(node: Marked, keys: list[str], value: Marked) -> Marked:
    """A copy of the mapping ``node`` with ``value`` at ``keys``."""
    key, *rest = keys
    old = node.value.get(key)
    if rest:
        inner = old.value if old and isinstance(old.value.value, dict) else Marked({}, value.place)
        value = with_value(inner, rest, value)
    return Marked({**node.value, key: Entry(value.place if not rest else (old or value).place, value)}, node.place)
