"""Loading a model from whatever a user has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras

from snnctl.errors import ModelError
from snnctl.models.archive import open_archive
from snnctl.models.dtype import as_dtype, precision
from snnctl.models.failures import opening
from snnctl.models.finite import check_finite
from snnctl.models.hdf5 import holds_full_model, open_full_model, open_weights, stored_dtype
from snnctl.models.saved_model import open_saved_model
from snnctl.models.source import Source, find_source
from snnctl.models.vetting import holds_spiking_layers
from snnctl.models.weight_table import WeightTable
from snnctl.runs import RunRecord

if TYPE_CHECKING:
    from snnctl.plugins.architecture import Architecture

OPENERS = {"archive": open_archive, "hdf5": open_full_model, "saved_model": open_saved_model}


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
    arch: Architecture | None = None,
    arch_options: Mapping[str, Any] | None = None,
    input_shape: tuple[int, ...] | None = None,
    classes: int | None = None,
    dtype: str | None = None,
    allow_code: bool = False,
) -> LoadedModel:
    """The model behind ``path``; its optimiser, loss and metrics are left out.

    Args:
        path: a run folder, a ``.keras`` file, a full ``.h5`` file (Keras 2 or 3), a SavedModel folder that Keras 2
            wrote, or a weights-only ``.h5`` file.
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
    source = find_source(path)
    table = None
    if source.kind == "hdf5" and not holds_full_model(source.path):
        network = _Network(_required(arch, source), dict(arch_options or {}), input_shape, classes)
        model, table = _from_weights(source.path, network, dtype)
        notes: tuple[str, ...] = (_matched(table, network),)
    else:
        model = OPENERS[source.kind](source.path, input_shape=input_shape, allow_code=allow_code)
        notes = _unused(arch, source)
        with opening(source.path):
            model = as_dtype(model, dtype, allow_code=allow_code)
    with opening(source.path):
        check_finite(model, str(source.path))
    kind: Literal["relu", "snn"] = "snn" if holds_spiking_layers(model) else "relu"
    return LoadedModel(model, kind, source.run, source.path, notes, table)


@dataclass(frozen=True)
class _Network:
    """A network that can be built: an architecture with all it needs."""

    arch: Architecture
    options: dict[str, Any]
    input_shape: tuple[int, ...] | None
    classes: int | None

    def build(self) -> keras.Model:
        if self.input_shape is None or self.classes is None:
            raise ModelError(
                "A weights-only file needs the input shape and the number of classes.", todo="Give --data."
            )
        return self.arch.build(self.input_shape, self.classes, **self.options)


def _from_weights(path: Path, network: _Network, dtype: str | None) -> tuple[keras.Model, WeightTable]:
    with precision(dtype or stored_dtype(path)):
        return open_weights(path, network.build)


def _matched(table: WeightTable, network: _Network) -> str:
    """The table of what went where, under a line that says how it was found."""
    how = f"The file's layer names are those of {network.arch.name}; weights of each layer:"
    if table.by == "order":
        how = f"The file's layer names are not {network.arch.name}'s; its layers were taken in order:"
    return "\n  ".join([how, *table.lines()])


def _required(arch: Architecture | None, source: Source) -> Architecture:
    if arch is None:
        raise ModelError(
            f"{source.path} holds weights only: which network they belong to must be said.",
            todo="Name it, for example: --arch vgg16 --arch-opt batch_norm=true --data cifar10; "
            "or save the whole model: model.save('model.keras').",
        )
    return arch


def _unused(arch: Architecture | None, source: Source) -> tuple[str, ...]:
    return (f"{source.path} describes its own network; --arch {arch.name} is not used.",) if arch else ()
