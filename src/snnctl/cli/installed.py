"""What is installed, found out quietly: plugins may print, import TensorFlow, or do worse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache

from snnctl.cli.quiet_tensorflow import captured_stderr, is_talkative, set_environment
from snnctl.cli.streams import stdout_to_stderr
from snnctl.plugins import Registry, load_registry


@cache  # nothing is installed while a command runs
def installed() -> Registry:
    """The registry of everything that is installed."""
    with quiet_plugins():
        return load_registry()


@contextmanager
def quiet_plugins() -> Iterator[None]:
    """What plugins print meanwhile goes to stderr; the chatter of a TensorFlow they import goes nowhere."""
    set_environment()
    with stdout_to_stderr(), nullcontext() if is_talkative() else captured_stderr():
        yield
