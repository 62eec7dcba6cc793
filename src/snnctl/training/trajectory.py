"""Networks trained side by side on the same batches: how far their weights part. [HP, Fig. 3]"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count, islice

import keras
import numpy as np

from snnctl.progress import Reporter
from snnctl.training.data import epoch_order
from snnctl.training.fit import FitSettings, compile_model
from snnctl.training.sparsity import penalised
from snnctl.ttfs.integration import IntegratingLayer, Readout

NO_NUMBER = float("nan")


@dataclass
class Track:
    """What became of one network; the k-th entry belongs to step k, the first to the start.

    Args:
        name: the network's.
        loss: of the step's batch, before the step changes anything; NaN at the start.
        distance: norm of the difference of all weights from the reference's, divided by the reference's norm.
        cosine: cosine of the angle between all weights and the reference's, as vectors.
        accuracy: by step; only where it was measured.
        diverged: the step after which loss or weights were no longer finite; its entries end there. None: never.
    """

    name: str
    loss: list[float] = field(default_factory=list)
    distance: list[float] = field(default_factory=list)
    cosine: list[float] = field(default_factory=list)
    accuracy: dict[int, float] = field(default_factory=dict)
    diverged: int | None = None


@dataclass(kw_only=True)
class Runner(Track):
    """A network that takes part.

    Args:
        name: "relu", or of its neuron model.
        model: returns logits; it is trained in place.
        lr: its learning rate; None for that of all.
    """

    model: keras.Model
    lr: float | None = None

    def vector(self) -> np.ndarray:
        """All weights in the ReLU network's terms, as one vector of float64."""
        weights = relu_weights(self.model, self.name)
        return np.concatenate([weight.ravel() for weight in weights]).astype(np.float64)

    def record(self, step: int, loss: float, reference: np.ndarray | None) -> None:
        """Appends what a step came to, or that the network has diverged; None for a reference that has."""
        weights = self.vector()
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(weights @ weights)
        if not finite or (step and not np.isfinite(loss)):
            self.diverged = step
            return
        distance, cosine = (NO_NUMBER, NO_NUMBER) if reference is None else compared(weights, reference)
        self.loss.append(loss)
        self.distance.append(distance)
        self.cosine.append(cosine)


def trajectories(
    runners: list[Runner],
    data: tuple[np.ndarray, np.ndarray],
    steps: int,
    settings: FitSettings,
    accuracy: Callable[[keras.Model], float],
    every: int,
    reporter: Reporter,
) -> None:
    """Trains all networks step by step on the same batches in the same order; their tracks are kept in them.

    Args:
        runners: the networks; the first is the reference. All are given the same inputs.
        data: inputs (samples, \\*input_shape) and labels (samples,).
        steps: how many batches.
        settings: batch size, optimiser, learning rate, penalty on spikes, seed of the order of the samples; not epochs.
        accuracy: of a network.
        every: steps between two measurements of the accuracy; also measured at the start and the end. 0: only then.
        reporter: shows progress.
    """

    def record(step: int, losses: Mapping[str, float]) -> None:
        reference = runners[0].vector() if runners[0].diverged is None else None
        for runner in [runner for runner in runners if runner.diverged is None]:
            runner.record(step, losses.get(runner.name, NO_NUMBER), reference)
            if runner.diverged is None and (step in (0, steps) or (every and step % every == 0)):
                runner.accuracy[step] = accuracy(runner.model)

    with ExitStack() as stack, reporter.task("training side by side", steps) as task:
        for runner in runners:
            stack.enter_context(penalised(runner.model, settings.sparsity))
            compile_model(runner.model, replace(settings, lr=runner.lr or settings.lr), 1)
        record(0, {})
        for step, (inputs, labels) in enumerate(batches(data, steps, settings.batch_size, settings.seed), start=1):
            losses = {
                runner.name: float(runner.model.train_on_batch(inputs, labels, return_dict=True)["loss"])
                for runner in runners
                if runner.diverged is None
            }
            record(step, losses)
            task.advance(1, **losses)


def batches(
    data: tuple[np.ndarray, np.ndarray], steps: int, size: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """``steps`` batches of at most ``size`` samples, pass after pass, each pass in an order of its own."""
    inputs, labels = data
    orders = (epoch_order(len(inputs), seed, epoch) for epoch in count())
    parts = (order[start : start + size] for order in orders for start in range(0, len(order), size))
    for rows in islice(parts, steps):
        yield inputs[rows], labels[rows]


def compared(weights: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Relative distance and cosine similarity of two vectors."""
    norm, own = float(np.linalg.norm(reference)), float(np.linalg.norm(weights))
    distance = float(np.linalg.norm(weights - reference)) / norm
    return distance, float(weights @ reference) / (norm * own) if own else NO_NUMBER


def relu_weights(model: keras.Model, neuron: str) -> list[np.ndarray]:
    """W and b of every layer in the ReLU network's terms: the inverse of how a neuron model's J and D are made of them.

    - "relu": all that is trained, which in networks that can be compared is W and b.
    - "b1" and "alpha1": ``W = J`` and ``b = D``.
    - "smart-alpha1": ``W = J / B`` and ``b = D / B`` with ``B_i = 1 + sum_j J_ij``. [EM] A neuron with ``B <= 0`` never
      fires: it is a ReLU unit whose weights are all 0. Readouts have B = 1.
    """
    if neuron == "relu":
        return [np.asarray(weight) for weight in model.trainable_weights]
    weights: list[np.ndarray] = []
    for layer in model.layers:
        if isinstance(layer, IntegratingLayer):
            kernels = [np.asarray(linear.kernel) for linear in layer.synapses if hasattr(linear, "kernel")]
            parameters = [*kernels, np.asarray(layer.D)]
            if neuron == "smart-alpha1" and not isinstance(layer, Readout):
                J, D = parameters
                B = 1.0 + J.sum(axis=tuple(range(J.ndim - 1)))
                inverse = np.where(B > 0, 1.0 / np.where(B > 0, B, 1.0), 0.0)
                parameters = [J * inverse, D * inverse]
            weights += parameters
    return weights
