"""The options of an architecture: the keyword-only parameters of its ``build``, checked before it is called."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Mapping
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Any

from snnctl.errors import PluginError, UsageError
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    from pydantic import BaseModel

    from snnctl.plugins.problems import Problem


def declared_options(architecture: Architecture) -> dict[str, tuple[Any, Any]]:
    """Name -> (type, default) of every option.

    Raises:
        PluginError: ``build`` is not ``build(input_shape, classes, *, option: type = default, ...)``.
    """
    build = architecture.build
    fixed, options = _parameters(architecture)
    if [parameter.name for parameter in fixed] != ["input_shape", "classes"]:
        raise PluginError(f"'{architecture.name}': build must take (self, input_shape, classes, *, options)")
    for option in options:
        if option.annotation is option.empty or option.default is option.empty:
            raise PluginError(f"'{architecture.name}': option '{option.name}' of build needs a type and a default")
    hints = SimpleNamespace(__annotations__={option.name: option.annotation for option in options})
    names = getattr(inspect.unwrap(build), "__globals__", {})
    try:
        types = typing.get_type_hints(hints, globalns=names, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise PluginError(f"'{architecture.name}': an option of build has a type that is unknown: {error}") from error
    return {option.name: (types[option.name], option.default) for option in options}


def architecture_options(architecture: Architecture) -> type[BaseModel]:
    """A pydantic model with one field for each option.

    Raises:
        PluginError: ``build`` declares its options wrongly.
    """
    from pydantic import ConfigDict, create_model

    fields: dict[str, Any] = declared_options(architecture)
    config = ConfigDict(extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True)
    return create_model(f"{type(architecture).__name__}Options", __config__=config, **fields)


def check_arch_options(architecture: Architecture, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """The given options, parsed and checked; those not given are left to the defaults of ``build``.

    Args:
        architecture: whose options they are.
        mapping: values, or texts from the command line such as "true", "340", "[300,100]" or "300,100".

    Raises:
        UsageError: an unknown option (names the nearest) or a value that does not fit.
    """
    values, problems = read_arch_options(architecture, mapping)
    if problems:
        problem = problems[0]
        raise UsageError(problem.message, todo=problem.todo)
    return values


def read_arch_options(architecture: Architecture, mapping: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The parsed options and every problem with them."""
    from snnctl.plugins.problems import find_problems

    model = architecture_options(architecture)
    given = {key.replace("-", "_"): value for key, value in mapping.items()}
    for key, value in given.items():
        if isinstance(value, str) and key in model.model_fields:
            given[key] = _from_text(value, model.model_fields[key].annotation)
    problems = find_problems(model, given, lambda key: f"option '{key}' of architecture '{architecture.name}'")
    if problems:
        return {}, problems
    checked = model.model_validate(given)
    return {key: getattr(checked, key) for key in given}, []


def _parameters(architecture: Architecture) -> tuple[list[inspect.Parameter], list[inspect.Parameter]]:
    """The positional parameters of ``build`` and its keyword-only ones."""
    parameters = list(inspect.signature(architecture.build).parameters.values())
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        raise PluginError(f"'{architecture.name}': build must name its options, not take **options")
    options = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    return [parameter for parameter in parameters if parameter not in options], options


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


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, UnionType)
