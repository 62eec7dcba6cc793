"""How long work reports on itself: an interface, and the silent reporter used from Python.

The command line brings its own (``snnctl.cli.console``): rich bars on a terminal, plain lines elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work in progress."""

    def advance(self, steps: int = 1, **figures: float) -> None:
        """``steps`` more are done; ``figures`` (loss, accuracy, ...) are shown beside the bar."""


class Reporter(Protocol):
    """Receives progress, notes and warnings."""

    def task(self, description: str, total: int) -> AbstractContextManager[Task]:
        """A context manager that yields a :class:`Task` of ``total`` steps."""

    def note(self, message: str) -> None:
        """Something worth knowing."""

    def warn(self, message: str) -> None:
        """Something the user should look at."""


class SilentTask:
    """Does nothing."""

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Ignored."""


class SilentReporter:
    """Says nothing: the default when snnctl is used as a library."""

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[Task]:
        """A task nobody watches."""
        yield SilentTask()

    def note(self, message: str) -> None:
        """Ignored."""

    def warn(self, message: str) -> None:
        """Ignored."""
