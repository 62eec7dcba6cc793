"""The JSON Schema of recipes (draft 2020-12), with everything that plugins add: editors complete and check with it.

It is told by the options models of the verbs and by the registry, as the checks of :mod:`snnctl.recipes.check` are.
What it cannot know (whether a step that is named comes before, what a data set needs and a base may give) it lets pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.verb import Verb
from snnctl.recipes.load import LONGEST_TEXT
from snnctl.recipes.matrix import MOST
from snnctl.recipes.schema_options import OptionSchemas, Schema, any_of, ref
from snnctl.recipes.structure import ID, LONGEST_ID, MOST_STEPS, SECTIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "snnctl recipe"
HAS_VARIABLE = r"\$\{[^}]*\}"
VARIABLE = "variable"


def recipe_schema(registry: Registry) -> Schema:
    """The schema for what is installed: the same for the same versions.

    Args:
        registry: verbs, and everything that may be named.
    """
    definitions: dict[str, Schema] = {
        VARIABLE: {"type": "string", "pattern": HAS_VARIABLE, "description": "A text with a variable: ${name}."},
        "literal": _literal(),
    }
    schemas = OptionSchemas(registry, definitions)
    verbs = {name: _options_of(verb, schemas) for name, verb in registry.verbs.items()}
    for name, verb in registry.verbs.items():
        definitions[f"step.{name}"] = {"description": verb.summary, "type": ["object", "null"], **verbs[name]}
    definitions["defaults"] = schemas.shared(_models(registry))
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "description": f"A recipe of snnctl {version('snnctl')}: steps, each a verb with its options.",
        "type": "object",
        "properties": _sections(registry.verbs),
        "additionalProperties": False,
        "anyOf": [{"required": ["steps"]}, {"required": ["extends"]}],
        "allOf": [
            {"if": {"not": {"required": ["extends"]}}, "then": {"properties": {"matrix": _matrix_of_lists()}}},
            *_requirements(registry),
        ],
        "$defs": definitions,
    }


def _options_of(verb: Verb, schemas: OptionSchemas) -> Schema:
    """What may stand in a step; anything if a plugin's options cannot be imported."""
    try:
        return schemas.of_model(f"step.{verb.name}", verb.options)
    except SnnctlError:
        return {}


def _models(registry: Registry) -> list[Any]:
    found = []
    for verb in registry.verbs.values():
        try:
            found.append(verb.options)
        except SnnctlError:
            continue
    return found


def _sections(verbs: Mapping[str, Verb]) -> Schema:
    text: Schema = {"type": ["string", "number", "boolean", "null"], "maxLength": LONGEST_TEXT}
    return {
        "name": {**text, "description": "What the recipe is called; the file's name by default."},
        "description": {**text, "description": "One line for the plan."},
        "extends": {
            "type": "string",
            "minLength": 1,
            "not": {"pattern": r"\$\{"},
            "description": "Another recipe's file, from the folder of this one: this one says what is different.",
        },
        "vars": {
            "type": ["object", "null"],
            "propertyNames": {"pattern": f"^{ID.pattern}$"},
            "additionalProperties": ref("literal"),
            "description": "Values to be filled in as ${name}; one that is null must be set with --set name=value.",
        },
        "defaults": ref("defaults") | {"description": "Options for every step whose verb has them."},
        "matrix": _matrix(),
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_STEPS,
            "items": _step(verbs),
            "description": "What is done, one after the other.",
        },
    }


def _step(verbs: Mapping[str, Verb]) -> Schema:
    identity = {
        "type": "string",
        "pattern": f"^{ID.pattern}$",
        "maxLength": LONGEST_ID,
        "not": {"enum": list(SECTIONS)},
        "description": "The step's name; later ones take its network by it. Its verb by default.",
    }
    return {
        "type": "object",
        "properties": {"id": identity, **{name: ref(f"step.{name}") for name in verbs}},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in verbs],
    }


def _matrix() -> Schema:
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": r"^[^.]+(\.[^.]+)*$"},
        "additionalProperties": {
            "type": ["array", "null"],
            "minItems": 1,
            "maxItems": MOST,
            "uniqueItems": True,
            "items": ref("literal"),
        },
        "description": "Lists of values of variables, STEP.OPTION or defaults.OPTION: every combination is run.",
    }


def _matrix_of_lists() -> Schema:
    """Only a recipe with a base can take a key of the matrix away."""
    return {"additionalProperties": {"type": "array"}}


def _literal() -> Schema:
    """A value without variables."""
    return any_of(
        [
            {"type": ["number", "boolean", "null"]},
            {"type": "string", "not": {"pattern": HAS_VARIABLE}},
            {"type": "array", "items": ref("literal")},
            {"type": "object", "additionalProperties": ref("literal")},
        ]
    )


def _requirements(registry: Registry) -> list[Schema]:
    """Options that must be given: in the step, unless a base, the defaults or the matrix may give them."""
    needed: dict[str, list[str]] = {}
    for name, verb in registry.verbs.items():
        try:
            fields = verb.options.model_fields
        except SnnctlError:
            continue
        for option, field in fields.items():
            if field.is_required():
                needed.setdefault(option, []).append(name)
    return [_requirement(option, verbs) for option, verbs in needed.items()]


def _requirement(option: str, verbs: list[str]) -> Schema:
    spellings = dict.fromkeys((option, option.replace("_", "-")))
    given = any_of([{"required": [spelling]} for spelling in spellings])
    pattern = option.replace("_", "[-_]")
    elsewhere: list[Schema] = [
        {"required": ["extends"]},
        {"required": ["defaults"], "properties": {"defaults": {"type": "object", **given}}},
        {
            "required": ["matrix"],
            "properties": {
                "matrix": {"type": "object", "not": {"propertyNames": {"not": {"pattern": rf"\.{pattern}$"}}}}
            },
        },
    ]
    step = {"properties": {name: {"type": "object", **given} for name in verbs}}
    return {"if": {"not": {"anyOf": elsewhere}}, "then": {"properties": {"steps": {"items": step}}}}
