"""Opening the MODEL of a verb, together with the data that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError
from snnctl.plugins.options import check_options
from snnctl.runs import expanded
from snnctl.verbs.building import CheckedArchitecture
from snnctl.verbs.conversion_rules import layer_rules
from snnctl.verbs.model_readers import readers_of
from snnctl.verbs.options import ModelSourceOptions
from snnctl.verbs.recorded import no_data_set, recorded_settings
from snnctl.verbs.result import Run
from snnctl.verbs.samples import Source, data_source, named_data

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Dataset


@dataclass(frozen=True)
class Network:
    """A network, and what is known of its making.

    Args:
        model: the network.
        kind: "relu" or "snn".
        dtype: its precision.
        recorded: the settings of the run that made it; empty for a bare file.
        rules: the conversion rules that plugins bring, by layer class.
    """

    model: keras.Model
    kind: str
    dtype: str
    recorded: dict[str, Any]
    rules: dict[type, Any] = field(default_factory=dict)


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
    from snnctl.models.network import check_fits

    recorded = recorded_settings(expanded(options.model))
    named = named_data(options, recorded)
    if named is None:
        raise no_data_set(options.model)
    dataset = run.registry.dataset(named.name, named.options)
    network = open_network(options, run, dataset)
    check_fits(network.model, dataset.input_shape, dataset.classes, dataset.name)
    source = data_source(options, run, named, options.preprocess or recorded.get("preprocess"), network.dtype)
    if network.kind == "snn":
        _check_range(network.model, source, run)
    settings = {
        **options.model_dump(mode="json"),
        **source.named.settings,
        "preprocess": source.preprocessing.spelling,
        "dtype": network.dtype,
    }
    return Opened(network.model, network.kind, source, network.dtype, settings)


def open_network(
    options: ModelSourceOptions, run: Run, dataset: Dataset | None, sample_shape: tuple[int, ...] | None = None
) -> Network:
    """The network that ``options.model`` names, or that was given as an object.

    Args:
        options: of any verb that takes a network.
        run: knows the architectures; holds the network if it is an object.
        dataset: the data it is used with, which weights without a network need; None if there is no data set.
        sample_shape: of other data, for a network that does not say what it takes; None if not known.

    Raises:
        ModelError: missing, damaged, incomplete, or a spiking network nested inside another model.
        UsageError, PluginError: an architecture that does not exist, or options that do not fit it.
    """
    from snnctl.conversion.upgrade import upgraded
    from snnctl.models.load import load_model
    from snnctl.models.network import as_dtype, check_finite, dtype_of, kind_of
    from snnctl.verbs.stored_classes import stored_classes

    rules = layer_rules(run)  # first: plugins register the layers that a file may hold
    if run.given.model is not None:
        model = upgraded(as_dtype(run.given.model, options.dtype, allow_code=True))  # its code is the caller's own
        check_finite(model)
        return Network(model, kind_of(model), dtype_of(model), {}, rules)
    path, readers = expanded(options.model), readers_of(run.registry)
    architecture = run.registry.architecture(options.arch) if options.arch else None
    checked = CheckedArchitecture(architecture) if architecture else None
    arch_options = check_options(architecture, options.arch_opt) if architecture else {}
    classes = dataset.classes if dataset else None
    if dataset is None and checked is not None:
        classes = stored_classes(path, checked, arch_options, sample_shape, readers)
    loaded = load_model(
        path,
        readers=readers,
        arch=checked,
        arch_options=arch_options,
        input_shape=dataset.input_shape if dataset else sample_shape,
        classes=classes,
        dtype=options.dtype,
        allow_code=options.allow_code,
    )
    for note in loaded.notes:
        run.reporter.note(note)
    model = upgraded(loaded.model)
    return Network(model, kind_of(model, options.model), dtype_of(model), recorded_settings(path), rules)


def require_relu(network: Network, model: str) -> None:
    """Conversion starts from a ReLU network.

    Raises:
        ModelError: it is a spiking one already.
    """
    if network.kind != "relu":
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
