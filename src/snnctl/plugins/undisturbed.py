"""What plugins change of the process while they are loaded, put back: commands work with it afterwards."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Afterwards the working folder, the standard streams, Ctrl-C and SIGTERM are as before.

    The limit of recursion is as before if it was lowered; packages that need a higher one have it. Environment
    variables are as before if an error was raised: what a plugin that works sets is meant for what it brings.
    """
    limit, streams, folder = sys.getrecursionlimit(), (sys.stdin, sys.stdout, sys.stderr), _folder()
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    environment = dict(os.environ)
    try:
        yield
    except BaseException:
        _set_environment(environment)
        raise
    finally:
        if sys.getrecursionlimit() < limit:  # first: what follows calls functions
            sys.setrecursionlimit(limit)
        sys.stdin, sys.stdout, sys.stderr = streams
        if folder is not None and _folder() != folder:
            with suppress(OSError):
                os.chdir(folder)
        for number, handler in handlers.items():
            _restore(number, handler)


def _set_environment(environment: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _folder() -> str | None:
    """The working folder; None if it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _restore(number: signal.Signals, handler: object) -> None:
    """Python lets only the main thread handle signals; None is a handler that Python cannot set."""
    changed = handler is not None and signal.getsignal(number) is not handler
    if changed and threading.current_thread() is threading.main_thread():
        signal.signal(number, handler)  # type: ignore[arg-type]
