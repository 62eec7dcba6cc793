"""Ctrl-C at a certain row of a sweep."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from snnctl.progress import SilentReporter, SilentTask


class CtrlC(SilentReporter):
    """A reporter; the user presses Ctrl-C when ``after`` rows are there."""

    def __init__(self, after: int) -> None:
        self.rows = 0
        self.after = after
        self.notes: list[str] = []

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[SilentTask]:
        reporter = self

        class Task(SilentTask):
            def advance(self, steps: int = 1, **figures: float) -> None:
                reporter.rows += steps if description == "sweep" else 0
                if reporter.rows == reporter.after:
                    raise KeyboardInterrupt

        yield Task()

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def ctrl_c() -> Callable[..., CtrlC]:
    """``ctrl_c(after=2)``; of nothing, a reporter that only counts."""
    return lambda after=10**9: CtrlC(after)
