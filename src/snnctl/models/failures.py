"""What goes wrong inside Keras and h5py while a file is read, said as an error of the file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnctl.errors import ModelError, SnnctlError

LONGEST = 300  # characters of a reason that Keras or h5py gave
LONGEST_MESSAGE = 5_000
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
EXAMPLE = re.compile(
    r"Example error message for object <\w+ name=(?P<layer>\S+),.*?>:(?P<text>.*?)"
    r"(Target variable:|List of objects that could not be loaded|$)",
    re.S,
)
PYTHON = re.compile(
    r"'?\w+'? object |argument of type |\w+ indices must be|cannot unpack|unhashable type|'\S+' not supported between"
    r"|attribute name must be|pop expected|<.*> argument after|\w+\(\) got multiple values"
)
OUT_OF_MEMORY = re.compile(
    r"\bOOM when allocating|Unable to allocate|out-of-range integer to Tensor|Failed to convert elements of"
)


OF_PLUGIN = re.compile(r"the (neuron model|hardware constraint) '(?P<package>[^':]+):[^']*' is not known")
DISABLE = "SNNCTL_DISABLE_PLUGINS"


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn any exception raised while ``path`` is read into a ModelError that names it.

    Files come from anywhere, and what Keras raises on an odd one has no common type.

    Raises:
        ModelError: with the reason Keras or h5py gave.
    """
    try:
        yield
    except SnnctlError as error:
        error.what = printable(error.what)  # names of layers come from the file
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY.search(str(error)):
            raise ModelError(
                f"{path} cannot be opened: its network is too large for the memory of this machine.",
                todo="If it should be small, the file is damaged: copy or save it again.",
            ) from error
        why = reason(error)
        raise ModelError(f"{path} cannot be opened: {why}", todo=_way_out(why)) from error


def _way_out(why: str) -> str:
    """What to do about a file that cannot be opened."""
    if (missing := OF_PLUGIN.search(why)) is None:
        return "If the file may be damaged, copy or save it again."
    if os.environ.get(DISABLE, "") in ("", "0"):
        return f"Install the package {missing['package']}: it is the plugin that has it."
    return f"Plugins are switched off, by --no-plugins or {DISABLE}; it needs the package {missing['package']}."


def printable(text: str) -> str:
    """``text`` in one line, without what would move a terminal's cursor or colour it, and not endless."""
    line = "".join(letter if letter.isprintable() else " " for letter in COLOURS.sub("", text))
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + " ..."


def reason(error: Exception) -> str:
    """The essential part of an error's text, in one line; Keras puts it behind a dump of the configuration."""
    text = str(error).rpartition("Exception encountered:")[2]
    if example := EXAMPLE.search(text):
        text = _naming(f"Layer '{example['layer']}'", example["text"].strip())
    line = " ".join(printable(text).split()) or type(error).__name__
    if _is_internal(error, line):
        return "its content is not as Keras writes it."
    return line if len(line) <= LONGEST else line[:LONGEST] + " ..."


def _is_internal(error: Exception, line: str) -> bool:
    """Whether the text speaks of Python's objects, where the cause is a file that has another form than expected."""
    if isinstance(error, KeyError):  # h5py's are sentences
        return " " not in line
    return isinstance(error, AttributeError | IndexError | RecursionError) or PYTHON.match(line) is not None


def _naming(layer: str, text: str) -> str:
    """``text`` with the layer's name before it, unless it begins with that."""
    return text if text.startswith(layer) else f"{layer}: {text}"
