"""``snnctl eval``: what a network does on a split."""

from __future__ import annotations

from snnctl.verbs.constraints import on_hardware
from snnctl.verbs.opening import open_model
from snnctl.verbs.options import EvalOptions
from snnctl.verbs.result import Result, Run
from snnctl.verbs.simulation import refuse_unfit, simulated


def evaluate(options: EvalOptions, run: Run) -> Result:
    """Accuracy and loss; of a spiking network also spikes per neuron, latency and saturation.

    With ``simulator="events"`` the network is simulated event by event too, and the two are compared; the result's
    ``failure`` is what they do not agree on.

    Raises:
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.metrics.prices import Prices
    from snnctl.verbs.measure import measure

    opened, hardware = on_hardware(options, open_model(options, run), run)
    if options.simulator == "events":
        refuse_unfit(opened)
    samples = opened.source.split(options.split)
    metrics, _ = measure(
        opened.model,
        opened.kind,
        samples,
        options.batch_size,
        run.reporter,
        "measuring",
        registry=run.registry,
        prices=Prices(options.ac_pj, options.mac_pj),
    )
    metrics = {**metrics, "split": options.split, **hardware}
    missed = None
    if options.simulator == "events":
        metrics["simulator"], missed = simulated(opened, samples, options.batch_size, run.reporter)
    return Result("eval", metrics, opened.settings, failure=missed)
