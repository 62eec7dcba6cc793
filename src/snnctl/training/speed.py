"""How a network is trained fast: optimisers by name, what to compile, how many steps without returning to Python."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from snnctl.ttfs.keras_graph import all_layers

# Order of magnitude for a CPU core or two; only the number of steps between two progress reports depends on it.
OPERATIONS_PER_SECOND = 3e10
SECONDS_BETWEEN_REPORTS = 0.25
STEP_OVERHEAD = 5e-4
MOST_STEPS = 512
DECAY_STEPS = 5000
DECAY_RATE = 0.9


def linear_layers(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, tuple]]:
    """The layers that hold a kernel, each with its output shape (batch, \\*positions, channels)."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from linear_layers(layer)
            continue
        for linear in getattr(layer, "synapses", [layer]):
            if hasattr(linear, "kernel"):
                yield linear, layer.output.shape


def multiply_accumulates(model: keras.Model) -> int:
    """Multiply-accumulates of one forward pass of one sample (padding counted as if it were data)."""
    return sum(
        int(np.prod(linear.kernel.shape)) * int(np.prod([side or 1 for side in shape[1:-1]]))
        for linear, shape in linear_layers(model)
    )


def is_dense(model: keras.Model) -> bool:
    """Whether there is no convolution anywhere, nested models and synapses included."""
    return not any(hasattr(layer, "kernel_size") for layer in all_layers(model))


def compile_with_xla(model: keras.Model, xla: str) -> bool:
    """Whether to compile with XLA: "on", "off", or "auto": dense networks only.

    On a CPU, XLA makes dense networks about twice as fast and convolutions several times slower
    (``python benchmarks/step_time.py``).
    """
    return xla == "on" or (xla == "auto" and is_dense(model))


def steps_per_call(model: keras.Model, batch_size: int, steps: int) -> int:
    """Training steps between two returns to Python: as many as take about a quarter of a second.

    Never more than a tenth of an epoch of ``steps``, so that progress is seen.
    """
    step_time = STEP_OVERHEAD + 6 * multiply_accumulates(model) * batch_size / OPERATIONS_PER_SECOND
    return int(np.clip(SECONDS_BETWEEN_REPORTS / step_time, 1, min(MOST_STEPS, max(1, steps // 10))))


def learning_rate(lr: float, schedule: str) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """A constant rate, or one that is multiplied by 0.9 every 5,000 steps. [HP, Methods]"""
    if schedule == "constant":
        return lr
    return keras.optimizers.schedules.ExponentialDecay(lr, DECAY_STEPS, DECAY_RATE)


def make_optimizer(name: str, lr: float, schedule: str = "constant", momentum: float = 0.0) -> keras.Optimizer:
    """``adam`` or ``sgd``."""
    rate = learning_rate(lr, schedule)
    if name == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=momentum)
