"""Opening the MODEL of a verb, together with the data that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError, UsageError
from snnctl.plugins.options import check_arch_options
from snnctl.runs import damaged_record, expanded, read_run
from snnctl.verbs.building import CheckedArchitecture
from snnctl.verbs.options import ModelSourceOptions
from snnctl.verbs.result import Run
from snnctl.verbs.samples import Source, data_source

if TYPE_CHECKING:
    import keras

DEFAULT_DATA = "mnist-mini"  # of train; what is made of its network takes the data set from its record


@dataclass(frozen=True)
class Opened:
    """A network and its data.

    Args:
        model: the network.
        kind: "relu" or "snn".
        source: the data set, prepared as the network expects it.
        dtype: the network's precision.
        settings: the resolved options, for the record.
    """

    model: keras.Model
    kind: str
    source: Source
    dtype: str
    settings: dict[str, Any]


def open_model(options: ModelSourceOptions, run: Run) -> Opened:
    """The network that ``options.model`` names and the data it is used with.

    What the options leave open is taken from the record of the run that made the network.

    Raises:
        UsageError: no data set is named, and the network's run does not name one.
        ModelError: missing, damaged, incomplete, or not fitting the data.
    """
    from snnctl.models import check_fits, dtype_of, load_model

    path = expanded(options.model)
    recorded = recorded_settings(path)
    name = options.data or recorded.get("data")
    if name is None:
        raise no_data_set(options.model)
    preprocess = options.preprocess or recorded.get("preprocess")
    dataset = run.registry.dataset(name)
    architecture = run.registry.architecture(options.arch) if options.arch else None
    loaded = load_model(
        path,
        arch=CheckedArchitecture(architecture) if architecture else None,
        arch_options=check_arch_options(architecture, options.arch_opt) if architecture else {},
        input_shape=dataset.input_shape,
        classes=dataset.classes,
        dtype=options.dtype,
    )
    for note in loaded.notes:
        run.reporter.note(note)
    check_fits(loaded.model, dataset.input_shape, dataset.classes, dataset.name)
    dtype = dtype_of(loaded.model)
    source = data_source(options, run, name, preprocess, dtype)
    if loaded.kind == "snn":
        _check_range(loaded.model, source, run)
    settings = {
        **options.model_dump(mode="json"),
        "data": dataset.name,
        "preprocess": source.preprocessing.spelling,
        "dtype": dtype,
    }
    return Opened(loaded.model, loaded.kind, source, dtype, settings)


def recorded_settings(model: Path) -> dict[str, Any]:
    """The resolved options of the run that made the network; empty for a bare file.

    Raises:
        ModelError: the run's record is damaged.
    """
    record = read_run(model) if model.is_dir() else None
    if record is None:
        return {}
    for key in ("data", "preprocess"):
        if not isinstance(record.settings.get(key), str | None):
            raise damaged_record(model, f"'{key}' in its settings is not a text")
    return record.settings


def no_data_set(model: str) -> UsageError:
    """The error that neither the options nor the record of ``model`` name a data set."""
    return UsageError(
        f"no data set is named, and {model} does not record one",
        todo="Add --data NAME (`snnctl data list` shows all).",
    )


def require_relu(opened: Opened, model: str) -> None:
    """Conversion starts from a ReLU network.

    Raises:
        ModelError: it is a spiking one already.
    """
    if opened.kind != "relu":
        raise ModelError(
            f"{model} is a spiking network already", todo="Measure it with `snnctl eval`, train it with `finetune`."
        )


def _check_range(model: keras.Model, source: Source, run: Run) -> None:
    """Warns when the data is not what the network's input coding was made for."""
    from snnctl.ttfs.coding import InputCoding

    low, high = source.preprocessing.input_range
    for layer in model.layers:
        if isinstance(layer, InputCoding) and abs(layer.low - low) + abs(layer.high - high) > 1e-6 * (high - low):
            run.reporter.warn(
                f"the network codes inputs from {layer.low:g} to {layer.high:g}, but the data is prepared as "
                f"'{source.preprocessing.spelling}', from {low:g} to {high:g}: check --preprocess"
            )
