"""The run folder: a network, its figures and where they come from; complete or not there at all.

=================  ==========================================================================
``model.keras``    the network; absent for ``eval``
``metrics.json``   the figures
``history.csv``    one line of figures per epoch; absent when nothing was trained
``run.json``       verb, options, seed, versions, plugins, command line, start and duration
=================  ==========================================================================
"""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError, OutputError
from snnctl.leftovers import beside, clear_leftovers

if TYPE_CHECKING:
    from snnctl.plugins import Registry
    from snnctl.verbs.result import Result

FILES = (  # of some verbs
    "sweep.csv",
    "sweep.json",
    "sweep.svg",
    "report.html",
    "network.npz",
    "gradients.csv",
    "gradients.svg",
    "jacobians.svg",
    "trajectory.csv",
    "trajectory.svg",
    "trajectory_loss.svg",
)
WRITTEN = (
    "model.keras",
    "metrics.json",
    "history.csv",
    "run.json",
    "recipe.yaml",
    "summary.json",
    "summary.csv",
    "step-keys.json",
    *FILES,
)
UNFINISHED = re.compile(r"\..+\.(partial|old)-.*[1-9][0-9]*|\.(summary\.(json|csv)|step-keys\.json)")
"""What a process that was killed leaves in a folder of a recipe, or of a report."""
PACKAGES = ("snnctl", "tensorflow", "keras", "numpy")
RECORD_TYPES = {
    "verb": (str, "a text"),
    "options": (dict, "an object"),
    "settings": (dict, "an object"),
    "seed": (int | None, "a number"),
    "versions": (dict, "an object"),
    "plugins": (list, "a list"),
    "command": (list, "a list"),
    "started": (str, "a text"),
    "duration": (int | float, "a number"),
    "failure": (dict, "an object"),
}


@dataclass(frozen=True)
class RunRecord:
    """Where a result comes from.

    Args:
        verb: "train", "convert", "finetune" or "eval".
        options: the options as given.
        settings: the resolved options, as the verb reports them.
        seed: the seed of initialisation and shuffling.
        versions: of Python and the packages that matter.
        plugins: name, package, version of each third-party plugin that was loaded.
        command: the command line, or the Python call.
        started: local time with offset, ISO 8601.
        duration: seconds.
        failure: what was required and not reached: the error's ``kind``, ``what`` and ``todo``; empty if nothing.
        metrics: the figures; read from ``metrics.json``.
    """

    verb: str
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    plugins: list[dict[str, Any]] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    started: str = ""
    duration: float = 0.0
    failure: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


