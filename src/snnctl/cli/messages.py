"""Errors and hints on stderr; plain text unless it is a terminal."""

from __future__ import annotations

import sys


def show_error(what: str, todo: str = "") -> None:
    """Print ``error: what`` and, below it, what to do."""
    lines = [f"error: {what}", *([todo] if todo else [])]
    if not sys.stderr.isatty():
        print("\n".join(lines), file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    console.print(Text("error: ", style="bold red") + Text(what), soft_wrap=True)
    if todo:
        console.print(Text(todo, style="dim"), soft_wrap=True)
