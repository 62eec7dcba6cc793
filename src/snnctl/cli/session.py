"""What every computing command needs: registry, reporter, and TensorFlow without chatter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from snnctl.cli.console import ConsoleReporter, make_reporter
from snnctl.cli.installed import installed
from snnctl.cli.streams import stdout_to_stderr
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


@contextmanager
def start() -> Iterator[Session]:
    """A session; broken plugins are mentioned once, and what anything prints meanwhile goes to stderr."""
    reporter = make_reporter()
    registry = installed()
    for problem in registry.problems:
        reporter.warn(str(problem))
    with stdout_to_stderr():
        yield Session(Run(registry, reporter), reporter)
