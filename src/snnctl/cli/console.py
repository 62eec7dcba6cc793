"""Progress on stderr: moving bars on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as Bar
from rich.text import Text

from snnctl.progress import Reporter

INTERVAL = 10.0  # seconds between two plain lines
Clock = Callable[[], float]


class ConsoleReporter(Reporter, Protocol):
    """A reporter that can also show that something takes a while."""

    def wait(self, message: str) -> AbstractContextManager[object]:
        """Shown until the block ends."""


def make_reporter() -> ConsoleReporter:
    """Bars if stderr is a terminal, lines if not."""
    return RichReporter(Console(stderr=True, highlight=False)) if sys.stderr.isatty() else PlainReporter(sys.stderr)


class RichReporter:
    """Bars with figures and the time left.

    Args:
        console: a console on stderr.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[RichTask]:
        """A bar; bars of tasks within tasks are shown below each other."""
        outermost = self._progress is None
        progress = self._progress = self._progress or self._start()
        identity = progress.add_task(description, total=total, figures="")
        try:
            yield RichTask(progress, identity)
        finally:
            if outermost:
                progress.stop()
                self._progress = None
            else:
                progress.remove_task(identity)

    def note(self, message: str) -> None:
        """A dim line above the bars."""
        self._console.print(Text(message, style="dim"), soft_wrap=True)

    def warn(self, message: str) -> None:
        """A yellow line above the bars."""
        self._console.print(Text("warning: ", style="bold yellow") + Text(message), soft_wrap=True)

    def wait(self, message: str) -> AbstractContextManager[object]:
        """A spinner."""
        return self._console.status(Text(message, style="dim"))

    def _start(self) -> Progress:
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            FiguresColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=self._console,
        )
        progress.start()
        return progress


class RichTask:
    """One bar."""

    def __init__(self, progress: Progress, identity: TaskID) -> None:
        self._progress = progress
        self._identity = identity

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Move the bar by ``steps``; figures stay until new ones come."""
        if figures:
            self._progress.update(self._identity, figures=format_figures(figures))
        self._progress.advance(self._identity, steps)


class FiguresColumn(ProgressColumn):
    """Loss, accuracy and the like."""

    def render(self, task: Bar) -> Text:
        """The figures of ``task``."""
        return Text(task.fields.get("figures", ""), style="cyan")


class PlainReporter:
    """A line at the start, every ten seconds and at the end of each task.

    Args:
        stream: where lines go.
        clock: seconds; injected by tests.
    """

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock

    @contextmanager
    def task(self, description: str, total: int) -> Iterator[PlainTask]:
        """Lines for one task."""
        task = PlainTask(description, total, self._say, self._clock)
        yield task
        task.finish()

    def note(self, message: str) -> None:
        """A line."""
        self._say(message)

    def warn(self, message: str) -> None:
        """A line."""
        self._say(f"warning: {message}")

    def wait(self, message: str) -> AbstractContextManager[object]:
        """Nothing: a log need not know."""
        return nullcontext()

    def _say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class PlainTask:
    """One task in lines."""

    def __init__(self, description: str, total: int, say: Callable[[str], None], clock: Clock) -> None:
        self._description, self._total, self._say, self._clock = description, total, say, clock
        self._done = 0
        self._figures = ""
        self._first: tuple[float, int] | None = None
        self._start = self._last = clock()
        say(f"{description} ...")

    def advance(self, steps: int = 1, **figures: float) -> None:
        """Count ``steps``; say so if the last line is long ago."""
        self._done += steps
        self._figures = format_figures(figures) or self._figures
        now = self._clock()
        self._first = self._first or (now, self._done)
        if now - self._last >= INTERVAL and self._done < self._total:
            self._last = now
            self._line(f"{self._done}/{self._total}", self._left(now))

    def finish(self) -> None:
        """The last line."""
        self._line("done", f"{format_seconds(self._clock() - self._start)}")

    def _left(self, now: float) -> str:
        """The time left, at the pace since the first step, which compiles; nothing until then."""
        start, before = self._first or (now, self._done)
        if self._done == before:
            return ""
        return f"{format_seconds((now - start) / (self._done - before) * (self._total - self._done))} left"

    def _line(self, state: str, duration: str) -> None:
        self._say("  ".join(part for part in (f"{self._description}: {state}", self._figures, duration) if part))


def format_figures(figures: dict[str, float]) -> str:
    """``loss 0.1234  accuracy 0.9876``."""
    return "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())


def format_seconds(seconds: float) -> str:
    """``7 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if seconds >= 1 or whole == 0 else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
