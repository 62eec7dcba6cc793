"""One run of the command line: whatever happens ends in a few lines and an exit code."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

import typer

from snnctl.cli.app import make_app
from snnctl.cli.entry import INTERRUPTED, INTERRUPTION
from snnctl.cli.installed import installed
from snnctl.cli.messages import show_error
from snnctl.cli.streams import ReaderGone, usable_streams
from snnctl.errors import SnnctlError

TERMINATED = 143
READER_GONE = 141
COMPLETION = frozenset({"--install-completion", "--show-completion"})


class Termination:
    """What SIGTERM does: the same as Ctrl-C, so that staging folders are removed, but without a word."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Called by Python when the signal has come."""
        self.requested = True
        raise KeyboardInterrupt


def run(arguments: list[str], debug: bool) -> int:
    """Run the command in ``arguments``; returns the exit code.

    Args:
        arguments: without the program's name and ``--debug``.
        debug: whether the traceback of an error is shown.
    """
    termination = Termination()
    signal.signal(signal.SIGTERM, termination)
    with usable_streams():
        code = _attempt(arguments, debug, termination)
    atexit.register(_leave_stdout)  # the last to be registered is called first
    return TERMINATED if termination.requested else code


def _leave_stdout() -> None:
    """What plugins print when Python ends goes to stderr: stdout holds the result, and nothing may follow that."""
    with suppress(OSError, ValueError, AttributeError):  # AttributeError: there is none
        sys.__stdout__.flush()  # type: ignore[union-attr]
    with suppress(OSError):
        os.dup2(2, 1)


def _attempt(arguments: list[str], debug: bool, termination: Termination) -> int:
    installed.cache_clear()  # something may have been installed since another command of this process
    try:
        code = make_app(installed())(arguments, prog_name="snnctl", standalone_mode=False)
        if code == INTERRUPTED:  # Typer has caught it
            raise KeyboardInterrupt
        sys.stdout.flush()
    except KeyboardInterrupt:
        if not termination.requested:
            show_error(INTERRUPTION)
        return INTERRUPTED
    except ReaderGone:
        return READER_GONE
    except SystemExit as stop:
        if "_SNNCTL_COMPLETE" not in os.environ and not COMPLETION.intersection(arguments[:1]):
            return _report(stop, debug)  # only Typer's completion may end in this way
        return stop.code if isinstance(stop.code, int) else 1
    except typer.TyperException as error:
        if message := error.format_message():  # empty when it is about missing arguments and help was shown instead
            show_error(message.replace("Value error, ", "").removesuffix("."), _usage_hint(error))
        return error.exit_code
    except BaseException as error:
        return _report(error, debug)
    return code if isinstance(code, int) else 0


def _report(error: BaseException, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, SnnctlError):
        head = f"{error.where}: {error.what}" if error.where else error.what
        show_error(head, error.todo)
        return error.exit_code
    if isinstance(error, MemoryError):
        show_error("not enough memory", "use a smaller --batch-size or --limit")
        return 1
    text = " ".join(str(error).split())[:300]
    show_error(f"{type(error).__name__}: {text}", "this is a bug in snnctl; --debug shows the traceback")
    return 1


def _usage_hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows what is possible" if context is not None else ""
