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

    def record(self, step: int, loss: float, weights: np.ndarray, reference: np.ndarray | None) -> None:
        """Appends what a step came to, or that the network has diverged; None for a reference that has."""
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(weights @ weights)
        if not finite or (step and not np.isfinite(loss)):
            self.diverged = step
            return
        distance, cosine = (np.nan, np.nan) if reference is None else compared(weights, reference)
        self.loss.append(loss)
        self.distance.append(distance)
        self.cosine.append(cosine)


def trajectories(
    networks: Mapping[str, keras.Model],
    data: tuple[np.ndarray, np.ndarray],
    steps: int,
    settings: FitSettings,
    rates: Mapping[str, float | None],
    accuracy: Callable[[keras.Model], float],
    every: int,
    reporter: Reporter,
) -> list[Track]:
    """Trains all networks in place, step by step on the same batches in the same order.

    Args:
        networks: by name, "relu" or a neuron model; they return logits. The first is the reference.
        data: inputs (samples, \\*input_shape) and labels (samples,).
        steps: how many batches.
        settings: batch size, optimiser, learning rate, penalty on spikes, seed of the order of the samples; not epochs.
        rates: the learning rates of networks that have one of their own.
        accuracy: of a network.
        every: steps between two measurements of the accuracy; also measured at the start and the end. 0: only then.
        reporter: shows progress.
    """
    tracks = {name: Track(name) for name in networks}

    def going() -> list[str]:
        return [name for name, track in tracks.items() if track.diverged is None]

    def record(step: int, losses: Mapping[str, float]) -> None:
        first = next(iter(networks))
        reference = relu_vector(networks[first], first) if first in going() else None
        for name in going():
            tracks[name].record(step, losses.get(name, np.nan), relu_vector(networks[name], name), reference)
            if name in going() and (step in (0, steps) or (every and step % every == 0)):
                tracks[name].accuracy[step] = accuracy(networks[name])

    with ExitStack() as stack, reporter.task("training side by side", steps) as task:
        for name, model in networks.items():
            stack.enter_context(penalised(model, settings.sparsity))
            compile_model(model, replace(settings, lr=rates.get(name) or settings.lr), 1)
        record(0, {})
        for step, batch in enumerate(batches(data, steps, settings.batch_size, settings.seed), start=1):
            losses = {name: float(networks[name].train_on_batch(*batch, return_dict=True)["loss"]) for name in going()}
            record(step, losses)
            task.advance(1, **losses)
    return list(tracks.values())


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
    return distance, float(weights @ reference) / (norm * own) if own else np.nan


def relu_vector(model: keras.Model, neuron: str) -> np.ndarray:
    """All weights in the ReLU network's terms, as one vector of float64."""
    return np.concatenate([weight.ravel() for weight in relu_weights(model, neuron)]).astype(np.float64)


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
