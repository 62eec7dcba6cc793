"""``snnctl eval``: what a network does on a split."""

from __future__ import annotations

from snnctl.verbs.opening import open_model
from snnctl.verbs.options import EvalOptions
from snnctl.verbs.result import Result, Run


def evaluate(options: EvalOptions, run: Run) -> Result:
    """Accuracy and loss; of a spiking network also spikes per neuron, latency and saturation.

    Raises:
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.verbs.measure import measure

    opened = open_model(options, run)
    samples = opened.source.split(options.split)
    metrics, _ = measure(opened.model, opened.kind, samples, options.batch_size, run.reporter, "measuring")
    return Result("eval", {**metrics, "split": options.split}, opened.settings)
