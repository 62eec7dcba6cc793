"""The folders of a recipe's variants: readable, safe in any file system, different, and the same in every run."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 100  # characters of a name
LONGEST_VALUE = 40
UNSAFE = re.compile(r"[^A-Za-z0-9._,+-]+")
HASHED = re.compile(r".*-[0-9a-f]{8}")  # what others may become


def variant_names(combinations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names such as ``lr=0.001-seed=0``.

    A key is cut to its last part where that says which one it is. What a value loses to be safe or short, a hash of it
    replaces; so it does for values that differ in case or type only or look like a hash, and for a whole name that is
    too long.

    Args:
        combinations: values by key, the keys the same in each.
    """
    if not combinations or not combinations[0]:
        return ["" for _ in combinations]
    keys = list(combinations[0])
    last = Counter(key.rpartition(".")[2].lower() for key in keys)
    short = {key: key.rpartition(".")[2] if last[key.rpartition(".")[2].lower()] == 1 else key for key in keys}
    shown = {key: _shown([combination[key] for combination in combinations]) for key in keys}
    names = []
    for combination in combinations:
        parts = [f"{_safe(short[key])}={shown[key][_exact(value)]}" for key, value in combination.items()]
        name = "-".join(parts)
        names.append(name if len(name) <= LONGEST else f"{name[: LONGEST - 9]}-{_digest(combination)}")
    return names


def _shown(values: Sequence[Any]) -> dict[str, str]:
    """How each value is written in a name, by its exact text."""
    plain = {_exact(value): _text(value) for value in values}
    safe = {exact: _safe(text)[:LONGEST_VALUE] for exact, text in plain.items()}
    often = Counter(text.lower() for text in safe.values())
    return {
        exact: text if _says_all(text, plain[exact]) and often[text.lower()] == 1 else f"{text}-{_digest(exact)}"
        for exact, text in safe.items()
    }


def _says_all(safe: str, text: str) -> bool:
    return safe == text and not HASHED.fullmatch(safe.lower())


def _text(value: Any) -> str:
    """A value as a person writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return json.dumps(value)


def _exact(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _safe(text: str) -> str:
    return UNSAFE.sub("_", text) or "_"


def _digest(value: Any) -> str:
    return hashlib.sha256(_exact(value).encode()).hexdigest()[:8]
