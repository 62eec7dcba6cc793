"""Names for the shell's completion. A completion must never fail loudly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnctl.errors import SnnctlError


def dataset_names(incomplete: str) -> list[tuple[str, str]]:
    """Data sets that start with ``incomplete``, each with its summary."""
    return _names("datasets", incomplete)


def architecture_names(incomplete: str) -> list[tuple[str, str]]:
    """Architectures that start with ``incomplete``, each with its summary."""
    return _names("architectures", incomplete)


def _names(kind: str, incomplete: str) -> list[tuple[str, str]]:
    from snnctl.cli.installed import installed

    try:
        things: Mapping[str, Any] = getattr(installed(), kind)
    except SnnctlError:
        return []
    return [(name, thing.summary) for name, thing in things.items() if name.startswith(incomplete)]
