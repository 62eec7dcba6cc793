"""Run in a process of its own: executes Python blocks, one after the other in one namespace.

Each line on stdin is the JSON text of a block; each line on stdout is one of what it printed and the error, if any.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from typing import IO, Any


def main(source: IO[str], answers: IO[str]) -> None:
    """Execute blocks until there are no more."""
    sys.path.insert(0, "")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for line in source:
        importlib.invalidate_caches()
        answers.write(json.dumps(executed(json.loads(line), namespace)) + "\n")
        answers.flush()


def executed(text: str, namespace: dict[str, Any]) -> dict[str, str | None]:
    """What a block printed, and its traceback; None if it ran to its end."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(text, "block", "exec"), namespace)
            error = None
        except BaseException:
            error = traceback.format_exc()
    return {"printed": printed.getvalue(), "error": error}


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what C code prints is no answer
    main(sys.stdin, answers)
