"""Registries with things of a test in them, as if a package had registered them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from snnctl.plugins import Registry, load_registry
from snnctl.plugins.registry import Entry

PACKAGE = "laboratory"


def registry_with(**things: list[Any]) -> Registry:
    """snnctl's own registry, and things by the key of their kind, as of the package ``laboratory``."""
    registry = load_registry(entry_points=False)
    claims = {key: dict(names) for key, names in registry.claims.items()}
    for key, added in things.items():
        for thing in added:
            claims[key][thing.name] = (*claims[key].get(thing.name, ()), Entry(thing, PACKAGE))
    return replace(registry, claims=claims)
