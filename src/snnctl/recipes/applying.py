"""Settings put into a recipe: those of the command line, and those of a combination of the matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from snnctl.plugins.nearest import did_you_mean
from snnctl.recipes.complaints import Complaints
from snnctl.recipes.document import Document, Draft
from snnctl.recipes.marked import Entry, Marked, with_value
from snnctl.recipes.option_keys import Insides, depth, insides, key_path, written_alike
from snnctl.recipes.settings import Setting


def apply_settings(document: Document, settings: Iterable[Setting], known: Insides, complaints: Complaints) -> Document:
    """A copy of the recipe with the settings in it; a later one goes over an earlier one.

    Args:
        document: the recipe.
        settings: of variables, defaults and options of steps.
        known: what each option of any verb holds.
        complaints: takes settings of what is not there.
    """
    changed = document.copy()
    steps = {draft.id: draft for draft in changed.drafts}
    for setting in settings:
        head, *rest = setting.keys
        if not rest:
            _set_variable(setting, changed.variables, steps, complaints)
        elif head == "defaults":
            _set_default(changed, rest, setting, known, complaints)
        elif head in steps:
            _set_option(steps[head], rest, setting, complaints)
        else:
            todo = did_you_mean(head, [*steps, "defaults"]) or f"steps: {', '.join(steps) or 'none'}"
            complaints.add(setting.place, f"no step '{head}'", todo)
    return changed


def canonical(keys: tuple[str, ...], known: Insides) -> tuple[str, ...]:
    """The keys of a setting as two settings of one thing have them in common."""
    head, *rest = keys
    return (head, *key_path(rest, known)) if rest else keys


def _set_variable(
    setting: Setting, variables: dict[str, Marked], steps: Mapping[str, Draft], complaints: Complaints
) -> None:
    [name] = setting.keys
    if name in variables:
        variables[name] = setting.value
        return
    todo = did_you_mean(name, variables) or "an option of a step is set with STEP.KEY=VALUE"
    if name in steps:
        todo = f"an option of the step is set with {name}.KEY=VALUE"
    complaints.add(setting.place, f"no variable '{name}'", todo)


def no_default(key: str, known: Insides) -> tuple[str, str]:
    """What to say of a default that no verb knows, and what to do."""
    return f"no option '{key}' of any verb", did_you_mean(key, known.keys() - {"model"}) or "it is an option of no verb"


def _set_default(document: Document, rest: list[str], setting: Setting, known: Insides, complaints: Complaints) -> None:
    keys = key_path(rest, known)
    if keys[0] not in known or keys[0] == "model":
        complaints.add(setting.place, *no_default(keys[0], known))
    elif _has_parts(keys, known, setting, complaints):
        document.defaults = _with(document.defaults, keys, setting, known, complaints)


def _set_option(draft: Draft, rest: list[str], setting: Setting, complaints: Complaints) -> None:
    if draft.verb is None:
        return
    known = insides(draft.verb.options)
    keys = key_path(rest, known)
    if keys[0] not in known:
        todo = did_you_mean(keys[0], known) or f"known: {', '.join(known)}"
        complaints.add(setting.place, f"no option '{keys[0]}' of {draft.verb.name}", todo)
    elif _has_parts(keys, known, setting, complaints):
        draft.options = _with(draft.options, keys, setting, known, complaints)


def _has_parts(keys: list[str], known: Insides, setting: Setting, complaints: Complaints) -> bool:
    """Whether there can be something at ``keys``."""
    most = depth(known.get(keys[0]))
    if len(keys) > most:
        complaints.add(setting.place, f"the option '{'.'.join(keys[:most])}' has no parts")
    return len(keys) <= most


def _with(node: Marked, keys: list[str], setting: Setting, known: Insides, complaints: Complaints) -> Marked:
    """The mapping of options with the setting's value in it, written as the others are."""
    value = setting.value
    if len(keys) == 1:
        one = Marked({keys[0]: Entry(value.place, value)}, value.place)
        value = written_alike(one, known, complaints).value[keys[0]].value
    return with_value(node, keys, value)
