"""Standard streams that may be closed, full or without a reader.

stdout belongs to the results: one that cannot be written is an error. stderr is for people: what cannot be written
there is lost, and the work goes on.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from snnctl.errors import OutputError


class ReaderGone(Exception):  # noqa: N818  (no error: ``| head`` has seen enough)
    """Whoever read stdout has closed it."""


class ResultStream:
    """stdout, whose failures are errors of snnctl.

    Args:
        stream: the stream itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``."""
        with _failing_aloud():
            return self._stream.write(text)

    def flush(self) -> None:
        """Write what is held back."""
        with _failing_aloud():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class MessageStream:
    """stderr, which loses what cannot be written.

    Args:
        stream: the stream itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text`` if possible."""
        with _failing_silently():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is held back if possible."""
        with _failing_silently():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def usable_streams() -> Iterator[None]:
    """``sys.stdout`` and ``sys.stderr`` exist, and behave as described above."""
    _fill(0, os.O_RDONLY)
    _fill(1, os.O_RDONLY)  # so that writing still fails
    _fill(2, os.O_WRONLY)
    out = ResultStream(sys.stdout or text_stream(1))
    err = MessageStream(sys.stderr or text_stream(2))
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        yield


def text_stream(descriptor: int) -> TextIO:
    """A stream that writes line by line to ``descriptor`` and never closes it."""
    return open(descriptor, "w", buffering=1, errors="backslashreplace", closefd=False)


@contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Whatever anyone prints meanwhile, in Python or below it, goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        with suppress(OSError, ValueError, AttributeError):  # AttributeError: there is none
            sys.__stdout__.flush()  # type: ignore[union-attr]
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def result_kept_in(folder: Path | None) -> Iterator[None]:
    """Around the printing of a result: if stdout fails, the message says where the result is nevertheless."""
    try:
        yield
        sys.stdout.flush()
    except OutputError as error:
        if folder is not None:
            error.todo = f"the result is in {folder}"
        raise


@contextmanager
def _failing_aloud() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        _discard(1)
        raise ReaderGone from error
    except OSError as error:
        _discard(1)
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        raise OutputError(f"cannot write to stdout: {reason}") from error


@contextmanager
def _failing_silently() -> Iterator[None]:
    try:
        yield
    except OSError:
        _discard(2)
    except ValueError:  # closed by Python code
        pass


def _fill(descriptor: int, flags: int) -> None:
    """Let ``descriptor`` be /dev/null if it is closed: the next file that is opened would become it."""
    try:
        os.fstat(descriptor)
    except OSError:
        _point_to_null(descriptor, flags)


def _discard(descriptor: int) -> None:
    """Nothing written to ``descriptor`` fails from now on, not even at exit."""
    _point_to_null(descriptor, os.O_WRONLY)


def _point_to_null(descriptor: int, flags: int) -> None:
    null = os.open(os.devnull, flags)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
