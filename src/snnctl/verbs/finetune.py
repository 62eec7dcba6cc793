"""``snnctl finetune``: a network is trained further."""

from __future__ import annotations

from typing import Any

from snnctl.verbs.opening import open_model
from snnctl.verbs.options import FinetuneOptions
from snnctl.verbs.result import Result, Run
from snnctl.verbs.train import fit_settings


def finetune(options: FinetuneOptions, run: Run) -> Result:
    """Trains a spiking (or ReLU) network on the training split; measures it on the test split before and after.

    Raises:
        TrainingError: the loss diverged.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    import keras

    from snnctl.models import precision
    from snnctl.training.fit import fit
    from snnctl.ttfs.timeline import set_windows
    from snnctl.verbs.measure import measure

    opened = open_model(options, run)
    training, test = opened.source.split("train"), opened.source.split("test")
    keras.utils.set_random_seed(options.seed)
    set_windows(opened.model, options.windows, options.gamma)
    before, _ = measure(opened.model, opened.kind, test, options.batch_size, run.reporter, "measuring before")
    with precision(opened.dtype):
        history = fit(
            opened.model,
            (training.inputs, training.labels),
            (test.inputs, test.labels),
            fit_settings(options, opened.model),
            run.reporter,
        )
    metrics, _ = measure(opened.model, opened.kind, test, options.batch_size, run.reporter, "measuring after")
    return Result("finetune", {**metrics, "split": "test", **compared(before)}, opened.settings, opened.model, history)


def compared(before: dict[str, Any]) -> dict[str, Any]:
    """The figures from before the training that are shown beside those after it."""
    return {f"{key}_before": before[key] for key in ("accuracy", "latency") if key in before}
