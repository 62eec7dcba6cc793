"""How gradients travel through a network: their norms layer by layer, and the Jacobians they are multiplied with.

Gradients pass well through a network whose Jacobians have singular values about 1. They vanish or explode where these
go to 0 or infinity with depth. [HP, Results]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snnctl.conversion.graph import Step, graph_of, replayed
from snnctl.conversion.logits import logits_of
from snnctl.progress import Reporter
from snnctl.training.sparsity import rectifies
from snnctl.ttfs.spiking import SpikingLayer

# Entries of one image's Jacobian; its singular values take seconds beyond.
LARGEST_JACOBIAN = 2**21
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_VALUES = 512  # singular values that are listed one by one


@dataclass(frozen=True)
class Stage:
    """A layer of hidden units, or the readout, with the linear maps before it.

    Args:
        name: of the layer whose output are the units.
        kernels: the weights between the units before it and these (ReLU network: W, spiking network: J).
    """

    name: str
    kernels: tuple[Any, ...]


@dataclass(frozen=True)
class Staged:
    """A network seen stage by stage.

    Args:
        view: returns the output of every stage, the logits last; shares the network's weights.
        stages: the stages, in the order of computation.
    """

    view: keras.Model
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class LayerGradients:
    """What reaches one stage of the loss.

    Args:
        name: the stage's name.
        neurons: their number.
        firing: fraction of them that fire (ReLU units: that are above 0), over all images; 1 for the readout.
        activations: mean over images of the norm of the gradient of an image's loss with respect to the local spike
            times of the neurons that fire. Times are the other way round, ``t = t_max - x``; the norm is the same.
        weights: norm of the gradient of the mean loss with respect to the kernels.
    """

    name: str
    neurons: int
    firing: float
    activations: float
    weights: float


@dataclass(frozen=True)
class Jacobians:
    """The Jacobians of one stage, one an image, between the neurons that fire; (outputs, inputs), sizes differ.

    Args:
        layer: ``dx(n)/dx(n-1)``; None if it is larger than :data:`LARGEST_JACOBIAN`.
        depth: ``dx(n)/dx(0)``, with respect to the coded input: in a chain, the product of the former; or None.
    """

    layer: list[np.ndarray] | None
    depth: list[np.ndarray] | None


def staged(model: keras.Model) -> Staged:
    """The stages of a ReLU or spiking network.

    Raises:
        ConversionError: a network whose graph cannot be walked.
    """
    graph = graph_of(logits_of(model))
    spiking = any(isinstance(step.layer, SpikingLayer) for step in graph.steps)
    seen: list[tuple[Stage, Any]] = []
    waiting: list[Any] = []

    def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
        outputs = step.call(values)
        waiting.extend(_kernels(step.layer))
        if _fires(step.layer, spiking):
            seen.append((Stage(step.name, tuple(waiting)), outputs[0]))
            waiting.clear()
        return outputs

    whole = replayed(graph, graph.shapes[graph.input], call)
    if seen and seen[-1][1] is whole.outputs[0]:  # a ReLU at the end: its outputs are the logits
        seen.pop()
    readout = Stage(graph.steps[-1].name, tuple(waiting))
    view = keras.Model(whole.inputs, [*(tensor for _, tensor in seen), whole.outputs[0]])
    return Staged(view, (*(stage for stage, _ in seen), readout))


def _fires(layer: Any, spiking: bool) -> bool:
    return isinstance(layer, SpikingLayer) and not layer.signed if spiking else rectifies(layer)


def _kernels(layer: Any) -> list[Any]:
    return [linear.kernel for linear in getattr(layer, "synapses", [layer]) if hasattr(linear, "kernel")]


def loss_gradients(network: Staged, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, list[LayerGradients]]:
    """Mean cross entropy of the logits, and what of it reaches every stage.

    Args:
        network: the network.
        inputs: (images, \\*input_shape), all computed at once.
        labels: (images,).
    """
    x, images = tf.constant(inputs), len(inputs)
    kernels = [kernel.value for stage in network.stages for kernel in stage.kernels]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs = keras.tree.flatten(network.view(x, training=False))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs[-1])
        loss = tf.reduce_mean(losses)
    of_outputs = tape.gradient(losses, outputs)
    of_kernels = dict(zip(map(id, kernels), tape.gradient(loss, kernels), strict=True))
    layers = []
    for stage, output, gradient in zip(network.stages, outputs, of_outputs, strict=True):
        readout = output is outputs[-1]
        fired = np.ones(output.shape, bool) if readout else output.numpy() > 0
        reached = np.where(fired, gradient.numpy(), 0.0).reshape(images, -1)
        squares = sum(float(tf.reduce_sum(of_kernels[id(kernel.value)] ** 2)) for kernel in stage.kernels)
        layers.append(
            LayerGradients(
                name=stage.name,
                neurons=fired[0].size,
                firing=float(fired.mean()),
                activations=float(np.linalg.norm(reached, axis=-1).mean()),
                weights=float(np.sqrt(squares)),
            )
        )
    return float(loss), layers


def jacobians(network: Staged, inputs: np.ndarray, reporter: Reporter, description: str) -> Iterator[Jacobians]:
    """The Jacobians of every stage, in order.

    Args:
        network: the network.
        inputs: (images, \\*input_shape).
        reporter: shows progress.
        description: of the progress.
    """
    tensors = [network.view.inputs[0], *network.view.outputs]
    sizes = [int(np.prod(tensor.shape[1:])) for tensor in tensors]
    with reporter.task(description, len(network.stages)) as task:
        for number in range(1, len(tensors)):
            wanted = [source for source in sorted({0, number - 1}) if sizes[number] * sizes[source] <= LARGEST_JACOBIAN]
            compute = _compiled(tensors, number, wanted)
            by_source: dict[int, list[np.ndarray]] = {source: [] for source in wanted}
            for image in inputs if wanted else ():
                for source, jacobian in zip(wanted, compute(tf.constant(image[None])), strict=True):
                    by_source[source].append(jacobian)
            yield Jacobians(by_source.get(number - 1), by_source.get(0))
            task.advance(1)


def _compiled(tensors: list[Any], number: int, wanted: list[int]) -> Any:
    """A function of one image (1, \\*input_shape): the Jacobians of stage ``number`` by each stage wanted.

    The image is repeated once for each output, and the k-th copy is asked for the gradient of the k-th output: one pass
    backward makes all rows, with respect to all earlier stages.
    """
    width = int(np.prod(tensors[number].shape[1:]))
    view = keras.Model(tensors[0], tensors[1 : number + 1])
    readout = number == len(tensors) - 1

    @tf.function
    def rows(image):
        copies = tf.repeat(image, width, axis=0)
        with tf.GradientTape() as tape:
            tape.watch(copies)
            outputs = [copies, *keras.tree.flatten(view(copies, training=False))]
        each = tf.reshape(tf.eye(width, dtype=copies.dtype), (width, *tensors[number].shape[1:]))
        sources = [outputs[source] for source in wanted]
        return tape.gradient(outputs[number], sources, output_gradients=each), outputs[number][0], sources

    def compute(image: tf.Tensor) -> list[np.ndarray]:
        gradients, target, sources = rows(image)
        fired = np.ones(width, bool) if readout else np.ravel(target) > 0
        return [
            np.reshape(gradient, (width, -1))[np.ix_(fired, np.ravel(source[0]) > 0)]
            for gradient, source in zip(gradients, sources, strict=True)
        ]

    return compute


def singular_values(jacobian: np.ndarray) -> np.ndarray:
    """The singular values that are not zero to rounding, in descending order, float64.

    Args:
        jacobian: (outputs, inputs), of any size, empty ones too.
    """
    if jacobian.size == 0:
        return np.zeros(0)
    values = np.linalg.svd(jacobian, compute_uv=False)
    rounding = values[0] * max(jacobian.shape) * np.finfo(jacobian.dtype).eps  # as numpy.linalg.matrix_rank has it
    return values[values > rounding].astype(np.float64)


def spectrum(jacobians: Sequence[np.ndarray]) -> dict[str, Any]:
    """The singular values of one layer's Jacobians, those of all images together, as figures.

    Args:
        jacobians: (outputs, inputs) each; their sizes may differ from image to image.

    Returns:
        ``largest``, ``smallest`` that is not zero to rounding, ``mean_log`` (natural logarithms) and ``quantiles``, NaN
        if there are none; ``rank``, the mean number of values of an image; ``values`` of the first image, in descending
        order, empty if they are more than :data:`MOST_VALUES`.
    """
    of_images = [singular_values(jacobian) for jacobian in jacobians]
    pooled = np.concatenate([np.zeros(0), *of_images])
    some = pooled if pooled.size else np.full(1, np.nan)
    return {
        "largest": float(some.max()),
        "smallest": float(some.min()),
        "mean_log": float(np.log(some).mean()),
        "quantiles": {f"q{round(100 * q):02}": float(np.quantile(some, q)) for q in QUANTILES},
        "rank": pooled.size / len(of_images),
        "values": of_images[0].tolist() if len(of_images[0]) <= MOST_VALUES else [],
    }
