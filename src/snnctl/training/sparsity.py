"""The hidden units of a network, and a penalty on their spikes: fewer fire, as far as the task allows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import keras

from snnctl.errors import TrainingError
from snnctl.ttfs.keras_graph import all_layers
from snnctl.ttfs.spiking import SpikingLayer

RECTIFIERS = (keras.activations.relu, keras.activations.relu6)


@contextmanager
def penalised(model: keras.Model, sparsity: float) -> Iterator[None]:
    """Within it, ``sparsity`` times the mean local spike time x of all hidden neurons is part of the model's loss.

    x is 0 for a neuron that stays silent and grows by 1 for each tau_c that it fires earlier; of a ReLU network it is
    the activation. The gradient is the same for every neuron that fires, whenever it does: as any L1 penalty it drives
    x to 0, to silence. The mean counts every neuron alike, as spikes per neuron do. The model must be compiled within,
    and afterwards anew; nothing of the penalty is saved with it.

    Args:
        model: a ReLU or spiking network.
        sparsity: 0 adds nothing.

    Raises:
        TrainingError: there is no layer whose spikes could be made fewer.
    """
    units = hidden_units(model) if sparsity else []
    if sparsity and not units:
        raise TrainingError("the network has no hidden layer to make sparse", todo="Leave out --sparsity.")
    neurons = sum(prod(side or 1 for side in layer.output.shape[1:]) for layer in units)
    before = [layer.activity_regularizer for layer in units]
    try:
        for layer in units:
            # Keras divides a batch's sum of x by the number of samples.
            layer.activity_regularizer = keras.regularizers.L1(sparsity / neurons)
        yield
    finally:
        for layer, regularizer in zip(units, before, strict=True):
            layer.activity_regularizer = regularizer


def hidden_units(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers whose outputs are a ReLU network's activations or a spiking network's local spike times.

    Layers of nested models are among them; signed pairs, which stand for no ReLU unit, are not.
    """
    layers = all_layers(model)
    if spiking := [layer for layer in layers if isinstance(layer, SpikingLayer)]:
        return [layer for layer in spiking if not layer.signed]
    relu = keras.layers.ReLU
    return [each for each in layers if isinstance(each, relu) or getattr(each, "activation", None) in RECTIFIERS]
