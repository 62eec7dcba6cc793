"""What the documentation of a plugin's thing says of each of its options."""

from __future__ import annotations

import inspect
import re
from typing import Any

from snnctl.plugins.options import METHODS

ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n     +.*)*)", re.MULTILINE)


def option_words(thing: Any) -> dict[str, str]:
    """The words about each option under ``Args:`` in the docstring of the method that declares the options.

    Args:
        thing: what a plugin registers, an instance or a class.
    """
    cls = thing if isinstance(thing, type) else type(thing)
    methods = [method for base, (method, _) in METHODS.items() if issubclass(cls, base)]
    texts = [inspect.getdoc(getattr(cls, method, None)) for method in (*methods, "__init__")]
    found: dict[str, str] = {}
    for text in (*texts, inspect.getdoc(cls)):
        _, _, arguments = (text or "").partition("Args:\n")
        for name, words in ARGUMENT.findall(arguments.partition("\n\n")[0]):
            found.setdefault(name, " ".join(words.split()))
    return found