def prepare_output(folder: Path, overwrite: bool = False, inputs: Iterable[Path] = ()) -> Path:
    """Find out, before the work starts, whether its result can be written to ``folder``.

    What a process that was killed has left beside it is cleared first; if it was killed while it replaced the folder,
    the old content is put back.

    Args:
        folder: need not exist, nor need its parents.
        overwrite: whether it may hold a run already, which is kept until the new result is complete.
        inputs: files and folders the work reads; overwriting must not delete them.

    Returns:
        The folder's absolute path. Nothing stays that was made to find out.

    Raises:
        OutputError: the folder is in use, holds what no run has written, is or holds an input, is a file or cannot be
            written.
    """
    target = _resolved(folder)
    if not target.name:
        raise OutputError(f"{folder} is the root of the file system", todo="name a folder with --out")
    try:
        _refuse_long_name(target)
        clear_leftovers(target)
        if target.exists() and not target.is_dir():
            raise OutputError(f"{folder} is a file", todo="name a folder with --out")
        if target.is_dir() and any(target.iterdir()):
            _refuse_in_use(folder, target, overwrite, inputs)
        parent = next(place for place in target.parents if place.exists())
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not parent.is_dir():
        raise OutputError(f"cannot write to {folder}: {parent} is a file", todo="name another folder with --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"no permission to write to {parent}", todo="name another folder with --out")
    with staging_folder(target):  # some places refuse it for other reasons, such as /proc
        return target


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside ``target``; what has not been published from it at the end is removed.

    So are the folders above it that had to be made, if they are still empty then.

    Raises:
        OutputError: the folder cannot be written.
    """
    staging = beside(target, "partial")
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        staging.mkdir(parents=True)
        yield staging
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)


def publish(staging: Path, target: Path, overwrite: bool = False) -> Path:
    """Let ``staging`` take the place of ``target``; returns where it is now.

    With ``overwrite``, the old content is deleted only then. Without, a folder that somebody else has filled since
    :func:`prepare_output` is left alone, and the result goes beside it: ``NAME-2``, ``NAME-3``, ...
    """
    if not overwrite:
        return _rename_to_free(staging, target)
    old = beside(target, "old")
    if target.exists():
        target.rename(old)
    try:
        staging.rename(target)
    except BaseException:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return target


def make_durable(folder: Path) -> None:
    """Let everything in ``folder`` be on the disk before it gets its name, so that a power cut leaves no torn files.

    Raises:
        OSError: it cannot be written.
    """
    if sys.platform == "win32":  # opens no folders
        return
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_run(folder: Path, result: Result, record: RunRecord, overwrite: bool = False) -> Path:
    """Write a complete run folder, or nothing.

    Args:
        folder: absolute path, from :func:`prepare_output`.
        result: what the verb found.
        record: where it comes from.
        overwrite: see :func:`publish`.

    Returns:
        Where it is: ``folder``, unless somebody else has filled that meanwhile.

    Raises:
        OutputError: the folder cannot be written.
    """
    with staging_folder(folder) as staging:
        if result.model is not None:
            result.model.save(staging / "model.keras")
        if result.history:
            _write_history(staging / "history.csv", result.history)
        for name, content in result.files.items():
            (staging / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        provenance = asdict(record)
        provenance.pop("metrics")
        if not record.failure:
            provenance.pop("failure")
        if result.files:
            provenance["files"] = sorted(result.files)  # known as the run's own when it is to be overwritten
        (staging / "metrics.json").write_text(to_json(result.metrics), encoding="utf-8")
        (staging / "run.json").write_text(to_json(provenance), encoding="utf-8")
        make_durable(staging)
        return publish(staging, folder, overwrite)


def read_run(folder: Path) -> RunRecord | None:
    """What ``run.json`` and ``metrics.json`` say; None when ``folder`` is not a run folder.

    Raises:
        ModelError: one of the two is damaged.
    """
    if not (folder / "run.json").is_file():
        return None
    provenance = _read_object(folder / "run.json")
    known = {item.name for item in fields(RunRecord)} - {"metrics"}
    if "verb" not in provenance:
        raise damaged_record(folder, "names no verb")
    for key, (kind, name) in RECORD_TYPES.items():
        if key in provenance and not isinstance(provenance[key], kind):
            raise damaged_record(folder, f"'{key}' is not {name}")
    metrics = _read_object(folder / "metrics.json") if (folder / "metrics.json").is_file() else {}
    return RunRecord(**{key: value for key, value in provenance.items() if key in known}, metrics=metrics)


def damaged_record(folder: Path, what: str) -> ModelError:
    """The error that ``run.json`` in ``folder`` is not as snnctl writes it; ``what`` says why, one clause."""
    return ModelError(what, where=str(folder / "run.json"), todo="write the run again, or name its model file")


def expanded(path: str | Path) -> Path:
    """``path`` with ``~`` replaced; unlike :meth:`Path.expanduser` it leaves users that do not exist as they are."""
    return Path(os.path.expanduser(path))


def default_folder(verb: str, options: Mapping[str, Any], root: Path = Path("runs")) -> Path:
    """A new folder ``runs/<time>-<verb>-<architecture or model>-<data set>``.

    Args:
        verb: the verb's name.
        options: its options; ``model``, ``arch`` and ``data`` give the name.
        root: the folder it lies in.
    """
    source = _stem(str(options["model"])) if options.get("model") else options.get("arch") or ""
    data = options.get("data") or ""
    parts = [verb, source, "" if source.endswith(data) else data]
    name = "-".join(re.sub(r"[^A-Za-z0-9._]+", "-", part).strip("-.") for part in parts if part)
    return new_folder(root, name)


def new_folder(root: Path, name: str) -> Path:
    """A name in ``root`` that starts with the time and is not taken."""
    first = root / f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    candidate, number = first, 1
    while candidate.exists():
        number += 1
        candidate = first.with_name(f"{first.name}-{number}")
    return candidate


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that matter, found without importing them."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def third_party(registry: Registry) -> list[dict[str, Any]]:
    """The plugins that are not snnctl's own, as plain data."""
    own = [plugin for plugin in registry.plugins if plugin.package != "snnctl" and plugin.error is None]
    return [{"name": plugin.name, "package": plugin.package, "version": plugin.version} for plugin in own]


def to_json(value: Any) -> str:
    """Strict JSON: NaN and infinities become null, paths become texts, arrays become lists."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """``value`` with nothing in it but what JSON can say."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's arrays and scalars, without importing NumPy
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def _rename_to_free(staging: Path, target: Path) -> Path:
    """Renaming onto a folder fails if anything is in it, so two processes never take the same name."""
    number = 1
    while True:
        try:
            return staging.rename(target if number == 1 else target.with_name(f"{target.name}-{number}"))
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
        number += 1


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, up to the first that holds something."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _refuse_in_use(folder: Path, target: Path, overwrite: bool, inputs: Iterable[Path]) -> None:
    if not overwrite:
        complete = (target / "run.json").is_file()
        raise OutputError(
            f"{folder} {'holds a complete run' if complete else 'is not empty'}",
            todo="name another folder with --out, or add --overwrite to replace it",
        )
    if any(target in (place, *place.parents) for place in (Path.cwd(), Path.home())):
        raise OutputError(f"{folder} holds the working or home folder and is not overwritten", todo="name another one")
    for path in inputs:
        if any(target in (place, *place.parents) for place in _places(path)):
            what = "is" if target in _places(path) else f"holds {path}, which is"
            raise OutputError(
                f"{folder} {what} needed as input and is not overwritten", todo="name another folder with --out"
            )
    if (foreign := _foreign(target)) is not None:
        raise OutputError(
            f"{folder} holds files that no run has written, such as {foreign.relative_to(target)}, and is not "
            "overwritten",
            todo="name another folder with --out, or empty this one",
        )


def _foreign(target: Path) -> Path | None:
    """Something in a folder that no run writes there; None if there is nothing.

    A recipe with no trace of its run beside it may be the one that somebody has written.
    """
    known = {*WRITTEN, *_further_files(target)}
    for entry in sorted(target.iterdir()):
        if UNFINISHED.fullmatch(entry.name):
            continue
        if entry.is_dir() and not entry.is_symlink():
            if (foreign := _foreign(entry)) is not None:
                return foreign
        elif entry.name not in known:
            return entry
    recipe = target / "recipe.yaml"
    return recipe if recipe.is_file() and not _was_run(target) else None


def _was_run(folder: Path) -> bool:
    """Whether the recipe in a folder was begun there: its keys, its summary or a step's run folder is there."""
    if any((folder / name).is_file() for name in ("step-keys.json", "summary.json")):
        return True
    return any(folder.rglob("run.json"))


def _further_files(folder: Path) -> set[str]:
    """The names of the files that a run has written besides the usual ones, as its record or its figures tell them."""
    found: set[str] = set()
    for name in ("run.json", "metrics.json"):
        try:
            told = json.loads((folder / name).read_text(encoding="utf-8"))["files"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue
        found |= {str(file) for file in told} if isinstance(told, list | dict) else set()
    return found


def _places(path: Path) -> tuple[Path, Path]:
    """Where an input is: the file itself, and the link to it if that is what was named."""
    named = expanded(path)
    return named.resolve(), named.parent.resolve() / named.name


def _resolved(folder: Path) -> Path:
    """The absolute path of an output folder, links followed."""
    try:
        target = folder.expanduser().resolve()
        if not target.is_symlink():  # what is still a link leads back to itself
            return target
    except FileNotFoundError as error:
        raise OutputError(
            f"cannot write to {folder}: the working folder no longer exists", todo="change to another folder"
        ) from error
    except RuntimeError as error:
        if str(folder).startswith("~"):
            raise OutputError(
                f"cannot write to {folder}: there is no home folder of that name", todo="name another folder with --out"
            ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}", todo="name another folder with --out") from error
    raise OutputError(
        f"cannot write to {folder}: it is a link that leads back to itself", todo="name another folder with --out"
    )


def _refuse_long_name(target: Path) -> None:
    """The hidden folder beside it has a longer name; the operating system is asked whether that can be."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(beside(target, "partial"))


def _unwritable(folder: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"cannot write to {folder}: {reason}", todo="name another folder with --out, or make room")


def _write_history(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """One line per epoch; figures that an epoch lacks stay empty."""
    keys = list(dict.fromkeys(key for epoch in history for key in epoch if key != "epoch"))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["epoch", *keys], restval="")
        writer.writeheader()
        for number, figures in enumerate(history, start=1):
            writer.writerow({"epoch": number, **figures})


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ModelError("is nested too deeply", where=str(path), todo="write the run again") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot be read: {error}", where=str(path), todo="write the run again") from error
    if not isinstance(content, dict):
        raise ModelError("is not a JSON object", where=str(path), todo="write the run again")
    return content


def _stem(model: str) -> str:
    """What a model file or run folder is called, without the time and verb of a default name."""
    path = Path(model)
    name = path.stem if path.suffix in (".keras", ".h5") else path.name
    if name == "model":
        name = path.parent.name
    return re.sub(r"^\d{8}-\d{6}-(train|convert|finetune)-", "", name)
