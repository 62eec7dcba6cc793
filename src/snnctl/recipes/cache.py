"""Results of steps by the keys of what they depend on: ``runs/.cache/<key>/``, an entry complete or absent.

=================  ==========================================================================
``run/``           the run folder, as the step has written it
``entry.json``     size and SHA-256 of each file in it, and the key of the step it takes its network from
=================  ==========================================================================

An entry and the run folders made of it are the same files, linked. Any entry, or the whole folder, may be deleted at
any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from snnctl.data.fingerprint import content_of
from snnctl.errors import OutputError, SnnctlError
from snnctl.leftovers import clear_leftovers
from snnctl.progress import Reporter
from snnctl.recipes.linking import link_folder
from snnctl.recipes.locks import locked
from snnctl.runs import expanded, make_durable, publish, staging_folder, to_json

DEFAULT = Path("runs") / ".cache"
ENTRY, RUN = "entry.json", "run"


class Cache:
    """The entries in a folder.

    Args:
        folder: need not exist; it is made with the first entry.
        reporter: told of damaged entries, and of a cache that cannot be written.

    Raises:
        OutputError: the folder cannot be one.
    """

    def __init__(self, folder: Path, reporter: Reporter) -> None:
        self._folder = Path(os.path.abspath(expanded(folder)))
        self._reporter = reporter
        self._refuse_unusable(folder)

    def holds(self, key: str) -> bool:
        """Whether there is an entry whose files have the right sizes; quick."""
        return self._damage(key, whole=False) == ""

    def run_of(self, key: str) -> Path:
        """The run folder of an entry."""
        return self._folder / key / RUN

    def keys(self) -> list[str]:
        """The keys of all entries."""
        try:
            return sorted(entry.name for entry in self._folder.iterdir() if (entry / ENTRY).is_file())
        except OSError:
            return []

    def source_of(self, key: str) -> str | None:
        """The key of the step whose network the step of an entry has taken; None if it is not known."""
        try:
            source = json.loads((self._folder / key / ENTRY).read_text(encoding="utf-8"))["source"]
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return source if isinstance(source, str) else None

    def lock(self, key: str, step: str) -> AbstractContextManager[None]:
        """Hold the key while its step is run; a second process waits, and finds the entry then."""
        told = f"another process runs a step like {step}; waiting for its result"
        return locked(self._folder / f".{key}.lock", lambda: self._reporter.note(told))

    def tidy(self, key: str, step: str) -> None:
        """Remove what a process that was killed while it wrote an entry has left."""
        if self._folder.is_dir():
            with self.lock(key, step), suppress(OSError):
                clear_leftovers(self._folder / key)

    def take(self, key: str, target: Path) -> bool:
        """Make ``target`` the run folder of an entry; returns whether there is a sound one.

        Args:
            key: of the step.
            target: absolute path of a folder; what lies there is replaced.

        Raises:
            OutputError: the folder cannot be written.
        """
        with suppress(OSError):
            clear_leftovers(self._folder / key)
        damage = self._damage(key, whole=True)
        if damage is None:
            return False
        if not damage:
            try:
                place(self.run_of(key), target)
            except FileNotFoundError as error:  # deleted this very moment
                damage = f"{error.filename} has disappeared"
        if damage:
            self._reporter.warn(f"the cache's entry {key[:12]} is damaged ({damage}); the step is run again")
        return not damage

    def store(self, key: str, run: Path, source: str | None = None) -> None:
        """Keep a complete run folder in place of an older one. If that cannot be, it is only told.

        Args:
            key: of the step.
            run: its run folder.
            source: the key of the step whose network it has taken.
        """
        target = self._folder / key
        try:
            if target.parent.is_dir():
                clear_leftovers(target)
            if target.is_symlink() or target.is_file():  # not ours
                target.unlink()
            with staging_folder(target) as staging:
                link_folder(run, staging / RUN)
                entry = {"source": source, "files": {name: _facts(file) for name, file in _files(staging / RUN)}}
                (staging / ENTRY).write_text(to_json(entry), encoding="utf-8")
                publish(staging, target, overwrite=True)  # torn by a power cut, it is found to be damaged
        except (OSError, SnnctlError) as error:
            reason = error.what if isinstance(error, SnnctlError) else error.strerror or str(error)
            self._reporter.warn(f"the result is not kept for later runs: {reason}")

    def _damage(self, key: str, whole: bool) -> str | None:
        """What is wrong with an entry; empty if nothing is, None if there is none.

        Args:
            key: of the entry.
            whole: whether contents are looked at, too.
        """
        folder = self._folder / key
        if not folder.is_dir():
            return None
        try:
            files = json.loads((folder / ENTRY).read_text(encoding="utf-8"))["files"]
            found = dict(_files(folder / RUN))
            for name in sorted({*files, *found}):
                if name not in found:
                    return f"{name} is missing"
                if name not in files or not _is_sound(found[name], files[name], whole):
                    return f"{name} has changed"
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return f"{ENTRY} cannot be read"
        return "" if found else f"{RUN} is empty"

    def _refuse_unusable(self, shown: Path) -> None:
        place = next(place for place in (self._folder, *self._folder.parents) if os.path.lexists(place))
        if not place.is_dir():
            why = f"{place} is a file"
        elif not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            why = f"no permission to write to {place}"
        else:
            return
        raise OutputError(
            f"the cache {shown} cannot be used: {why}", todo="name another one with --cache, or add --no-cache"
        )


def place(run: Path, target: Path) -> None:
    """Make ``target`` a run folder like ``run``, complete or not at all; what lies there is replaced.

    Args:
        run: a complete run folder.
        target: absolute path.

    Raises:
        FileNotFoundError: a file of ``run`` has disappeared.
        OutputError: the folder cannot be written.
    """
    with suppress(OSError):
        clear_leftovers(target)
    gone: FileNotFoundError | None = None
    with staging_folder(target) as staging:
        try:
            linked = link_folder(run, staging)
        except FileNotFoundError as error:
            gone = error
        else:
            if not linked:
                make_durable(staging)
            publish(staging, target, overwrite=True)
    if gone is not None:
        raise gone


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Relative name and path of every file, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if not path.is_dir():
            yield path.relative_to(folder).as_posix(), path


def _facts(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": content_of(file)}


def _is_sound(file: Path, facts: dict[str, Any], whole: bool) -> bool:
    return file.stat().st_size == facts["bytes"] and (not whole or content_of(file) == facts["sha256"])
