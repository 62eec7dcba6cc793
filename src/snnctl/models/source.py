"""Where a model is: the file behind the path that was given, and what kind of file it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.errors import ModelError
from snnctl.runs import RunRecord, read_run

if TYPE_CHECKING:
    from snnctl.plugins.reader import Reader

SUFFIXES = (".keras", ".h5", ".hdf5")
RUN_MODEL = "model.keras"
RUN_RECORD = "run.json"
SAVED_MODEL = "saved_model.pb"
OWN = ("keras", "hdf5", "saved-model")
"""Names of the readers of snnctl, whose files are recognised by their content."""
ACCEPTED = (
    "Accepted: a run folder, a .keras file, a full .h5 file, a SavedModel folder of Keras 2, "
    "or a weights-only .h5 file with --arch."
)


@dataclass(frozen=True)
class Source:
    """A file, or a SavedModel folder, that holds a model or its weights.

    Args:
        path: the file or folder.
        kind: the name of its reader: "keras" or "hdf5" as the first bytes say, "saved-model", or that of a plugin.
        run: the record of the run if its folder was given, else None.
    """

    path: Path
    kind: str
    run: RunRecord | None = None


def find_source(path: Path | str, readers: Sequence[Reader] = ()) -> Source:
    """The file behind ``path``, which may be a run folder or a file.

    Args:
        path: of either.
        readers: of all formats there are; those of snnctl need not be among them. They are asked for what is no run
            folder and has none of Keras's suffixes.

    Raises:
        ModelError: nothing there (names the nearest name), a folder that is no run or whose record is
            damaged, or a file that Keras did not write.
    """
    path, others = Path(path), [reader for reader in readers if reader.name not in OWN]
    suffixes = sorted({suffix for reader in others for suffix in reader.suffixes})
    accepted = f"{ACCEPTED} Plugins read: {', '.join(suffixes)}." if suffixes else ACCEPTED
    if not path.exists():
        raise _missing(path, accepted)
    if not path.is_file() and not path.is_dir():
        raise ModelError(f"{path} is no regular file.", todo=accepted)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return Source(path, _kind(path))
    if (path / SAVED_MODEL).is_file() and not (path / RUN_MODEL).is_file():
        return Source(path, "saved-model")
    if not (path / RUN_RECORD).is_file():
        for reader in others:
            if reader.recognises(path):
                return Source(path, reader.name)
    if path.is_file():
        raise ModelError(f"{path} has a suffix that is not a model's.", todo=accepted)
    model = _model_of_run(path, {*SUFFIXES, *suffixes}, accepted)
    return Source(model, _kind(model), run=read_run(path))


def _model_of_run(folder: Path, suffixes: set[str], accepted: str) -> Path:
    """The model file of a run folder; the error for another folder advises the model files in it."""
    lacking = [name for name in (RUN_MODEL, RUN_RECORD) if not (folder / name).is_file()]
    if not lacking:
        return folder / RUN_MODEL
    try:
        files = sorted(str(file) for file in folder.iterdir() if file.suffix.lower() in suffixes)
    except OSError:  # a folder that may not be listed
        files = []
    raise ModelError(
        f"{folder} is not a run folder that holds a model: it has no {' and '.join(lacking)}.",
        todo=f"Give the file itself: {', '.join(files[:3])}." if files else accepted,
    )


def _missing(path: Path, accepted: str) -> ModelError:
    """The error for a path where nothing is; it names what is near."""
    if not path.parent.is_dir():
        return ModelError(f"{path} does not exist: there is no folder {path.parent}.")
    near = get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1, cutoff=0.5)
    return ModelError(f"{path} does not exist.", todo=f"Did you mean {path.parent / near[0]}?" if near else accepted)


def _kind(path: Path) -> str:
    """What the first bytes of a file say it is: "hdf5" or "keras"."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise ModelError(f"{path} is empty.", todo="Copy or save it again.")
    if head == b"\x89HDF\r\n\x1a\n":
        return "hdf5"
    if not head.startswith(b"PK"):
        raise ModelError(f"{path} is damaged, or Keras did not write it: it is neither HDF5 nor a Keras archive.")
    if path.suffix.lower() != ".keras":
        raise ModelError(
            f"{path} is a Keras archive under the name of an HDF5 file.", todo="Rename it to end in .keras."
        )
    return "keras"
