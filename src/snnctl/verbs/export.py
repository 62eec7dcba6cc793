"""``snnctl export``: a spiking network as plain data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError
from snnctl.runs import expanded
from snnctl.verbs.constraints import apply_constraints, merged, settings
from snnctl.verbs.conversion_rules import layer_rules
from snnctl.verbs.export_options import ExportOptions
from snnctl.verbs.result import Result, Run

if TYPE_CHECKING:
    import keras

    from snnctl.events.network import Network, Population

NAME = "network.npz"


def export(options: ExportOptions, run: Run) -> Result:
    """The network as a file of the run folder, and how large it is; under constraints if they are asked for.

    Raises:
        ModelError: missing or damaged, no spiking network, of no fixed input size, with a layer that is not known, or
            with numbers that are out of range.
        UsageError: a range of weights that does not fit.
        ConversionError: several inputs, or a call method of its own.
    """
    from snnctl.lowering import lower
    from snnctl.models import dtype_of
    from snnctl.ttfs.hardware import constraints_of
    from snnctl.verbs.simulation import told_of_network

    model = spiking_model(options, run)
    constraints = merged(options, constraints_of(model), options.seed)
    constrained = apply_constraints(model, constraints)
    with told_of_network():
        network = lower(constrained)
        network = replace(network, about={"model": model.name, "precision": dtype_of(model)})
        content = packed(network)
    hardware = {"hardware": found} if (found := constraints.in_force()) else {}
    resolved = {**options.model_dump(mode="json"), **settings(constraints)}
    return Result("export", {**figures(network), **hardware}, resolved, files={NAME: content})


def spiking_model(options: ExportOptions, run: Run) -> keras.Model:
    """The network that is named, or was given as an object.

    Raises:
        ModelError: missing or damaged, no spiking network, or one that is nested inside another model.
    """
    from snnctl.models import check_finite, load_model
    from snnctl.models.vetting import kind_of

    layer_rules(run)  # plugins register the layers that a file may hold
    model, where = run.given.model, ""
    if model is None:
        loaded = load_model(expanded(options.model))
        for note in loaded.notes:
            run.reporter.note(note)
        model, where = loaded.model, options.model
    else:
        check_finite(model)
    if kind_of(model, where) == "relu":
        raise ModelError(f"{options.model} is a ReLU network", todo="Convert it first: `snnctl convert`.")
    return model


def packed(network: Network) -> bytes:
    """The network as the content of an ``.npz`` file."""
    from snnctl.events import write_network

    with TemporaryDirectory(prefix="snnctl-") as folder:
        path = Path(folder) / NAME
        write_network(path, network)
        return path.read_bytes()


def figures(network: Network) -> dict[str, Any]:
    """How large the network is, in total and by population; ``synapses``: those that reach it."""
    from snnctl.lowering.size import synapses

    reaching = synapses(network)
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
            {"name": each.name, "kind": "readout", "neurons": each.outputs, "synapses": reaching.get(each.name, 0)}
            for each in network.readouts
        ],
    }


def _neurons(populations: list[Population], kind: str) -> int:
    return sum(population.neurons for population in populations if population.kind == kind)


def _population(population: Population, reaching: dict[str, int]) -> dict[str, Any]:
    return {
        "name": population.name,
        "kind": population.kind,
        "level": population.level,
        "neurons": population.neurons,
        "synapses": reaching.get(population.name, 0),
        "window": population.width,
        "t_min": population.t_min,
        "t_max": population.t_max,
    }
