"""Flags from an options model: each field is one, with its type, default and help."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic.fields import FieldInfo

from snnctl.cli.complete import names_of, option_names, path_of
from snnctl.errors import UsageError
from snnctl.plugins.options import declared_options
from snnctl.verbs.naming import CHOOSES, NAMES, OPTIONS_OF, mark
from snnctl.verbs.options import (
    ConstraintOptions,
    DataOptions,
    HardwareOptions,
    ModelSourceOptions,
    OptimisationOptions,
    Options,
    WatchedOptions,
)

if TYPE_CHECKING:
    from snnctl.plugins import Registry

PANELS = {
    ModelSourceOptions: "Model",
    DataOptions: "Data",
    OptimisationOptions: "Optimisation",
    WatchedOptions: "Optimisation",
    ConstraintOptions: "Hardware",
    HardwareOptions: "Hardware",
}
SHORT_LISTS = ("neuron_models", "exporters")
"""Kinds of which there are so few that help lists them by name."""


def parameters(model: type[Options], registry: Registry) -> list[inspect.Parameter]:
    """The parameters of a Typer command for ``model``; the field ``model`` is the argument MODEL.

    Args:
        model: the options.
        registry: whose names the help of some options lists.
    """
    order = {name: position for position, name in enumerate(PANELS.values())}
    names = sorted(model.model_fields, key=lambda name: (name != "model", order.get(_panel(model, name) or "", -1)))
    return [_parameter(name, model.model_fields[name], _panel(model, name), registry) for name in names]


def mapping(model: type[Options], given: dict[str, Any]) -> dict[str, Any]:
    """Values from the command line as a mapping for ``model``; dict fields arrive as ``name=value`` texts."""
    values = {name: given[name] for name in model.model_fields if given[name] is not None}
    for name, field in model.model_fields.items():
        if mark(field, CHOOSES):
            if texts := values.pop(name, ()):
                values[name] = _chosen(flag(name), texts)
        elif _base(field.annotation) is dict:
            values[name] = dict(_split(flag(name), text) for text in values.get(name, ()))
    return values


def flag(name: str) -> str:
    """The flag of the field ``name``."""
    return "MODEL" if name == "model" else f"--{name.replace('_', '-')}"


def _panel(model: type[Options], name: str) -> str | None:
    """The part of the help page for a field: it is shared with other verbs, or None."""
    for kind, title in PANELS.items():
        if issubclass(model, kind) and name in kind.__annotations__:
            return title
    return None


def _parameter(name: str, field: FieldInfo, panel: str | None, registry: Registry) -> inspect.Parameter:
    text = _help(field, registry)
    default = inspect.Parameter.empty if field.is_required() else field.get_default(call_default_factory=True)
    annotation: Any = _base(field.annotation)
    if name == "model":
        info = typer.Argument(metavar="MODEL", help=text)
    elif annotation is dict:
        annotation, default = list[str], []
        chooses, of = mark(field, CHOOSES), mark(field, OPTIONS_OF)
        info = typer.Option(
            flag(name),
            metavar="NAME[.OPTION=VALUE]" if chooses else "NAME=VALUE",
            help=f"{text} May be repeated.",
            autocompletion=names_of(chooses) if chooses else option_names(of) if of else None,
            rich_help_panel=panel,
        )
    elif annotation is tuple:  # written in one word, as in recipes; the model takes it apart
        annotation = str
        default = ",".join(map(str, default)) if isinstance(default, tuple) else default
        metavar = "A,B,..." if Ellipsis in _items(field.annotation) else "P,Q"
        info = typer.Option(flag(name), metavar=metavar, help=text, rich_help_panel=panel)
    elif annotation is Path:
        info = typer.Option(flag(name), help=text, rich_help_panel=panel, metavar="PATH", parser=path_of(flag(name)))
    else:
        kind = mark(field, NAMES)
        complete = names_of(kind) if kind else None
        info = typer.Option(flag(name), help=text, autocompletion=complete, rich_help_panel=panel)
    return _keyword(name, Annotated[annotation, info], default)


def _help(field: FieldInfo, registry: Registry) -> str:
    """The description, and what there is to name, if that is not much."""
    text = field.description or ""
    if (chooses := mark(field, CHOOSES)) is not None:
        found = [_with_options(name, thing) for name, thing in registry.all(chooses).items()]
        return f"{text} There are: {'; '.join(found)}." if found else f"{text} None is installed."
    if (kind := mark(field, NAMES)) in SHORT_LISTS:
        return f"{text} There are: {', '.join(registry.all(kind))}."
    return text


def _with_options(name: str, thing: Any) -> str:
    options = ", ".join(declared_options(thing))
    return f"{name} ({options})" if options else name


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _base(annotation: Any) -> Any:
    """The type itself: not optional, no limits (those are checked by the model)."""
    annotation = _bare(annotation)
    origin = typing.get_origin(annotation)
    return annotation if origin is Literal else origin or annotation


def _items(annotation: Any) -> tuple[Any, ...]:
    """What a tuple holds."""
    return typing.get_args(_bare(annotation))


def _bare(annotation: Any) -> Any:
    """Not optional, no limits."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _bare(next(choice for choice in typing.get_args(annotation) if choice is not types.NoneType))
    return _bare(typing.get_args(annotation)[0]) if origin is Annotated else annotation


def _split(name: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{name} {text} is not NAME=VALUE", todo=f"for example {name} hidden=340")
    return key.strip(), value.strip()


def _chosen(name: str, texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """``NAME`` and ``NAME.OPTION=VALUE`` as options by name; ``package:name`` stays one name."""
    chosen: dict[str, dict[str, str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        thing, dot, option = key.strip().partition(".")
        if not thing or bool(equals) != bool(dot) or (dot and not option):
            raise UsageError(
                f"{name} {text} is neither NAME nor NAME.OPTION=VALUE", todo=f"for example {name} tensorboard.every=5"
            )
        options = chosen.setdefault(thing, {})
        if dot:
            options[option.strip()] = value.strip()
    return chosen


def output_parameters(writes: bool, plans: bool = False) -> list[inspect.Parameter]:
    """``--out``, ``--overwrite``, ``--json`` and, of a verb that can tell what it would make, ``--plan``."""
    place = "a new one in runs/ by default" if writes else "nothing is written without it"
    out = typer.Option(
        "--out",
        help=f"Folder to write to; {place}.",
        rich_help_panel="Output",
        metavar="PATH",
        parser=path_of("--out"),
    )
    overwrite = typer.Option(
        "--overwrite", help="Replace the run that --out holds, once the new is complete.", rich_help_panel="Output"
    )
    as_json = typer.Option("--json", help="Print one JSON object on stdout, nothing else.", rich_help_panel="Output")
    plan = typer.Option(
        "--plan",
        help="Show the network that would be made, or everything that stands against it; read no data, write nothing.",
        rich_help_panel="Output",
    )
    return [
        _keyword("out", Annotated[Path | None, out], None),
        _keyword("overwrite", Annotated[bool, overwrite], False),
        _keyword("as_json", Annotated[bool, as_json], False),
        *([_keyword("plan", Annotated[bool, plan], False)] if plans else []),
    ]
