"""The JSON Schema of options: of a verb, and of what plugins register."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, BeforeValidator
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.fields import FieldInfo

from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.option_words import option_words
from snnctl.plugins.options import options_model
from snnctl.verbs.naming import CHOOSES, NAMES, NOTHING, OPTIONS_OF, mark

Schema = dict[str, Any]
MARKS = (NAMES, OPTIONS_OF, CHOOSES)


def ref(definition: str) -> Schema:
    """A reference to ``$defs``."""
    return {"$ref": f"#/$defs/{definition}"}


def any_of(choices: Sequence[Schema]) -> Schema:
    """One of several schemas, each once."""
    different = list({json.dumps(choice, sort_keys=True): choice for choice in choices}.values())
    return different[0] if len(different) == 1 else {"anyOf": different}


class OptionSchemas:
    """Makes schemas of options.

    Args:
        registry: everything that may be named.
        definitions: the schema's ``$defs``; takes the options of what is named. ``variable`` is there already.
    """

    def __init__(self, registry: Registry, definitions: dict[str, Schema]) -> None:
        self._registry = registry
        self._definitions = definitions

    def of_model(self, definition: str, model: type[BaseModel]) -> Schema:
        """A mapping of the options of a verb.

        Args:
            definition: what it is called in ``$defs``.
            model: its options.
        """
        properties = self._properties(definition, model)
        return {
            "properties": properties,
            **_spelt_with_dashes(definition, properties),
            "additionalProperties": False,
            **_all_of([*self._named(model), *_once(properties)]),
        }

    def shared(self, models: Iterable[type[BaseModel]]) -> Schema:
        """A mapping of the options of any verb, but for its network; each may be what it is in any of them."""
        choices: dict[str, list[Schema]] = {}
        named: list[Schema] = []
        for number, model in enumerate(models):
            for name, schema in self._properties(f"defaults.{number}", model).items():
                if name != "model":
                    choices.setdefault(name, []).append(schema)
            named += [condition for condition in self._named(model) if condition not in named]
        properties = {name: _described_alike(schemas) for name, schemas in choices.items()}
        return {
            "type": ["object", "null"],
            "properties": properties,
            **_spelt_with_dashes("defaults", properties),
            "additionalProperties": False,
            **_all_of([*named, *_once(properties)]),
        }

    def _properties(self, definition: str, model: type[BaseModel]) -> dict[str, Schema]:
        """The schema of each option of a verb."""
        whole = _schema_of(model, definition)
        self._definitions.update({f"{definition}.{name}": nested for name, nested in whole.get("$defs", {}).items()})
        given = whole.get("properties", {})
        return {name: self._field(field, given.get(name, {})) for name, field in model.model_fields.items()}

    def _field(self, field: FieldInfo, schema: Schema) -> Schema:
        told = {key: schema[key] for key in ("description", "default") if schema.get(key) is not None}
        choices = _choices(schema)
        if (kind := mark(field, NAMES)) is not None:
            choices = [self._name(kind) if each.get("type") == "string" else each for each in choices]
        elif (kind := mark(field, CHOOSES)) is not None:
            self._definitions.setdefault(f"chosen.{kind}", any_of(self._chosen(kind)))
            choices = [ref(f"chosen.{kind}")]
        elif mark(field, OPTIONS_OF) is not None:
            choices.append({"type": "null"})
        elif _is_read_first(field):
            choices = _readable(choices)
        if {} in choices:
            return told
        return {**told, **any_of([*choices, ref("variable")])}

    def _name(self, kind: str) -> Schema:
        """The name of a thing."""
        self._definitions.setdefault(f"names.{kind}", {"enum": self._names(kind)})
        return ref(f"names.{kind}")

    def _names(self, kind: str) -> list[str]:
        """Everything of a kind by the names that may be written, those with packages last."""
        return list(dict.fromkeys([*self._registry.all(kind), *(names[-1] for names in self._aliases(kind))]))

    def _aliases(self, kind: str) -> list[list[str]]:
        """For each thing of a kind the names that may be written, the one with its package last."""
        registry = self._registry
        things = registry.all(kind)
        qualified = {name: f"{registry.owner(kind, name)}:{name.rpartition(':')[2]}" for name in things}
        return [list(dict.fromkeys((name, qualified[name]))) for name in things]

    def _chosen(self, kind: str) -> list[Schema]:
        """A name, a list of names, or a mapping of names to options."""
        names = self._names(kind)
        options = {name: any_of([self._options(kind, name), {"type": "null"}]) for name in names}
        return [
            {"enum": [*names, NOTHING]},
            {"type": "array", "items": any_of([self._name(kind), ref("variable")]), "uniqueItems": True},
            {"type": "object", "properties": {**options, NOTHING: {"maxProperties": 0}}, "additionalProperties": False},
            {"type": "null"},
        ]

    def _named(self, model: type[BaseModel]) -> list[Schema]:
        """What options that hold the options of named things may hold, depending on what is named."""
        found: list[Schema] = []
        for name, field in model.model_fields.items():
            key = mark(field, OPTIONS_OF)
            kind = mark(model.model_fields[key], NAMES) if key is not None else None
            if key is None or kind is None:
                continue
            definition = f"named.{key}.{name}"
            self._definitions.setdefault(definition, {"allOf": self._conditions(key, name, kind)})
            found.append(ref(definition))
        return found

    def _conditions(self, key: str, name: str, kind: str) -> list[Schema]:
        """For each thing of a kind: what the option ``name`` may hold if the option ``key`` names it."""
        found: list[Schema] = []
        for names in self._aliases(kind):
            named = {"properties": {key: {"enum": names}}, "required": [key]}
            inside = any_of([self._options(kind, names[0]), {"type": "null"}, ref("variable")])
            found.append({"if": named, "then": {"properties": dict.fromkeys(_spellings(name), inside)}})
        return found

    def _options(self, kind: str, name: str) -> Schema:
        """A reference to the options of a thing; anything if they cannot be told."""
        thing = self._registry.find(kind, name)
        definition = f"{kind}.{self._registry.owner(kind, name)}.{name.rpartition(':')[2]}"
        if definition not in self._definitions:
            try:
                self._definitions[definition] = _options_of(thing, definition)
            except SnnctlError:
                self._definitions[definition] = {"type": "object"}
        return ref(definition)


def _options_of(thing: Any, definition: str) -> Schema:
    """The options of a thing, with what its documentation says of each."""
    model, told = options_model(thing), option_words(thing)
    given = _schema_of(model, definition).get("properties", {})
    properties = {}
    for name in model.model_fields:
        schema = given.get(name, {})
        choices = _choices(schema)
        if any(choice.get("type") in ("array", "object") for choice in choices):
            choices.append({"type": "string"})  # "300,100", as on the command line
        description = schema.get("description") or told.get(name)
        words = {"description": description} if description else {}
        words |= {"default": schema["default"]} if schema.get("default") is not None else {}
        properties[name] = words if {} in choices else {**words, **any_of([*choices, ref("variable")])}
    return {
        "type": "object",
        "properties": properties,
        **_spelt_with_dashes(definition, properties),
        "additionalProperties": False,
        **_all_of(_once(properties)),
    }


def _schema_of(model: type[BaseModel], definition: str) -> Schema:
    """What pydantic makes of a model; nothing if it has a type that JSON does not know."""
    try:
        return model.model_json_schema(ref_template=ref(f"{definition}.")["$ref"] + "{model}")
    except PydanticInvalidForJsonSchema:
        return {}


def _choices(schema: Schema) -> list[Schema]:
    """The alternatives of a field, without what pydantic and snnctl note beside them."""
    noted = ("title", "description", "default", *MARKS)
    bare = {key: value for key, value in schema.items() if key not in noted}
    return list(bare["anyOf"]) if set(bare) == {"anyOf"} else [bare]


def _readable(choices: Iterable[Schema]) -> list[Schema]:
    """What a field may be that is read before it is checked: numbers and lists also as one text or one number."""
    loose: list[Schema] = []
    for choice in choices:
        if choice.get("type") == "array":
            loose.append({"type": ["array", "string", "number"], "items": {"type": ["string", "number"]}})
        elif choice.get("type") in ("string", "null"):
            loose.append(choice)
        else:
            return [{}]
    return loose


def _is_read_first(field: FieldInfo) -> bool:
    """Whether something changes the value before its type is checked."""
    return any(isinstance(part, BeforeValidator) for part in (*field.metadata, *_parts(field.annotation)))


def _parts(annotation: Any) -> Iterable[Any]:
    """Everything that an annotation consists of."""
    for part in (*getattr(annotation, "__metadata__", ()), *typing.get_args(annotation)):
        yield part
        yield from _parts(part)


def _described_alike(schemas: list[Schema]) -> Schema:
    """One option of several verbs; if they differ, in words too, the first one's are shown."""
    bare = [{key: value for key, value in each.items() if key not in ("description", "default")} for each in schemas]
    choices = [choice for each in bare for choice in (each.get("anyOf") or [each])]
    words = {key: schemas[0][key] for key in ("description",) if key in schemas[0]}
    return words if {} in choices else {**words, **any_of(choices)}


def _spelt_with_dashes(definition: str, properties: Mapping[str, Schema]) -> Schema:
    """The same options written with dashes."""
    patterns = {
        f"^(?!{name}$){name.replace('_', '[-_]')}$": {"$ref": f"{ref(definition)['$ref']}/properties/{name}"}
        for name in properties
        if "_" in name
    }
    return {"patternProperties": patterns} if patterns else {}


def _once(properties: Iterable[str]) -> list[Schema]:
    """No option with dashes and with underscores too."""
    return [{"not": {"type": "object", "required": list(_spellings(name))}} for name in properties if "_" in name]


def _all_of(conditions: list[Schema]) -> Schema:
    return {"allOf": conditions} if conditions else {}


def _spellings(name: str) -> tuple[str, ...]:
    return (name, name.replace("_", "-")) if "_" in name else (name,)
