"""A hook that is called late, because what it registers needs Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LateHook:
    """The hook of one plugin, not called yet.

    Args:
        package: the distribution that declares the entry point.
        entry_point: the entry point's name.
        call: calls the hook with a ``register`` function.
    """

    package: str
    entry_point: str
    call: Callable[[Callable[..., Any]], None]

    @property
    def where(self) -> str:
        """What messages call the plugin."""
        return f"plugin {self.entry_point} ({self.package})"
