"""``snnctl inspect``: what a network consists of, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snnctl.errors import ConversionError, ModelError
from snnctl.verbs.opening import open_network
from snnctl.verbs.options import ModelSourceOptions
from snnctl.verbs.result import Run

if TYPE_CHECKING:
    import keras


def inspect(options: ModelSourceOptions, run: Run) -> dict[str, Any]:
    """The layers of a ReLU or spiking network; no data is read.

    Args:
        options: which network; a data set is needed by weights without a network only.
        run: the registry and the reporter.

    Returns:
        Plain data: ``type``, ``name``, ``layers`` and, by type, what :func:`of_relu` or :func:`of_spiking` says.

    Raises:
        ModelError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_network`.
    """
    dataset = run.registry.dataset(options.data, options.data_opt) if options.data else None
    network = open_network(options, run, dataset)
    if network.kind == "snn":
        return {"type": "snn", "name": network.model.name, **of_spiking(network.model)}
    return {"type": "relu", "name": network.model.name, **of_relu(network.model, network.rules)}


def of_relu(model: keras.Model, rules: Mapping[type, Any]) -> dict[str, Any]:
    """``layers``, ``parameters``, and whether it ``converts`` or which ``obstacles`` there are.

    ``hidden`` says why the layers are only listed, if they are.
    """
    from snnctl.verbs.layer_tables import size, source_table

    rows, hidden = source_table(model)
    found = obstacles(model, rules)
    return {
        "layers": rows,
        "parameters": size(model.weights),
        "hidden": hidden.what if hidden is not None else None,
        "converts": not found,
        "obstacles": found,
    }


def obstacles(model: keras.Model, rules: Mapping[type, Any]) -> list[dict[str, str]]:
    """Everything that stands against a conversion: ``where``, ``what`` and ``todo`` of each."""
    from snnctl.conversion.build import SpikingSettings, build_spiking

    try:
        build_spiking(model, SpikingSettings(), rules)
    except ConversionError as error:
        errors = getattr(error, "obstacles", (error,))
        return [{"where": error.where, "what": error.what, "todo": error.todo} for error in errors]
    return []


def of_spiking(
    model: keras.Model, calibrated: bool = True, sources: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, Any]:
    """Layers, neurons by kind, parameters, synapses, constraints, and the latency if ``calibrated``.

    Args:
        model: a spiking network.
        calibrated: whether its windows mean something.
        sources: of the wiring, if they are recorded: then it has a ``source`` too.
    """
    from snnctl.lowering.size import leaving
    from snnctl.ttfs.hardware import constraints_of
    from snnctl.ttfs.timeline import latency
    from snnctl.verbs.layer_tables import NEURONS, spiking_table

    try:
        synapses = leaving(model)
    except ModelError:  # they cannot be counted
        synapses = {}
    rows = spiking_table(model, synapses, sources, calibrated)
    neurons: Counter[str] = Counter()
    for row in rows:
        if row["kind"] in NEURONS and row["neurons"] is not None:
            neurons[row["kind"]] += row["neurons"]
    return {
        "layers": rows,
        "neurons": dict(neurons),
        "parameters": {name: sum(row[name] for row in rows) for name in ("weights", "thresholds")},
        "synapses": sum(row["synapses"] or 0 for row in rows) if synapses else None,
        "latency": latency(model) if calibrated else None,
        "constraints": constraints_of(model).in_force(),
    }
