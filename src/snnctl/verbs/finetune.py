"""``snnctl finetune``: a network is trained further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.verbs.constraints import asks_for_windows, on_hardware
from snnctl.verbs.opening import open_model
from snnctl.verbs.options import FinetuneOptions
from snnctl.verbs.result import Result, Run
from snnctl.verbs.train import fit_settings

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Samples


def finetune(options: FinetuneOptions, run: Run) -> Result:
    """Trains a spiking (or ReLU) network on the training split; measures it on the test split before and after.

    Raises:
        TrainingError: the loss diverged.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.verbs.measure import measure

    opened, hardware = on_hardware(options, open_model(options, run), run)
    training, test = opened.source.split("train"), opened.source.split("test")
    before = measure(
        opened.model, opened.kind, test, options.batch_size, run.reporter, "measuring before", registry=run.registry
    )
    history = train_further(opened.model, opened.dtype, options, training, test, run)
    metrics = measure(
        opened.model, opened.kind, test, options.batch_size, run.reporter, "measuring after", registry=run.registry
    )
    metrics |= {"split": "test", **compared(before), **hardware}
    return Result("finetune", metrics, {**opened.settings, "windows": windows_of(options)}, opened.model, history)


def train_further(
    model: keras.Model,
    dtype: str,
    options: FinetuneOptions,
    training: Samples,
    validation: Samples | None,
    run: Run,
) -> list[dict[str, float]]:
    """Trains ``model`` in place, under the constraints it has; what was done with it before changes nothing.

    Args:
        model: of either kind.
        dtype: its precision.
        options: how it is trained.
        training: samples to train on.
        validation: looked at after every epoch; None for none.
        run: shows progress; knows the callbacks that are asked for.

    Returns:
        The figures of each epoch.

    Raises:
        TrainingError: the loss diverged.
    """
    import keras

    from snnctl.models.network import precision
    from snnctl.training.fit import fit
    from snnctl.ttfs.hardware import restart_jitter
    from snnctl.ttfs.timeline import set_windows
    from snnctl.verbs import callbacks

    keras.utils.set_random_seed(options.seed)
    restart_jitter(model)
    set_windows(model, windows_of(options), options.gamma)
    seen = None if validation is None else (validation.inputs, validation.labels)
    context = callbacks.context_of("finetune", options, model, training, validation, run)
    with precision(dtype):
        return fit(
            model,
            (training.inputs, training.labels),
            seen,
            fit_settings(options, model),
            run.reporter,
            callbacks.made(options.callback, context, run),
        )


def windows_of(options: FinetuneOptions) -> str:
    """Windows that were asked to be short stay so."""
    return "fixed" if asks_for_windows(options) else options.windows


def compared(before: dict[str, Any]) -> dict[str, Any]:
    """The figures from before the training that are shown beside those after it."""
    return {f"{key}_before": before[key] for key in ("accuracy", "latency") if key in before}
