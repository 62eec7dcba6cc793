"""The options of a plugin's thing: the keyword-only parameters of one of its methods, checked before it is called."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError, UsageError
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import Exporter

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from snnctl.plugins.problems import Problem

REQUIRED = inspect.Parameter.empty
"""The default of an option that must be given."""

METHODS: dict[type, tuple[str, tuple[str, ...]]] = {
    Dataset: ("configured", ()),
    Architecture: ("build", ("input_shape", "classes")),
    Exporter: ("export", ("network", "context")),
    TrainingCallback: ("make", ("context",)),
}
"""The method whose keyword-only parameters are the options, and its other parameters."""


def declared_options(thing: Any) -> dict[str, tuple[Any, Any]]:
    """Name -> (type, default) of every option; the default of one that must be given is :data:`REQUIRED`.

    Args:
        thing: an architecture, data set, exporter or training callback, or a class of hardware constraints; other
            things have no options.

    Raises:
        PluginError: the method does not declare its options as ``*, option: type = default, ...``.
    """
    method, fixed = _method(thing)
    if method is None:
        return {}
    called = method.__name__
    parameters = _parameters(thing, method, called)
    options = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    others = [parameter.name for parameter in parameters if parameter not in options]
    if others != list(fixed):
        expected = ", ".join(["self", *fixed, "*", "options"])
        raise PluginError(f"'{thing.name}': {called} must take ({expected})")
    optional = isinstance(thing, Dataset)
    for option in options:
        if option.annotation is option.empty or (option.default is option.empty and not optional):
            needed = "a type" if optional else "a type and a default"
            raise PluginError(f"'{thing.name}': option '{option.name}' of {called} needs {needed}")
    types = _types(thing, method, options)
    return {option.name: (types[option.name], option.default) for option in options}


def options_model(thing: Any) -> type[BaseModel]:
    """A pydantic model with one field for each option.

    Raises:
        PluginError: the options are declared wrongly.
    """
    from pydantic import ConfigDict, create_model

    declared = declared_options(thing)
    fields: dict[str, Any] = {
        name: (kind, ... if default is REQUIRED else default) for name, (kind, default) in declared.items()
    }
    config = ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True)
    cls = thing if isinstance(thing, type) else type(thing)
    return create_model(f"{cls.__name__}Options", __config__=config, **fields)


def check_options(thing: Any, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The given options, parsed and checked; those not given are left to their defaults.

    Args:
        thing: whose options they are.
        mapping: values, or texts from the command line such as "true", "340", "[300,100]" or "300,100".

    Raises:
        UsageError: an unknown option (names the nearest), a value that does not fit, or a missing one.
    """
    values, problems = read_options(thing, mapping)
    if problems:
        problem = problems[0]
        raise UsageError(problem.message, todo=problem.todo)
    return values


def read_options(thing: Any, mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The parsed options and every problem with them."""
    from snnctl.plugins.kinds import word_for
    from snnctl.plugins.problems import Problem, find_problems

    model = options_model(thing)
    given = {key.replace("-", "_"): value for key, value in mapping.items()}
    for key, value in given.items():
        if isinstance(value, str) and key in model.model_fields:
            given[key] = _from_text(value, model.model_fields[key].annotation)

    def label(key: str) -> str:
        return f"option '{key}' of {word_for(thing)} '{thing.name}'"

    empty = [key for key, value in given.items() if value == "" and _is_path(model.model_fields.get(key))]
    if empty:
        return {}, [
            Problem(key, f"{label(key)} is an empty path", "Write . for the folder you are in.") for key in empty
        ]
    problems = find_problems(model, given, label)
    if problems:
        return {}, sorted(problems, key=lambda problem: problem.missing)  # a typo explains what is missing
    checked = model.model_validate(given)
    return {key: getattr(checked, key) for key in given}, []


def _method(thing: Any) -> tuple[Callable[..., Any] | None, tuple[str, ...]]:
    """What declares the options, and the parameters that are none; None if there are no options."""
    if isinstance(thing, type) and issubclass(thing, HardwareConstraint):
        return (None if thing.__init__ is object.__init__ else thing.__init__), ()
    for base, (name, fixed) in METHODS.items():
        if isinstance(thing, base):
            own = getattr(type(thing), name) is not getattr(base, name)
            return (getattr(thing, name) if own else None), fixed
    return None, ()


def _parameters(thing: Any, method: Callable[..., Any], called: str) -> list[inspect.Parameter]:
    """The parameters of the method, but for ``self``."""
    parameters = list(inspect.signature(method).parameters.values())
    if isinstance(thing, type):
        parameters = parameters[1:]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise PluginError(f"'{thing.name}': {called} must name its options, not take **options")
    return parameters


def _types(thing: Any, method: Callable[..., Any], options: list[inspect.Parameter]) -> dict[str, Any]:
    """The type of every option."""
    hints = SimpleNamespace(__annotations__={option.name: option.annotation for option in options})
    names = getattr(inspect.unwrap(method), "__globals__", {})
    try:
        return typing.get_type_hints(hints, globalns=names, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise PluginError(
            f"'{thing.name}': an option of {method.__name__} has a type that is unknown: {error}"
        ) from error


def _from_text(text: str, annotation: Any) -> Any:
    """A text from the command line as the value pydantic expects for ``annotation``."""
    choices = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
    if type(None) in choices and text.lower() in ("none", "null"):
        return None
    collection = any((typing.get_origin(choice) or choice) in (list, tuple, set, dict) for choice in choices)
    if not collection:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = [item.strip() for item in text.strip("[]() ").split(",") if item.strip()]
    return value if isinstance(value, list | dict) else [value]


def _is_path(field: FieldInfo | None) -> bool:
    """Whether it takes a path, and a text only as one; pydantic makes the folder one is in of an empty text."""
    kinds = () if field is None else (field.annotation, *typing.get_args(field.annotation))
    return Path in kinds and str not in kinds


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, UnionType)
