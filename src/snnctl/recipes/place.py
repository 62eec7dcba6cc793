"""Where something stands: a file with line and column, or a setting."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A place, printed as ``file:line:column``.

    Args:
        file: the file as messages name it, or the setting (``--set relu.lr``).
        line: from 1; 0 for the file as a whole and for settings.
        column: from 1, in characters.
        lines: the text of the file, for the snippet; () if it is not to be shown.
    """

    file: str
    line: int = 0
    column: int = 0
    lines: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        """``file:line:column``, or what there is of it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file
