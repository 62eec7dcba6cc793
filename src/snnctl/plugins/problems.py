"""Pydantic's complaints in the words of this product: key, message and the nearest valid key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from snnctl.plugins.nearest import did_you_mean


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a mapping of options.

    Args:
        key: the option; dotted when it lies inside another (``arch_opt.hidden``), empty when it is about several.
        message: what is wrong, one sentence.
        todo: what to do; may be empty.
        missing: whether the option is required and was not given.
    """

    key: str
    message: str
    todo: str = ""
    missing: bool = False


Label = Callable[[str], str]


def quoted(key: str) -> str:
    """What an option is called where nothing else is known."""
    return f"option '{key}'"


def find_problems(model: type[BaseModel], mapping: Mapping[str, Any], label: Label = quoted) -> list[Problem]:
    """Everything that keeps ``mapping`` from being a ``model``; empty when it is one.

    Args:
        model: names, types and limits of the options.
        mapping: the options given.
        label: what an option is called in messages, given its key.
    """
    booleans = [key for key, value in mapping.items() if isinstance(value, bool) and not _may_be_bool(model, key)]
    found = [Problem(key, f"{label(key)} cannot be {str(mapping[key]).lower()}") for key in booleans]
    try:
        model.model_validate(dict(mapping))
    except ValidationError as error:
        found += [_problem(model, detail, label) for detail in error.errors(include_url=False)]
    first = {problem.key: problem for problem in reversed(found)}
    return list(reversed(first.values()))


def _may_be_bool(model: type[BaseModel], key: str) -> bool:
    """Whether true and false are values of the field: pydantic alone would read them as 1 and 0."""
    field = model.model_fields.get(key)
    return field is None or field.annotation is Any or "bool" in str(field.annotation)


def _problem(model: type[BaseModel], detail: ErrorDetails, label: Label) -> Problem:
    if not detail["loc"]:  # several options do not fit together
        return Problem("", _lower(detail["msg"]), detail.get("ctx", {}).get("todo", ""))
    key = str(detail["loc"][0])
    name = label(key)
    if detail["type"] == "extra_forbidden":
        todo = did_you_mean(key, model.model_fields) or f"known: {', '.join(model.model_fields) or 'none'}"
        return Problem(key, f"no {name}", todo)
    if detail["type"] == "missing":
        return Problem(key, f"{name} is required", missing=True)
    if detail["type"] == "literal_error":
        expected = detail["ctx"]["expected"]
        todo = did_you_mean(
            str(detail["input"]), [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
        )
        return Problem(key, f"{name} is {detail['input']!r:.60}; it must be {expected}", todo)
    return Problem(key, f"{name} is {detail['input']!r:.60}: {_lower(detail['msg'])}")


def _lower(message: str) -> str:
    """Pydantic's sentence as part of ours."""
    return message.replace("Input should", "it should").replace("Value error, ", "").strip()
