"""The training loop: Keras's own, compiled to be fast, with many steps a call, progress; it stops when it diverges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.errors import TrainingError
from snnctl.progress import Reporter, Task
from snnctl.training.data import ShuffledBatches
from snnctl.training.sparsity import penalised
from snnctl.ttfs.keras_graph import all_layers, outputs

# Orders of magnitude for a CPU core or two; only the number of steps between two progress reports depends on them.
OPERATIONS_PER_SECOND = 3e10
STEP_OVERHEAD = 5e-4  # seconds
SECONDS_BETWEEN_REPORTS = 0.25
DIVERGED = "Training diverged; nothing was written. Try a smaller --lr, or --preprocess unit."


@dataclass(frozen=True)
class FitSettings:
    """How a network is trained; see the options of ``snnctl train``.

    Args:
        sparsity: see :func:`~snnctl.training.sparsity.penalised`.
        from_logits: whether the network returns logits, not probabilities.
        seed: of the order of the samples, which differs from epoch to epoch.
    """

    epochs: int = 1
    batch_size: int = 64
    lr: float = 5e-4
    lr_schedule: str = "exponential"
    optimizer: str = "adam"
    momentum: float = 0.0
    xla: str = "auto"
    sparsity: float = 0.0
    from_logits: bool = True
    seed: int = 0


def fit(
    model: keras.Model,
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray] | None,
    settings: FitSettings,
    reporter: Reporter,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> list[dict[str, float]]:
    """Trains ``model`` in place on (inputs, labels) with the cross entropy of its logits, and the penalty on spikes.

    Args:
        model: ReLU or spiking network, (batch, classes).
        train: inputs (samples, \\*input_shape) and labels (samples,).
        validation: the same, looked at after every epoch; None for none.
        settings: how.
        reporter: shows progress.
        callbacks: what else is done while training.

    Returns:
        The figures of each epoch: loss, accuracy, and with validation data val_loss, val_accuracy.

    Raises:
        TrainingError: the loss became NaN or infinite.
    """
    if settings.epochs == 0:
        return []
    inputs, labels = train
    steps = -(-len(inputs) // settings.batch_size)
    with penalised(model, settings.sparsity), reporter.task("training", settings.epochs * steps) as task:
        compile_model(model, settings, steps)
        watch = Watch(task, steps)
        batches = ShuffledBatches(inputs, labels, settings.batch_size, settings.seed)
        model.fit(
            batches.dataset,
            epochs=settings.epochs,
            shuffle=False,  # they are already, anew in each epoch
            validation_data=validation,
            validation_batch_size=max(settings.batch_size, 64),
            verbose=0,
            callbacks=[batches, watch, *callbacks],
        )
    # The last step may have been the one that diverged.
    if not all(np.all(np.isfinite(value)) for value in (*watch.epochs[-1].values(), *model.get_weights())):
        raise TrainingError("the last steps left weights that are NaN or infinite", todo=DIVERGED)
    return watch.epochs


def compile_model(model: keras.Model, settings: FitSettings, steps: int) -> None:
    """Sets optimiser, loss and speed of the model for :meth:`keras.Model.fit`; ``steps`` are those of an epoch."""
    model.compile(
        optimizer=make_optimizer(settings.optimizer, settings.lr, settings.lr_schedule, settings.momentum),
        loss=keras.losses.SparseCategoricalCrossentropy(settings.from_logits, dtype=model.outputs[0].dtype),
        metrics=["accuracy"],
        jit_compile=compile_with_xla(model, settings.xla),
        steps_per_execution=steps_per_call(model, settings.batch_size, steps),
    )


def make_optimizer(name: str, lr: float, schedule: str = "constant", momentum: float = 0.0) -> keras.Optimizer:
    """``adam`` or ``sgd`` with a "constant" rate, or one that is multiplied by 0.9 every 5,000 steps. [HP, Methods]"""
    rate = lr if schedule == "constant" else keras.optimizers.schedules.ExponentialDecay(lr, 5000, 0.9)
    return keras.optimizers.Adam(rate) if name == "adam" else keras.optimizers.SGD(rate, momentum=momentum)


def compile_with_xla(model: keras.Model, xla: str) -> bool:
    """Whether to compile with XLA: "on", "off", or "auto": networks without convolutions only, nested ones included.

    On a CPU, XLA makes dense networks about twice as fast and convolutions several times slower
    (``python benchmarks/step_time.py``).
    """
    return xla == "on" or (xla == "auto" and not any(hasattr(layer, "kernel_size") for layer in all_layers(model)))


def steps_per_call(model: keras.Model, batch_size: int, steps: int) -> int:
    """Training steps between two returns to Python: as many as take about a quarter of a second.

    Never more than a tenth of an epoch of ``steps``, so that progress is seen.
    """
    operations = 0  # multiply-accumulates of a sample, about: each weight works once at each position of the output
    for layer in all_layers(model):
        if not isinstance(layer, keras.Model) and (tensors := outputs(layer)):
            operations += layer.count_params() * prod(side or 1 for side in tensors[0].shape[1:-1])
    step_time = STEP_OVERHEAD + 6 * operations * batch_size / OPERATIONS_PER_SECOND
    return int(np.clip(SECONDS_BETWEEN_REPORTS / step_time, 1, max(1, steps // 10)))


class Watch(keras.callbacks.Callback):
    """Reports progress, keeps the history, and stops a training that diverges."""

    def __init__(self, task: Task, steps: int) -> None:
        super().__init__()
        self.task, self.steps, self.done = task, steps, 0
        self.epochs: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """``batch`` is the last one of a call of many steps."""
        logs = logs or {}
        if not np.isfinite(logs.get("loss", 0.0)):
            what = f"the loss is {logs['loss']} in epoch {len(self.epochs) + 1}, step {batch + 1} of {self.steps}"
            raise TrainingError(what, todo=DIVERGED)
        done = min(batch + 1, self.steps)  # Keras counts the steps that a last, shorter call did not do
        self.task.advance(done - self.done, **logs)
        self.done = done

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keeps the epoch's figures, and counts steps anew."""
        self.done = 0
        self.epochs.append({name: float(value) for name, value in (logs or {}).items()})
