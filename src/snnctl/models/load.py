"""Loading a model from whatever a user has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras

from snnctl.errors import ModelError
from snnctl.models.checks import check_finite, holds_spiking_layers
from snnctl.models.dtype import as_dtype
from snnctl.models.safety import opening
from snnctl.models.source import find_source
from snnctl.models.weights import WeightTable
from snnctl.plugins.reader import Read, ReadContext, Reader
from snnctl.runs import RunRecord

if TYPE_CHECKING:
    from snnctl.plugins.architecture import Architecture


@dataclass(frozen=True)
class LoadedModel:
    """A network and where it came from.

    Args:
        model: the network, built, with finite weights, not compiled.
        kind: "snn" if it holds layers of snnctl, else "relu".
        run: the record of the run if its folder was given, else None.
        source: the file that was read, or the SavedModel folder.
        notes: what the user should know about how it was read.
        table: for a weights-only file, which of its layers went where; else None.
    """

    model: keras.Model
    kind: Literal["relu", "snn"]
    run: RunRecord | None
    source: Path
    notes: tuple[str, ...]
    table: WeightTable | None = None


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
        path: a run folder, or what one of the readers reads: a ``.keras`` file, a full ``.h5`` file (Keras 2 or 3), a
            SavedModel folder that Keras 2 wrote, a weights-only ``.h5`` file, or what plugins add.
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

    def build() -> keras.Model:
        if arch is None or input_shape is None or classes is None:
            raise ModelError(
                "A weights-only file needs the input shape and the number of classes.", todo="Give --data."
            )
        return arch.build(input_shape, classes, **(arch_options or {}))

    source = find_source(path, readers)
    network: tuple[Callable[[], keras.Model] | None, str] = (build, arch.name) if arch else (None, "")
    context = ReadContext(input_shape, classes, dtype, allow_code, *network)
    reader = next(reader for reader in readers if reader.name == source.kind)
    result = reader.read(source.path, context)
    result = result if isinstance(result, Read) else Read(result)
    model, notes = result.model, result.notes
    with opening(source.path):
        if result.table is None:
            model = as_dtype(model, dtype, allow_code=allow_code)
            notes += (f"{source.path} describes its own network; --arch {arch.name} is not used.",) if arch else ()
        check_finite(model, str(source.path))
        kind: Literal["relu", "snn"] = "snn" if holds_spiking_layers(model) else "relu"
    return LoadedModel(model, kind, source.run, source.path, notes, result.table)
