"""What long work has found so far, kept beside the folder it is for, so that the same command can go on with the rest.

``runs/sweep.unfinished/rows.jsonl`` belongs to ``runs/sweep``: its first line says what the rows depend on, each other
line is one row. A row is there when it is on the disk; a line that was cut off is dropped. The folder is removed when
the run folder is complete.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from snnctl.errors import Interrupted, ModelError, OutputError
from snnctl.runs import plain, read_run

ROWS = "rows.jsonl"
MOST_SHOWN = 40  # characters of a value

Row = dict[str, Any]
Sound = Callable[[str, Row], bool]
"""Tells of a key and its row whether they can have been written here."""


@dataclass(frozen=True)
class Unfinished:
    """Where rows are kept until the run is complete.

    Args:
        folder: beside the run folder; made with the first row.
        again: what a command must say to find the rows again, ``--out runs/sweep``.
        anew: whether rows of other work may be dropped.
    """

    folder: Path
    again: str
    anew: bool = False

    @staticmethod
    def beside(target: Path, out: Path, anew: bool) -> Unfinished:
        """For the run folder ``target``, which the user calls ``out``."""
        return Unfinished(target.with_name(f"{target.name}.unfinished"), f"--out {shlex.quote(str(out))}", anew)

    def of_step(self, step: str, published: bool) -> Unfinished:
        """For a step of the recipe that this is for; ``published`` tells that the recipe's folder is there already."""
        name = f"{self.folder.stem}.{step}{self.folder.suffix}"
        return replace(
            self, folder=self.folder.with_name(name), again=f"{self.again} --resume" if published else self.again
        )

    @property
    def shown(self) -> str:
        """The folder as seen from the working folder, if it lies in it."""
        try:
            return str(self.folder.relative_to(Path.cwd()))
        except ValueError:
            return str(self.folder)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        try:
            return max(0, (self.folder / ROWS).read_bytes().count(b"\n") - 1)
        except OSError:
            return 0

    def discard(self) -> None:
        """Remove the rows, and the folder unless it holds anything else."""
        with suppress(OSError):
            (self.folder / ROWS).unlink(missing_ok=True)
            self.folder.rmdir()

    def discard_finished(self, run: Path, verb: str) -> None:
        """Remove the rows if the complete run folder ``run`` of ``verb`` was made of them: it is younger than they are.

        They stay when a process is killed between writing the run folder and removing them.
        """
        try:
            record = read_run(run)
            finished = (run / "run.json").stat().st_mtime_ns >= (self.folder / ROWS).stat().st_mtime_ns
        except (OSError, ModelError):  # no rows, no run, or a damaged one
            return
        if finished and record is not None and record.verb == verb:
            self.discard()


class Rows:
    """Rows by key, in memory and on the disk.

    Args:
        place: where they are kept; None for memory only.
        header: what they depend on, plain data.
        sound: see :data:`Sound`; of rows that are read.
    """

    def __init__(self, place: Unfinished | None, header: Mapping[str, Any], sound: Sound) -> None:
        self._place = place
        self._sound = sound
        self._header = plain(header)
        self._file: IO[bytes] | None = None
        self._rows: dict[str, Row] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: str) -> Row | None:
        """The row of that key, if it is there."""
        return self._rows.get(key)

    def add(self, key: str, row: Row) -> Row:
        """Keep a row; returns it as it will be read again.

        Raises:
            OutputError: it cannot be written, or another process has begun to write there.
        """
        line = _line({"key": key, "row": row})
        if self._place is not None:
            with _refusing(self._place):
                if self._file is None:
                    self._file = self._created(self._place)
                self._append(self._file, line)
        kept = self._rows[key] = json.loads(line)["row"]
        return kept

    def read(self) -> None:
        """Take over the rows on the disk.

        Raises:
            OutputError: they are of other work and are not to be dropped, another process is writing there, or a file
                is in the way.
        """
        if self._place is None:
            return
        if self._place.folder.exists() and not self._place.folder.is_dir():
            raise OutputError(
                f"{self._place.shown} is a file, and the rows found so far are to be kept there",
                todo="Move it away, or name another folder with --out.",
            )
        path = self._place.folder / ROWS
        if not os.path.lexists(path):
            return
        if path.is_symlink() or not path.is_file():
            raise _foreign(self._place, "is no plain file")
        with _refusing(self._place):
            self._file = path.open("r+b", buffering=0)
            _lock(self._file, self._place)
            whole, end = self._whole_lines(self._place, self._file.read())
            self._rows = self._checked(self._place, whole)
            if not self._rows:  # none, or those of other work
                end = 0
            self._file.seek(end)
            self._file.truncate()
            if not end:
                self._append(self._file, _line(self._header))

    def _whole_lines(self, place: Unfinished, content: bytes) -> tuple[list[bytes], int]:
        """Header and rows, and where the last ends; what was cut off after that is dropped."""
        end = content.rfind(b"\n") + 1
        if not end and not _line(self._header).startswith(content):
            raise _foreign(place, "is damaged, or none of snnctl's files")
        return content[:end].splitlines(), end

    def _checked(self, place: Unfinished, lines: list[bytes]) -> dict[str, Row]:
        """The rows, if they are of this work."""
        if not lines:
            return {}
        header = _parsed(lines[0])
        if header is None:
            raise _foreign(place, "is damaged, or none of snnctl's files")
        rows: dict[str, Row] = {}
        for number, line in enumerate(lines[1:], start=2):
            found = _parsed(line) or {}
            key, row = found.get("key"), found.get("row")
            if not isinstance(key, str) or not isinstance(row, dict) or not self._sound(key, row):
                raise _foreign(place, f"is damaged in line {number}, or none of snnctl's files")
            rows[key] = row
        if header != self._header:
            _refuse_other(place, header, self._header)
            return {}
        return rows

    def close(self) -> None:
        """Let others write there."""
        if self._file is not None:
            self._file.close()

    def _created(self, place: Unfinished) -> IO[bytes]:
        place.folder.mkdir(parents=True, exist_ok=True)
        try:
            file = (place.folder / ROWS).open("xb", buffering=0)
        except FileExistsError:
            raise _taken(place) from None
        _lock(file, place)
        self._append(file, _line(self._header))
        return file

    def _append(self, file: IO[bytes], line: bytes) -> None:
        file.write(line)  # unbuffered: one call of the system, which Ctrl-C does not divide
        os.fsync(file.fileno())


