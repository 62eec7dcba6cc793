"""``snnctl gradients``: how gradients travel through a network and its spiking forms, before training. [HP, Fig. 2]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.verbs.comparing.gradient_figures import Matrices, charts, differences, table
from snnctl.verbs.comparing.networks import compared
from snnctl.verbs.comparing.options import RELU, GradientsOptions
from snnctl.verbs.result import Result, Run

if TYPE_CHECKING:
    import keras


def gradients(options: GradientsOptions, run: Run) -> Result:
    """The gradients of the loss, layer by layer, and the singular values of the Jacobians they are made of.

    Raises:
        PluginError, UsageError, DataError, ConversionError: see :func:`~snnctl.verbs.comparing.networks.compared`.
    """
    from snnctl.models.network import precision

    with precision(options.dtype):
        found = compared(options, run)
        inputs, labels = found.split("train")
        chosen = np.random.default_rng(options.seed).permutation(len(inputs))[: options.images]
        networks: list[dict[str, Any]] = []
        reference: list[Matrices] | None = None
        for neuron, model in found.networks.items():
            figures, matrices = _of_network(neuron, model, inputs[chosen], labels[chosen], options, run)
            networks.append({**figures, **differences(matrices, reference)})
            reference = reference or matrices  # of the ReLU network, which comes first
    for note in found.lost:
        run.reporter.note(note)
    if any(layer["depth"] is None for layer in networks[0]["layers"]):
        run.reporter.note("layers with large Jacobians have no singular values")
    metrics = {
        "images": len(chosen),
        "jacobian_images": min(options.jacobian_images, len(chosen)),
        "networks": networks,
    }
    files = {"gradients.csv": table(networks), **charts(networks, options.arch)}
    return Result("gradients", metrics, found.settings, files=files)


def _of_network(
    neuron: str, model: keras.Model, inputs: np.ndarray, labels: np.ndarray, options: GradientsOptions, run: Run
) -> tuple[dict[str, Any], list[Matrices]]:
    """A network's figures, and its Jacobians."""
    from snnctl.metrics.gradients import jacobians, loss_gradients, spectrum, staged

    if neuron != RELU:
        model(inputs, training=True)  # as in training: windows have grown before the first gradient is taken
    network = staged(model)
    loss, layers = loss_gradients(network, inputs, labels)
    matrices = list(jacobians(network, inputs[: options.jacobian_images], run.reporter, f"Jacobians of {neuron}"))
    rows = [
        {**layer, "jacobian": spectrum(of_stage["jacobian"]), "depth": spectrum(of_stage["depth"])}
        for layer, of_stage in zip(layers, matrices, strict=True)
    ]
    return {"neuron": neuron, "loss": loss, "layers": rows}, matrices
