"""The options of a plugin's thing as plain data, and as a line of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def options_data(thing: Any) -> dict[str, dict[str, Any]]:
    """Type, default and words of each option, by name; a required one has no default.

    Args:
        thing: a data set, an architecture, an exporter, a training callback, or a class of hardware constraints.

    Raises:
        PluginError: its options are declared wrongly.
    """
    from snnctl.plugins.option_words import option_words
    from snnctl.plugins.options import REQUIRED, declared_options

    declared = declared_options(thing)
    words = option_words(thing) if declared else {}
    return {
        name: {
            "type": type_name(kind),
            **({"required": True} if default is REQUIRED else {"default": default}),
            "help": words.get(name, ""),
        }
        for name, (kind, default) in declared.items()
    }


def option_text(option: Mapping[str, Any]) -> str:
    """Type, default and words of an option in one line."""
    default = "required" if option.get("required") else f"default {spell(option['default']) or repr('')}"
    told = f"{option['type']}, {default}"
    return f"{told}; {option['help']}" if option.get("help") else told


def type_name(kind: Any) -> str:
    """A type as a person writes it."""
    return (
        kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind).replace("typing.", "")
    )


def spell(value: Any) -> str:
    """A default as it is given on the command line."""
    from snnctl.runs import plain

    return value if isinstance(value, str) else json.dumps(plain(value), separators=(",", ":"))
