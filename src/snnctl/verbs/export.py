"""``snnctl export``: a spiking network as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.errors import ModelError, PluginError, SnnctlError
from snnctl.plugins import ExportContext
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.options import check_options
from snnctl.runs import expanded
from snnctl.verbs.constraints import apply_constraints, merged, settings
from snnctl.verbs.conversion_rules import layer_rules
from snnctl.verbs.export_options import ExportOptions
from snnctl.verbs.model_readers import readers_of
from snnctl.verbs.result import Result, Run
from snnctl.verbs.run_files import checked_files
from snnctl.verbs.simulation import told_of_network

if TYPE_CHECKING:
    import keras

    from snnctl.events.network import Network, Population


def export(options: ExportOptions, run: Run) -> Result:
    """The network as a file of the run folder, and how large it is; under constraints if they are asked for.

    Raises:
        ModelError: missing or damaged, no spiking network, of no fixed input size, with a layer that is not known, or
            with numbers that are out of range.
        UsageError: a range of weights that does not fit.
        ConversionError: several inputs, or a call method of its own.
    """
    from snnctl.lowering import lower
    from snnctl.models.network import dtype_of
    from snnctl.ttfs.hardware import constraints_of

    model = spiking_model(options, run)
    constraints = merged(options, constraints_of(model), options.seed, run.registry)
    constrained = apply_constraints(model, constraints)
    with told_of_network():
        network = lower(constrained)
        network = replace(network, about={"model": model.name, "precision": dtype_of(model)})
    hardware = {"hardware": found} if (found := constraints.in_force()) else {}
    to_opt = check_options(run.registry.exporter(options.to), options.to_opt)
    resolved = {**options.model_dump(mode="json"), **settings(constraints), "to_opt": to_opt}
    for name in constraints.constraint:
        run.reporter.note(f"what {name} does to weights and thresholds is in the file; what it does to times is not")
    files = exported(network, ExportContext(constrained, model.name, run.reporter), options, run)
    told = {"format": options.to, "files": {name: len(content) for name, content in files.items()}}
    return Result("export", {**figures(network), **hardware, **told}, resolved, files=files)


def spiking_model(options: ExportOptions, run: Run) -> keras.Model:
    """The network that is named, or was given as an object.

    Raises:
        ModelError: missing or damaged, no spiking network, or one that is nested inside another model.
    """
    from snnctl.conversion.upgrade import upgraded
    from snnctl.models.load import load_model
    from snnctl.models.network import check_finite, kind_of

    layer_rules(run)  # plugins register the layers that a file may hold
    model, where = run.given.model, ""
    if model is None:
        loaded = load_model(expanded(options.model), readers=readers_of(run.registry))
        for note in loaded.notes:
            run.reporter.note(note)
        model, where = loaded.model, options.model
    else:
        check_finite(model)
    if kind_of(model, where) == "relu":
        raise ModelError(f"{options.model} is a ReLU network", todo="Convert it first: `snnctl convert`.")
    return upgraded(model)


def exported(network: Network, context: ExportContext, options: ExportOptions, run: Run) -> dict[str, bytes]:
    """The files of the format that is asked for, by name.

    Raises:
        PluginError: no such format, or its own code fails or returns what are no files.
        SnnctlError: what the format cannot hold.
    """
    from snnctl.events import NetworkError

    exporter = run.registry.exporter(options.to)
    where, passed = origin(exporter), (SnnctlError, MemoryError, NetworkError)
    with told_of_network(), guard("export failed", where=where, passed=passed):
        found = exporter.export(network, context, **check_options(exporter, options.to_opt))
    with guard("what export returned cannot be read", where=where):
        if not isinstance(found, Mapping) or not found:
            raise PluginError(
                f"export returned {type(found).__name__} {found!r:.60}, which are no files by name", where=where
            )
        return checked_files(found, "export", where)


def figures(network: Network) -> dict[str, Any]:
    """How large the network is, in total and by population; ``synapses``: those that reach it."""
    reaching: Counter[str] = Counter()
    for projection in network.projections:
        firing = (projection.source >= 0).sum(axis=1)
        reaching[projection.target_name] += int(firing @ np.diff(projection.start)) * projection.J.shape[2]
    first, *layers = network.populations
    return {
        "type": "snn",
        "neurons": {kind: _neurons(layers, kind) for kind in ("spiking", "signed", "relay")},
        "pools": sum(pools.pools for pools in network.pools),
        "synapses": sum(reaching.values()),
        "latency": max(readout.t_read for readout in network.readouts),
        "input": _population(first, reaching),
        "layers": [_population(layer, reaching) for layer in layers],
        "readouts": [
            {"name": each.name, "kind": "readout", "neurons": each.outputs, "synapses": reaching[each.name]}
            for each in network.readouts
        ],
    }


def _neurons(populations: list[Population], kind: str) -> int:
    return sum(population.neurons for population in populations if population.kind == kind)


def _population(population: Population, reaching: Counter[str]) -> dict[str, Any]:
    return {
        "name": population.name,
        "kind": population.kind,
        "level": population.level,
        "neurons": population.neurons,
        "synapses": reaching[population.name],
        "window": population.width,
        "t_min": population.t_min,
        "t_max": population.t_max,
    }
