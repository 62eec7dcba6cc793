"""What every computing command needs: registry, reporter, and TensorFlow without chatter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from snnctl.cli.console import ConsoleReporter, make_reporter
from snnctl.cli.entry import INTERRUPTED
from snnctl.cli.installed import installed
from snnctl.cli.streams import stdout_to_stderr
from snnctl.errors import Interrupted, SnnctlError
from snnctl.verbs.result import Run


@dataclass(frozen=True)
class Session:
    """A run that reports to the console."""

    run: Run
    reporter: ConsoleReporter

    def import_tensorflow(self) -> None:
        """Import TensorFlow; call it when everything that can be checked without it is checked."""
        from snnctl.cli.quiet_tensorflow import import_tensorflow

        with self.reporter.wait("starting TensorFlow"):
            import_tensorflow()


class Stopped(SnnctlError):  # noqa: N818  (what somebody wanted)
    """Ctrl-C, told with what is kept; as KeyboardInterrupt it would lose its words on the way through Typer."""

    exit_code = INTERRUPTED


@contextmanager
def start() -> Iterator[Session]:
    """A session; broken plugins are mentioned once, and what anything prints meanwhile goes to stderr."""
    reporter = make_reporter()
    registry = installed()
    for problem in registry.problems:
        reporter.warn(str(problem))
    try:
        with stdout_to_stderr():
            yield Session(Run(registry, reporter), reporter)
    except Interrupted as interruption:
        raise Stopped(interruption.what, todo=interruption.todo) from interruption
