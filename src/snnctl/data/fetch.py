"""Download the files of a data set, checked and whole or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from snnctl.errors import DataError
from snnctl.progress import Reporter, Task

CONNECT_SECONDS, READ_SECONDS = 5, 10
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class RemoteFile:
    """A file on the web.

    Args:
        url: its address; the last part is its name.
        checksum: ``sha256:...`` or ``md5:...``.
        size: its size in bytes.
    """

    url: str
    checksum: str
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


def download(files: Iterable[RemoteFile], folder: Path, reporter: Reporter) -> None:
    """Put ``files`` into ``folder``; files that are already there are left as they are.

    A file appears under its name only when it is complete and its checksum is right. Nothing is tried twice.

    Raises:
        DataError: a file cannot be had; names its address and the reason.
    """
    for file in files:
        if not os.path.exists(folder / file.name):
            _download(file, folder, reporter)


class _Progress:
    """What pooch drives while it downloads; passes bytes on to a task, never more than there are in all."""

    def __init__(self, task: Task, total: int) -> None:
        self.total = total  # pooch overwrites it with the server's figure
        self._task = task
        self._left = total

    def update(self, steps: int) -> None:
        steps = min(steps, self._left)
        self._left -= steps
        if steps:
            self._task.advance(steps)

    def reset(self) -> None:
        """Pooch resets the bar before it fills it up; ours is only ever filled up."""

    def close(self) -> None:
        """The task is closed by whoever opened it."""


def _download(file: RemoteFile, folder: Path, reporter: Reporter) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    try:
        with _no_empty_folders(folder), reporter.task(f"Download {file.name}", file.size) as task:
            downloader = pooch.HTTPDownloader(
                progressbar=_Progress(task, file.size),
                chunk_size=CHUNK_BYTES,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
            pooch.retrieve(file.url, file.checksum, fname=file.name, path=folder, downloader=downloader)
    except (OSError, ValueError) as error:
        raise DataError(f"{file.url} could not be downloaded: {_reason(error, file, folder)}") from error


@contextmanager
def _no_empty_folders(folder: Path) -> Iterator[None]:
    """Removes what was made of ``folder`` and of the folders above it meanwhile, if nothing has come into it."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        yield
    finally:
        with suppress(OSError):
            for place in made:
                place.rmdir()


def _reason(error: OSError | ValueError, file: RemoteFile, folder: Path) -> str:
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"the server answers with status {error.response.status_code}."
    if isinstance(error, requests.exceptions.Timeout):
        return f"{urlsplit(file.url).hostname} does not answer."
    if isinstance(error, requests.exceptions.RequestException):
        return f"no connection to {urlsplit(file.url).hostname}."
    if isinstance(error, ValueError):
        return "what arrives has the wrong checksum."
    return f"it cannot be written to {folder} ({error.strerror or 'permission denied'})."
