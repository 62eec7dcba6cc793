"""Loading a model from whatever a user has: the file behind a path, and the network in it. Starts without Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snnctl.errors import ModelError
from snnctl.plugins.reader import Read, ReadContext, Reader
from snnctl.runs import RunRecord, read_run

if TYPE_CHECKING:
    import keras

    from snnctl.plugins.architecture import Architecture

SUFFIXES = (".keras", ".h5", ".hdf5")
RUN_MODEL = "model.keras"
ACCEPTED = (
    "Accepted: a run folder, a .keras file, a full .h5 file, a SavedModel folder of Keras 2, "
    "or a weights-only .h5 file with --arch."
)


@dataclass(frozen=True)
class LoadedModel:
    """A network and where it came from.

    Args:
        model: the network, built, with finite weights, not compiled.
        kind: "snn" if it holds layers of snnctl, else "relu".
        run: the record of the run if its folder was given, else None.
        source: the file that was read, or the SavedModel folder.
        notes: what the user should know about how it was read; of a weights-only file, which layer went where.
    """

    model: keras.Model
    kind: Literal["relu", "snn"]
    run: RunRecord | None
    source: Path
    notes: tuple[str, ...]


def load_model(
    path: Path | str,
    *,
    readers: Sequence[Reader],
    arch: Architecture | None = None,
    arch_options: Mapping[str, Any] | None = None,
    input_shape: tuple[int, ...] | None = None,
    classes: int | None = None,
    dtype: str | None = None,
    allow_code: bool = False,
) -> LoadedModel:
    """The model behind ``path``; its optimiser, loss and metrics are left out.

    Args:
        path: a run folder, or what one of the readers reads.
        readers: of all formats there are.
        arch: the architecture a weights-only file is for; not used for other files.
        arch_options: its options.
        input_shape: shape of one sample, for a weights-only file and for a network that does not say it.
        classes: number of classes, for a weights-only file.
        dtype: "float32" or "float64"; None leaves what the file has.
        allow_code: whether Lambda layers and other code in the file may be run; without it the file is refused.

    Raises:
        ModelError: missing, damaged, unknown or unsafe layers, weights that do not fit or are not finite.
        UsageError: the architecture does not fit ``input_shape`` or its options.
    """
    from snnctl.models.network import as_dtype, check_finite, holds_spiking_layers
    from snnctl.models.safety import opening

    built: list[keras.Model] = []

    def build() -> keras.Model:
        if arch is None or input_shape is None or classes is None:
            what = "A weights-only file needs the input shape and the number of classes."
            raise ModelError(what, todo="Give --data.")
        built.append(arch.build(input_shape, classes, **(arch_options or {})))
        return built[0]

    file, reader, run = find_source(path, readers)
    context = ReadContext(input_shape, classes, dtype, allow_code, build if arch else None, arch.name if arch else "")
    result = reader.read(file, context)
    model, notes = (result.model, result.notes) if isinstance(result, Read) else (result, ())
    with opening(file):
        if not built:
            model = as_dtype(model, dtype, allow_code=allow_code)
            notes += (f"{file} describes its own network; --arch {arch.name} is not used.",) if arch else ()
        check_finite(model, str(file))
        return LoadedModel(model, "snn" if holds_spiking_layers(model) else "relu", run, file, notes)


def find_source(path: Path | str, readers: Sequence[Reader]) -> tuple[Path, Reader, RunRecord | None]:
    """The file behind ``path``, a run folder or what one of ``readers`` recognises; its reader; the record of the run.

    Raises:
        ModelError: nothing there (names the nearest name), a folder that is no run or whose record is damaged, or a
            file that nobody reads.
    """
    path, suffixes = Path(path), sorted({suffix for reader in readers for suffix in reader.suffixes} - {*SUFFIXES})
    accepted = f"{ACCEPTED} Plugins read: {', '.join(suffixes)}." if suffixes else ACCEPTED
    if not path.parent.is_dir():
        raise ModelError(f"{path} does not exist: there is no folder {path.parent}.")
    if not path.exists():
        near = get_close_matches(path.name, [entry.name for entry in path.parent.iterdir()], n=1, cutoff=0.5)
        raise ModelError(f"{path} does not exist.", todo=f"Did you mean {path.parent / near[0]}?" if near else accepted)
    if not path.is_file() and not path.is_dir():
        raise ModelError(f"{path} is no regular file.", todo=accepted)
    lacking = [name for name in (RUN_MODEL, "run.json") if not (path / name).is_file()]
    file = path if lacking else path / RUN_MODEL
    try:
        reader = next((reader for reader in readers if reader.recognises(file)), None)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}.") from error
    if reader:
        return file, reader, None if lacking else read_run(path)
    if file.is_dir():
        files = sorted(str(each) for each in path.glob("*") if each.suffix.lower() in {*SUFFIXES, *suffixes})
        todo = f"Give the file itself: {', '.join(files[:3])}." if files else accepted
        what = f"{path} is not a run folder that holds a model: it has no {' and '.join(lacking)}."
        raise ModelError(what, todo=todo)
    if file.suffix.lower() not in SUFFIXES:
        raise ModelError(f"{file} has a suffix that is not a model's.", todo=accepted)
    what = "is damaged, or Keras did not write it: it is neither HDF5 nor a Keras archive"
    raise ModelError(f"{file} {what if file.stat().st_size else 'is empty'}.", todo="Copy or save it again.")