@contextmanager
def open_rows(place: Unfinished | None, header: Mapping[str, Any], sound: Sound) -> Iterator[Rows]:
    """The rows found so far, and a place for more.

    Args:
        place: where they are kept; None for memory only.
        header: what they depend on, plain data by name; rows of another header are not taken over.
        sound: see :data:`Sound`; a row that is not is refused with its line.

    Raises:
        OutputError: see :class:`Rows`.
    """
    rows = Rows(place, header, sound)
    try:
        rows.read()
        yield rows
    finally:
        rows.close()


@contextmanager
def told_if_interrupted(place: Unfinished | None) -> Iterator[None]:
    """Around work that keeps rows: Ctrl-C says where they are and how to go on.

    Raises:
        Interrupted: in place of KeyboardInterrupt, if there are rows.
    """
    try:
        yield
    except KeyboardInterrupt as interruption:
        if place is None or not place.rows:
            raise
        raise Interrupted(
            f"interrupted; the {place.rows:,} rows found so far are kept in {place.shown}",
            todo=f"Give the command again, with {place.again}, and it goes on with the rest.",
        ) from interruption


def _line(value: Any) -> bytes:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The mapping in a line; None if it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found else None


def _foreign(place: Unfinished, what: str) -> OutputError:
    return OutputError(
        f"{place.shown}/{ROWS} {what}",
        todo="Move it away, or delete it; --overwrite does not.",
    )


def _refuse_other(place: Unfinished, header: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if place.anew:
        return
    keys = [key for key in dict.fromkeys((*header, *wanted)) if header.get(key) != wanted.get(key)]
    different = ", ".join(_difference(key, header.get(key), wanted.get(key)) for key in keys)
    raise OutputError(
        f"{place.shown} holds {place.rows:,} rows of other work: {different}",
        todo="Go on as that began, name another folder with --out, or drop the rows with --overwrite.",
    )


def _difference(key: str, old: Any, new: Any) -> str:
    """``batch_size (was 64, is 32)``; of something long only the name."""
    texts = ["not given" if value is None else str(value) for value in (old, new)]
    return f"{key} (was {texts[0]}, is {texts[1]})" if max(map(len, texts)) < MOST_SHOWN else f"another {key}"


def _lock(file: IO[bytes], place: Unfinished) -> None:
    """Only one process writes there."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise _taken(place) from None


def _taken(place: Unfinished) -> OutputError:
    return OutputError(
        f"another process is writing to {place.shown}", todo="Wait for it, or name another folder with --out."
    )


@contextmanager
def _refusing(place: Unfinished) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write to {place.shown}: {error.strerror or error}",
            todo=f"Make room and give the command again, with {place.again}, or name another folder: rows are kept.",
        ) from error
