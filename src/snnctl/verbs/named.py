"""Checks what options name: that it is registered, and that its options fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from snnctl.errors import SnnctlError, UsageError
from snnctl.plugins import Registry
from snnctl.plugins.kinds import KINDS
from snnctl.plugins.options import REQUIRED, declared_options, read_options
from snnctl.plugins.problems import Problem
from snnctl.verbs.naming import CHOOSES, NAMES, OPTIONS_OF, mark
from snnctl.verbs.options import Options


def find_named_problems(model: type[Options], given: Mapping[str, Any], registry: Registry) -> list[Problem]:
    """Everything wrong with what the options name, and with the options of that.

    Values of the wrong type are passed over: the options model complains about those.

    Args:
        model: the options there are.
        given: those that are given.
        registry: what can be named.
    """
    return [problem for problem, _ in _found(model, given, registry)]


def require_names(model: type[Options], given: Mapping[str, Any], registry: Registry) -> None:
    """Refuse the first thing that is wrong.

    Raises:
        PluginError: what is named is not registered.
        UsageError: its options do not fit.
    """
    for problem, error in _found(model, given, registry):
        raise error if error is not None else UsageError(problem.message, todo=problem.todo)


Found = Iterator[tuple[Problem, SnnctlError | None]]


def _found(model: type[Options], given: Mapping[str, Any], registry: Registry) -> Found:
    """Problems, each with the error it comes from."""
    for name, field in model.model_fields.items():
        if (kind := mark(field, NAMES)) is not None:
            yield from _unknown(name, kind, given.get(name), registry)
        elif (key := mark(field, OPTIONS_OF)) is not None:
            yield from _unfit(name, key, mark(model.model_fields[key], NAMES) or "", given, registry)
        elif (kind := mark(field, CHOOSES)) is not None:
            yield from _badly_chosen(name, kind, given.get(name), registry)


def _unknown(name: str, kind: str, value: Any, registry: Registry) -> Found:
    if isinstance(value, str):
        try:
            registry.find(kind, value)
        except SnnctlError as error:
            yield Problem(name, error.what, error.todo), error


def _unfit(name: str, key: str, kind: str, given: Mapping[str, Any], registry: Registry) -> Found:
    """Options of a thing that is named by the option ``key``."""
    value, options = given.get(key), given.get(name)
    if not isinstance(options, Mapping):
        options = {}
    if value is None:
        if options:
            flag = f"--{key.replace('_', '-')}"
            yield Problem(name, f"{name} without {key}", f"name the {KINDS[kind].one}: {flag} NAME ({key}: NAME)"), None
        return
    thing = _thing(kind, value, registry)
    if thing is None or not (options or _needs_options(thing)):
        return
    for problem in read_options(thing, options)[1]:
        place = name if problem.missing else f"{name}.{problem.key}"
        todo = f"give it: --{name.replace('_', '-')} {problem.key}=VALUE ({name}: {problem.key})"
        todo = todo if problem.missing else problem.todo
        yield Problem(place, problem.message, todo), None


def _badly_chosen(name: str, kind: str, value: Any, registry: Registry) -> Found:
    from snnctl.verbs.naming import read_chosen

    chosen = read_chosen(value)
    if not isinstance(chosen, Mapping):  # also None
        return
    meant: dict[str, str] = {}
    for each, options in chosen.items():
        try:
            thing = registry.find(kind, each)
            if (first := meant.setdefault(registry.qualified(kind, each), each)) != each:
                message = f"{name} names the {KINDS[kind].one} '{first}' a second time, as '{each}'"
                yield Problem(f"{name}.{each}", message, "name it once, with all its options"), None
                continue
        except SnnctlError as error:
            yield Problem(f"{name}.{each}", error.what, error.todo), error
            continue
        except (TypeError, AttributeError):
            continue
        if isinstance(options, Mapping):
            for problem in read_options(thing, options)[1]:
                yield Problem(f"{name}.{each}.{problem.key}", problem.message, problem.todo), None


def _thing(kind: str, value: Any, registry: Registry) -> Any:
    """What is named; None if that is not known, which is said elsewhere."""
    try:
        return registry.find(kind, value)
    except (SnnctlError, TypeError, AttributeError):
        return None


def _needs_options(thing: Any) -> bool:
    return any(default is REQUIRED for _, default in declared_options(thing).values())
