"""How gradients travel through a network: their norms layer by layer, and the Jacobians they are multiplied with.

Gradients pass well through a network whose Jacobians have singular values about 1. They vanish or explode where these
go to 0 or infinity with depth. [HP, Results]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snnctl.conversion.graph import Step, graph_of, replayed
from snnctl.conversion.logits import logits_of
from snnctl.progress import Reporter
from snnctl.training.sparsity import hidden_units

# Entries of one image's Jacobian; its singular values take seconds beyond.
LARGEST_JACOBIAN = 2**21
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_VALUES = 512  # singular values that are listed one by one


@dataclass(frozen=True)
class Staged:
    """A network seen stage by stage: a stage is a layer of hidden units, or the readout, and the linear maps before it.

    Args:
        view: returns the output of every stage, the logits last; shares the network's weights.
        names: of the layers whose outputs are the units, in the order of computation.
        kernels: of each stage, the weights between the units before it and these (ReLU network: W, spiking network: J).
    """

    view: keras.Model
    names: Sequence[str]
    kernels: Sequence[Sequence[Any]]


def staged(model: keras.Model) -> Staged:
    """The stages of a ReLU or spiking network.

    Raises:
        ConversionError: a network whose graph cannot be walked.
    """
    graph, hidden = graph_of(logits_of(model)), hidden_units(model)
    units: list[Step] = []
    kernels: list[list[Any]] = [[]]  # the last ones are those of the stage that is still to come
    for step in graph.steps:
        layer = step.layer
        kernels[-1] += [part.kernel for part in getattr(layer, "synapses", [layer]) if hasattr(part, "kernel")]
        if layer in hidden:
            units.append(step)
            kernels.append([])
    if units and units[-1].outputs[0] == graph.outputs[0]:  # a ReLU at the end: its outputs are the logits
        del units[-1], kernels[-1]
    outputs = (*(step.outputs[0] for step in units), graph.outputs[0])
    view = replayed(replace(graph, outputs=outputs), graph.shapes[graph.input])
    return Staged(view, [step.name for step in (*units, graph.steps[-1])], kernels)


def loss_gradients(network: Staged, inputs: np.ndarray, labels: np.ndarray) -> tuple[float, list[dict[str, Any]]]:
    """Mean cross entropy of the logits, and what of it reaches every stage.

    Args:
        network: the network.
        inputs: (images, \\*input_shape), all computed at once.
        labels: (images,).

    Returns:
        The loss, and of each stage ``name``; ``neurons``, their number; ``firing``, the fraction of them that fire
        (ReLU units: that are above 0) over all images, 1 for the readout; ``activation_gradient``, the mean over images
        of the norm of the gradient of an image's loss with respect to the local spike times of the neurons that fire
        (times are the other way round, ``t = t_max - x``; the norm is the same); ``weight_gradient``, the norm of the
        gradient of the mean loss with respect to the kernels.
    """
    x = tf.constant(inputs)
    kernels = [[kernel.value for kernel in of_stage] for of_stage in network.kernels]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs = keras.tree.flatten(network.view(x, training=False))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs[-1])
        loss = tf.reduce_mean(losses)
    of_outputs, of_kernels = tape.gradient(losses, outputs), tape.gradient(loss, kernels)
    layers = []
    for name, output, gradient, weights in zip(network.names, outputs, of_outputs, of_kernels, strict=True):
        fired = np.ones(output.shape, bool) if output is outputs[-1] else output.numpy() > 0
        reached = np.where(fired, gradient.numpy(), 0.0).reshape(len(inputs), -1)
        figures: dict[str, Any] = {"name": name, "neurons": fired[0].size, "firing": float(fired.mean())}
        figures["activation_gradient"] = float(np.linalg.norm(reached, axis=-1).mean())
        figures["weight_gradient"] = float(np.sqrt(sum(float(tf.reduce_sum(each**2)) for each in weights)))
        layers.append(figures)
    return float(loss), layers


def jacobians(
    network: Staged, inputs: np.ndarray, reporter: Reporter, description: str
) -> Iterator[dict[str, list[np.ndarray] | None]]:
    """The Jacobians of every stage, in order, one an image, between the neurons that fire.

    Args:
        network: the network.
        inputs: (images, \\*input_shape).
        reporter: shows progress.
        description: of the progress.

    Returns:
        Of each stage ``jacobian``: ``dx(n)/dx(n-1)``, (outputs, inputs) each, sizes differ; and ``depth``:
        ``dx(n)/dx(0)``, with respect to the coded input, in a chain the product of the former. None in place of those
        that are larger than :data:`LARGEST_JACOBIAN`.
    """
    sizes = [prod(tensor.shape[1:]) for tensor in (network.view.inputs[0], *network.view.outputs)]
    with reporter.task(description, len(network.names)) as task:
        for number in range(1, len(sizes)):
            wanted = [source for source in sorted({0, number - 1}) if sizes[number] * sizes[source] <= LARGEST_JACOBIAN]
            compute = _compiled(network.view, number, wanted)
            of_images = [compute(tf.constant(image[None])) for image in inputs] if wanted else []
            by_source = {source: [each[at].numpy() for each in of_images] for at, source in enumerate(wanted)}
            yield {"jacobian": by_source.get(number - 1), "depth": by_source.get(0)}
            task.advance(1)


def _compiled(view: keras.Model, number: int, wanted: Sequence[int]) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """A function of one image (1, \\*input_shape): the Jacobians of stage ``number`` by each stage wanted, 0 the input.

    The image is repeated once for each output, and the k-th copy is asked for the gradient of the k-th output: one pass
    backward makes all rows, with respect to all earlier stages.
    """
    part, shape = keras.Model(view.inputs[0], view.outputs[:number]), view.outputs[number - 1].shape[1:]

    @tf.function
    def compute(image):
        copies = tf.repeat(image, prod(shape), axis=0)
        with tf.GradientTape() as tape:
            tape.watch(copies)
            outputs = [copies, *keras.tree.flatten(part(copies, training=False))]
        each = tf.reshape(tf.eye(prod(shape), dtype=copies.dtype), (-1, *shape))
        sources = [outputs[source] for source in wanted]
        gradients = tape.gradient(outputs[number], sources, output_gradients=each)
        fired = [tf.reshape(output[0] > 0, [-1]) for output in outputs]
        targets = tf.ones(prod(shape), bool) if number == len(view.outputs) else fired[number]
        rows = [tf.reshape(gradient, (prod(shape), -1))[targets] for gradient in gradients]
        return [tf.boolean_mask(row, fired[source], axis=1) for row, source in zip(rows, wanted, strict=True)]

    return compute


def singular_values(jacobian: np.ndarray) -> np.ndarray:
    """The singular values of a Jacobian (outputs, inputs) that are not zero to rounding, descending, float64."""
    if jacobian.size == 0:
        return np.zeros(0)
    values = np.linalg.svd(jacobian, compute_uv=False)
    rounding = values[0] * max(jacobian.shape) * np.finfo(jacobian.dtype).eps  # as numpy.linalg.matrix_rank has it
    return values[values > rounding].astype(np.float64)


def spectrum(jacobians: Sequence[np.ndarray] | None) -> dict[str, Any] | None:
    """The singular values of one layer's Jacobians, those of all images together, as figures.

    Args:
        jacobians: (outputs, inputs) each; their sizes may differ from image to image. None for large ones.

    Returns:
        ``largest``, ``smallest`` that is not zero to rounding, ``mean_log`` (natural logarithms) and ``quantiles``, NaN
        if there are none; ``rank``, the mean number of values of an image; ``values`` of the first image, in descending
        order, empty if they are more than :data:`MOST_VALUES`. None where there are no Jacobians.
    """
    if jacobians is None:
        return None
    of_images = [singular_values(jacobian) for jacobian in jacobians]
    pooled = np.concatenate(of_images)
    some = pooled if pooled.size else np.full(1, np.nan)
    return {
        "largest": float(some.max()),
        "smallest": float(some.min()),
        "mean_log": float(np.log(some).mean()),
        "quantiles": {f"q{round(100 * q):02}": float(np.quantile(some, q)) for q in QUANTILES},
        "rank": pooled.size / len(of_images),
        "values": of_images[0].tolist() if len(of_images[0]) <= MOST_VALUES else [],
    }
