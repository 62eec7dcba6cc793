"""What goes wrong inside Keras and h5py while a file is read, said as an error of the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnctl.errors import ModelError, SnnctlError

LONGEST = 300


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn any exception raised while ``path`` is read into a ModelError that names it.

    Files come from anywhere, and what Keras raises on an odd one has no common type.

    Raises:
        ModelError: with the reason Keras or h5py gave.
    """
    try:
        yield
    except SnnctlError:
        raise
    except Exception as error:
        raise ModelError(
            f"{path} cannot be opened: {reason(error)}",
            todo="If the file may be damaged, copy or save it again.",
        ) from error


def reason(error: Exception) -> str:
    """The essential line of an error's text; Keras puts it behind a dump of the configuration."""
    text = str(error).rpartition("Exception encountered:")[2].strip() or type(error).__name__
    line = text.splitlines()[0].strip()
    return line if len(line) <= LONGEST else line[:LONGEST] + " ..."
