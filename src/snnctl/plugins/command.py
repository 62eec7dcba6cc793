"""What a command is: a plugin's own word on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnctl.plugins.verb import named


@dataclass(frozen=True)
class Command:
    """A command of the command line. Light: its code is imported when it is called, or its help is asked for.

    Args:
        name: what is typed after ``snnctl``: lower case, digits and dashes.
        summary: one line of help.
        path: ``module:name`` of a function that Typer turns into a command, or of a ``typer.Typer`` with several.
    """

    name: str
    summary: str
    path: str

    @property
    def code(self) -> Any:
        """The function or the ``typer.Typer``.

        Raises:
            PluginError: it cannot be imported.
        """
        return named(self.path, f"command '{self.name}'")
