"""Networks trained side by side on the same batches: how far their weights part. [HP, Fig. 3]"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import keras
import numpy as np

from snnctl.progress import Reporter
from snnctl.training.data import epoch_order
from snnctl.training.fit import FitSettings, compile_model
from snnctl.training.sparsity import penalised
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.readout import Readout

Weights = list[np.ndarray]
NO_NUMBER = float("nan")


@dataclass(frozen=True)
class Runner:
    """A network that takes part.

    Args:
        name: what it is called.
        model: returns logits; it is trained in place.
        weights: its weights in the reference's terms: as many arrays, of the same shapes.
        lr: its learning rate; None for that of all.
    """

    name: str
    model: keras.Model
    weights: Callable[[keras.Model], Weights]
    lr: float | None = None


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


def trajectories(
    runners: list[Runner],
    data: tuple[np.ndarray, np.ndarray],
    steps: int,
    settings: FitSettings,
    seed: int,
    accuracy: Callable[[keras.Model], float],
    every: int,
    reporter: Reporter,
) -> list[Track]:
    """Trains all networks step by step on the same batches in the same order.

    Args:
        runners: the networks; the first is the reference. All are given the same inputs.
        data: inputs (samples, \\*input_shape) and labels (samples,).
        steps: how many batches.
        settings: batch size, optimiser, learning rate, penalty on spikes; epochs are not looked at.
        seed: of the order of the samples, drawn anew for each pass.
        accuracy: of a network.
        every: steps between two measurements of the accuracy; also measured at the start and the end. 0: only then.
        reporter: shows progress.
    """
    tracks = [Track(runner.name) for runner in runners]
    with ExitStack() as stack, reporter.task("training side by side", steps) as task:
        for runner in runners:
            stack.enter_context(penalised(runner.model, settings.sparsity))
            compile_model(runner.model, replace(settings, lr=runner.lr or settings.lr), 1)
        _record(runners, tracks, 0, {})
        _measure(runners, tracks, 0, accuracy)
        for step, (inputs, labels) in enumerate(batches(data, steps, settings.batch_size, seed), start=1):
            losses = {
                runner.name: float(runner.model.train_on_batch(inputs, labels, return_dict=True)["loss"])
                for runner, track in zip(runners, tracks, strict=True)
                if track.diverged is None
            }
            _record(runners, tracks, step, losses)
            if step == steps or (every and step % every == 0):
                _measure(runners, tracks, step, accuracy)
            task.advance(1, **losses)
    return tracks


def batches(
    data: tuple[np.ndarray, np.ndarray], steps: int, size: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """``steps`` batches of at most ``size`` samples, pass after pass, each pass in an order of its own."""
    inputs, labels = data
    done = 0
    for epoch in count():
        order = epoch_order(len(inputs), seed, epoch)
        for start in range(0, len(order), size):
            if done == steps:
                return
            chosen = order[start : start + size]
            yield inputs[chosen], labels[chosen]
            done += 1


def _record(runners: list[Runner], tracks: list[Track], step: int, losses: Mapping[str, float]) -> None:
    """Appends what is known after ``step``; a network that has just diverged is told so and left."""
    reference = _vector(runners[0]) if tracks[0].diverged is None else None
    for runner, track in zip(runners, tracks, strict=True):
        if track.diverged is not None:
            continue
        weights = _vector(runner)
        loss = losses.get(runner.name, NO_NUMBER)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(weights @ weights)
        if not finite or (step and not np.isfinite(loss)):
            track.diverged = step
            continue
        track.loss.append(loss)
        distance, cosine = (NO_NUMBER, NO_NUMBER) if reference is None else compared(weights, reference)
        track.distance.append(distance)
        track.cosine.append(cosine)


def _measure(runners: list[Runner], tracks: list[Track], step: int, accuracy: Callable[[Any], float]) -> None:
    for runner, track in zip(runners, tracks, strict=True):
        if track.diverged is None:
            track.accuracy[step] = accuracy(runner.model)


def _vector(runner: Runner) -> np.ndarray:
    """All weights as one vector of float64."""
    return np.concatenate([weight.ravel() for weight in runner.weights(runner.model)]).astype(np.float64)


def compared(weights: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Relative distance and cosine similarity of two vectors."""
    norm, own = float(np.linalg.norm(reference)), float(np.linalg.norm(weights))
    distance = float(np.linalg.norm(weights - reference)) / norm
    return distance, float(weights @ reference) / (norm * own) if own else NO_NUMBER


# Weights in the ReLU network's terms


def relu_weights(model: keras.Model) -> Weights:
    """Kernel and bias of every layer that has a kernel, in the order of computation."""
    return [
        np.asarray(weight)
        for layer in model.layers
        if hasattr(layer, "kernel")
        for weight in ([layer.kernel, layer.bias] if layer.use_bias else [layer.kernel])
    ]


def given_weights(model: keras.Model) -> Weights:
    """J and D of every layer, as the neuron models "b1" and "alpha1" were given W and b."""
    return [weight for layer in _integrating(model) for weight in _parameters(layer)]


def equivalent_weights(model: keras.Model) -> Weights:
    """``w = J / B`` and ``b = D / B`` with ``B_i = 1 + sum_j J_ij``: the inverse of how "smart-alpha1" made J. [EM]

    A neuron with ``B <= 0`` never fires: it is a ReLU unit whose weights are all 0. Readouts have J = w.
    """
    found: Weights = []
    for layer in _integrating(model):
        J, D = _parameters(layer)
        if not isinstance(layer, Readout):
            B = 1.0 + J.sum(axis=tuple(range(J.ndim - 1)))
            inverse = np.where(B > 0, 1.0 / np.where(B > 0, B, 1.0), 0.0)
            J, D = J * inverse, D * inverse
        found += [J, D]
    return found


WEIGHTS: dict[str, Callable[[keras.Model], Weights]] = {
    "relu": relu_weights,
    "b1": given_weights,
    "alpha1": given_weights,
    "smart-alpha1": equivalent_weights,
}
"""By neuron model: the inverse of how its J and D are made of W and b; at the start it gives back W and b."""


def comparable(weights: Weights, reference: Weights) -> bool:
    """Whether two networks have as many weights, of the same shapes."""
    return [weight.shape for weight in weights] == [weight.shape for weight in reference]


def _integrating(model: keras.Model) -> list[IntegratingLayer]:
    return [layer for layer in model.layers if isinstance(layer, IntegratingLayer)]


def _parameters(layer: IntegratingLayer) -> list[np.ndarray]:
    kernels = [np.asarray(linear.kernel) for linear in layer.synapses if hasattr(linear, "kernel")]
    return [*kernels, np.asarray(layer.D)]
