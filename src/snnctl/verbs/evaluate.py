"""``snnctl eval``: what a network does on a split."""

from __future__ import annotations

from snnctl.verbs.constraints import known_under, on_hardware
from snnctl.verbs.opening import open_model
from snnctl.verbs.options import EvalOptions
from snnctl.verbs.result import Result, Run
from snnctl.verbs.simulation import plain_network, refuse_unfit, simulated


def evaluate(options: EvalOptions, run: Run) -> Result:
    """Accuracy and loss; of a spiking network also spikes per neuron, latency and saturation.

    With ``simulator="events"`` the network is simulated event by event too, and the two are compared; the result's
    ``failure`` is what they do not agree on.

    Raises:
        ModelError: a ReLU network, or one that cannot be simulated, with ``simulator="events"``.
        UsageError: one whose simulation would differ; known before anything is measured.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.verbs.measure import measure

    opened = open_model(options, run)
    simulates = options.simulator == "events"
    if simulates:
        refuse_unfit(known_under(options, opened), options.model)
    opened, hardware = on_hardware(options, opened, run)
    plain = plain_network(opened) if simulates else None
    samples = opened.source.split(options.split)
    metrics = measure(
        opened.model,
        opened.kind,
        samples,
        options.batch_size,
        run.reporter,
        "measuring",
        registry=run.registry,
        prices=(options.ac_pj, options.mac_pj),
    )
    metrics = {**metrics, "split": options.split, **hardware}
    missed = None
    if plain is not None:
        metrics["simulator"], missed = simulated(opened, plain, samples, options.batch_size, run.reporter)
    return Result("eval", metrics, opened.settings, failure=missed)
