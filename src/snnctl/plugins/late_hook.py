"""A hook that is called late, because what it registers needs Keras."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from snnctl.errors import PluginError
from snnctl.plugins.guard import guard
from snnctl.plugins.undisturbed import undisturbed


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

    def call_guarded(self, name: str, register: Callable[..., Any], blame: Callable[[LateHook, str], None]) -> None:
        """Call the hook; what it does wrong is told, and what it printed goes to stderr: stdout belongs to the results.

        Args:
            name: the hook's, for the message.
            register: what the hook is given.
            blame: told what it did wrong.
        """
        try:
            with guard(f"{name} fails", passed=()), redirect_stdout(sys.stderr), undisturbed():
                self.call(register)
        except PluginError as error:
            blame(self, error.what)
