"""One process at a time. Locks are the operating system's and end with the process that holds them, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from snnctl.errors import OutputError


@contextmanager
def locked(file: Path, wait: Callable[[], object]) -> Iterator[None]:
    """Hold the lock ``file``, which is removed afterwards together with folders that had to be made for it.

    Where the file system has no locks, or no room for the file, nothing is held: work may be done twice then.

    Args:
        file: its name; nothing else is to be there.
        wait: called once, if another process holds it.
    """
    made = [folder for folder in file.parents if not folder.exists()]
    descriptor = _acquired(file, wait)
    try:
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):
                file.unlink()
            os.close(descriptor)
        with suppress(OSError):
            for folder in made:
                folder.rmdir()


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold ``folder`` itself, also while it is renamed.

    Raises:
        OutputError: another process holds it.
    """
    descriptor = _claim(folder)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_claimed(folder: Path) -> bool:
    """Whether another process holds the folder."""
    try:
        with claimed(folder):
            return False
    except OutputError:
        return True


def _claim(folder: Path) -> int | None:
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise OutputError(
            f"another process is running a recipe in {folder}", todo="wait for it, or name another folder with --out"
        ) from None
    except OSError:  # the file system has no locks
        os.close(descriptor)
        return None
    return descriptor


def _acquired(file: Path, wait: Callable[[], object]) -> int | None:
    """The descriptor of the locked file; None if there are no locks."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        while True:
            descriptor = _opened(file)
            try:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    wait()
                    wait = _nothing
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _is_at(file, descriptor):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # whoever had it has removed it
    except OSError:
        return None


def _opened(file: Path) -> int:
    """The file, made if need be; another process may remove its folder at any time."""
    while True:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return os.open(file, os.O_RDWR | os.O_CREAT, 0o666)


def _is_at(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _nothing() -> None:
    pass
