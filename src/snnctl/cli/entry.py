"""The entry point. It imports nothing that takes time, so that Ctrl-C is understood from the first moment."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from contextlib import suppress
from typing import NoReturn

RARELY = 50_000  # new objects; nearly all that starting makes stay, and looking for garbage takes a tenth of the time
USUAL = gc.get_threshold()
INTERRUPTED = 130
INTERRUPTION = "interrupted; nothing incomplete was left behind"


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code (``docs/errors.md`` lists them).

    Args:
        arguments: without the program's name; those of the process by default.
    """
    gc.set_threshold(RARELY)  # until something is computed
    given = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in given  # accepted anywhere on the line, before the command or after it, as --no-plugins is
    try:
        if not debug:
            warnings.simplefilter("ignore")  # those of libraries; snnctl's own go through the reporter
        if "--no-plugins" in given:
            os.environ["SNNCTL_DISABLE_PLUGINS"] = "1"
        from snnctl.cli.process import run

        code = run([argument for argument in given if argument not in ("--debug", "--no-plugins")], debug)
    except (KeyboardInterrupt, RuntimeError) as error:
        # Python 3.11 wraps what interrupts the making of a class, as happens within imports, in a RuntimeError.
        if not isinstance(error, KeyboardInterrupt) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        with suppress(OSError):
            os.write(2, f"error: {INTERRUPTION}\n".encode())
        code = INTERRUPTED
    sys.exit(code)
