"""Errors a user can cause: what happened, where, and what to do about it.

Each class has its own exit code, documented in ``docs/errors.md``. The command line prints
``what``, ``where`` and ``todo`` in one to three lines and no traceback (``--debug`` shows it).
"""

from __future__ import annotations

from typing import Any


class SnnctlError(Exception):
    """A problem whose cause lies in the input, with the way out.

    Args:
        what: what happened, one sentence.
        where: file:line:column, layer, key or package; empty when ``what`` already says it.
        todo: what the user can do now; empty when ``what`` already says it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo

    def __str__(self) -> str:
        """The message in one to three lines."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n{self.todo}" if self.todo else head


class UsageError(SnnctlError):
    """An option or argument with a value that cannot be used."""

    exit_code = 2


class ModelError(SnnctlError):
    """A model file that is missing, damaged, incomplete or does not fit the task."""

    exit_code = 3


class DataError(SnnctlError):
    """A data set, or data of the user's own, that is missing, damaged or does not fit the model."""

    exit_code = 4


class ConversionError(SnnctlError):
    """A network that cannot be converted exactly; names the layer and its place."""

    exit_code = 5


class RecipeError(SnnctlError):
    """A recipe that is wrong; names file, line and column."""

    exit_code = 6


class PluginError(SnnctlError):
    """A plugin that is missing, broken or registers nonsense."""

    exit_code = 7


class OutputError(SnnctlError):
    """An output folder that is in use or cannot be written."""

    exit_code = 8


class TrainingError(SnnctlError):
    """Training that diverged (NaN or infinite loss)."""

    exit_code = 9


class AgreementError(SnnctlError):
    """A spiking network that answers less like its source, or its simulation, than required; all is written the same.

    ``result`` holds what came out, model and figures.
    """

    exit_code = 10
    result: Any = None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in the middle of work of which a part is kept.

    Args:
        what: what is kept where.
        todo: how to go on.
    """

    def __init__(self, what: str, *, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo
