"""The entry point: whatever happens ends in a few lines and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

import typer

from snnctl.cli.app import make_app
from snnctl.cli.messages import show_error
from snnctl.errors import SnnctlError

INTERRUPTED = 130
TERMINATED = 143


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code (``docs/errors.md`` lists them).

    Args:
        arguments: without the program's name; those of the process by default.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in given  # accepted anywhere on the line, before the command or after it
    given = [argument for argument in given if argument != "--debug"]
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(given, debug)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _reader_is_gone()
    sys.exit(code)


def _run(arguments: list[str], debug: bool) -> int:
    try:
        code = make_app()(arguments, prog_name="snnctl", standalone_mode=False)
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    except typer.TyperException as error:
        if message := error.format_message():  # empty when it is about missing arguments and help was shown instead
            show_error(message, _usage_hint(error))
        return error.exit_code
    except BaseException as error:
        return _report(error, debug)
    if code == INTERRUPTED:
        show_error("interrupted; nothing incomplete was left behind")
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


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave as on Ctrl-C, so that staging folders are removed."""
    sys.exit(TERMINATED)


def _reader_is_gone() -> int:
    """Whoever read the output (``| head``) has seen enough; Python must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + getattr(signal, "SIGPIPE", 13)
