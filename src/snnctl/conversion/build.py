"""Builds the spiking form of a ReLU network: walks the graph, looks up a rule for each layer, folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph, Step, graph_of
from snnctl.conversion.neurons import NEURON_MODELS
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules import default_rules
from snnctl.conversion.rules.linear import make_synapses
from snnctl.conversion.rules.vanishing import vanish
from snnctl.conversion.signals import Potential, Signal, Spikes
from snnctl.errors import ConversionError
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.spiking import SpikingLayer

INPUT, CODING = "input", "input_coding"
HINTS = {
    "Rescaling": "Leave it out and use --preprocess instead. ",
    "Normalization": "Leave it out and use --preprocess instead. ",
    "Functional": "Put the layers of the nested model into the outer one. ",
    "Sequential": "Put the layers of the nested model into the outer one. ",
    "AveragePooling2D": "Train with MaxPooling2D or a strided Conv2D instead. ",
    "GlobalAveragePooling2D": "Train with Flatten, or with a Conv2D of the image's size, instead. ",
    "LeakyReLU": "Train with ReLU instead. ",
    "PReLU": "Train with ReLU instead. ",
}


@dataclass(frozen=True)
class SpikingSettings:
    """How the spiking network is made.

    Args:
        input_range: (p, q), the declared range of the input.
        neuron: "b1", "alpha1" or "smart-alpha1".
        width: first width of every window, in tau_c.
        windows: "grow" or "fixed", when the network is trained.
        gamma: see :class:`~snnctl.ttfs.spiking.SpikingLayer`.
        dtype: "float32" or "float64".
    """

    input_range: tuple[float, float] = (0.0, 1.0)
    neuron: str = "b1"
    width: float = 1.5
    windows: str = "grow"
    gamma: float = 10.0
    dtype: str = "float32"


def build_spiking(
    model: keras.Model, settings: SpikingSettings, rules: Mapping[type, Rule] | None = None
) -> keras.Model:
    """The spiking network that computes what ``model`` does, as long as no spike leaves its window.

    Args:
        model: a trained or freshly initialised ReLU network; it is not changed.
        settings: input range, neuron model, windows, precision.
        rules: how each layer class converts; default: all that snnctl knows.

    Returns:
        A functional Keras model from the same input to the logits, ``(batch, *outputs)``.

    Raises:
        ConversionError: a layer cannot be converted; names it, its place, and what would be accepted.
    """
    graph = graph_of(model)
    rules = default_rules() if rules is None else rules
    inputs = keras.Input(graph.model.inputs[0].shape[1:], name=INPUT, dtype=settings.dtype)
    signals: dict[int, Signal] = {graph.steps[0].output: coded(inputs, settings)}
    firing, names = Firing(settings), Names()
    for step in graph.steps[1:]:
        signals[step.output] = _converted(step, signals, rules, firing, names)
    outputs = read_out(signals[graph.output], graph, settings)
    return keras.Model(inputs, outputs, name=f"{model.name}_spiking")


def coded(inputs: Any, settings: SpikingSettings) -> Spikes:
    """The input as spikes: ``value = (q - p) x + p``."""
    low, high = settings.input_range
    tensor = InputCoding(low, high, name=CODING, dtype=settings.dtype)(inputs)
    channels = tensor.shape[-1]
    return Spikes(tensor, np.full(channels, high - low), np.full(channels, low))


@dataclass
class Names:
    """Gives every layer a name of its own: a source may call a layer twice, or use our names."""

    taken: set[str] = field(default_factory=lambda: {INPUT, CODING})

    def unique(self, wanted: str) -> str:
        """``wanted``, or ``wanted_2``, ``wanted_3``, ..."""
        name = (
            wanted
            if wanted not in self.taken
            else next(f"{wanted}_{number}" for number in count(2) if f"{wanted}_{number}" not in self.taken)
        )
        self.taken.add(name)
        return name


@dataclass
class Firing:
    """Makes spiking layers of potentials, each only once however many layers read it."""

    settings: SpikingSettings
    fired: dict[int, tuple[Potential, Spikes]] = field(default_factory=dict)

    def spikes(self, signal: Signal) -> Spikes:
        """The signal as spikes."""
        if isinstance(signal, Spikes):
            return signal
        if id(signal) not in self.fired:
            self.fired[id(signal)] = (signal, fire(signal, self.settings))
        return self.fired[id(signal)][1]


def fire(potential: Potential, settings: SpikingSettings) -> Spikes:
    """The spiking layer of a rectified potential, followed by the poolings and reshapes that waited for it."""
    neuron, parameters = NEURON_MODELS[settings.neuron]
    layer = SpikingLayer(
        make_synapses(potential.synapses, potential.name, settings.dtype),
        width=settings.width,
        neuron=neuron,
        windows=settings.windows,
        gamma=settings.gamma,
        positions=_positions(potential),
        name=potential.name,
        dtype=settings.dtype,
    )
    spikes = Spikes.plain(layer(potential.tensor))
    set_parameters(layer, *parameters(potential.kernel, potential.offset), potential.position_index)
    for deferred in potential.then:
        spikes = deferred.apply(spikes, deferred.sign)
    return spikes


def read_out(signal: Signal, graph: Graph, settings: SpikingSettings) -> Any:
    """The readout's logits.

    Raises:
        ConversionError: the network does not end in a linear layer, with or without a ReLU.
    """
    if isinstance(signal, Spikes):
        raise ConversionError(
            "the network does not end in a linear layer",
            where=graph.steps[-1].place,
            todo="End with Dense or Conv2D, optionally followed by ReLU, softmax or sigmoid.",
        )
    if any(deferred.sign is not None for deferred in signal.then):
        raise ConversionError(
            f"the pooling '{signal.then[0].name}' reads the outputs of the last linear layer",
            where=signal.place,
            todo="Put a ReLU between the last convolution and its pooling, or end with a linear layer.",
        )
    layer = Readout(
        make_synapses(signal.synapses, signal.name, settings.dtype),
        decoding="relu" if signal.rectified else "linear",
        positions=_positions(signal),
        name=signal.name,
        dtype=settings.dtype,
    )
    outputs = layer(signal.tensor)
    set_parameters(layer, signal.kernel, signal.offset, signal.position_index)
    for deferred in signal.then:
        outputs = deferred.apply(Spikes.plain(outputs), None).tensor
    return outputs


def set_parameters(layer: IntegratingLayer, J: np.ndarray, D: np.ndarray, index: np.ndarray | None) -> None:
    """Assigns J, D and the index of positions to a layer with one synapse layer."""
    layer.synapses[0].kernel.assign(J)
    layer.D.assign(D)
    if index is not None:
        layer.position_index.assign(index)


def _positions(potential: Potential) -> int | None:
    return None if potential.position_index is None else len(potential.offset)


def _converted(
    step: Step, signals: Mapping[int, Signal], rules: Mapping[type, Rule], firing: Firing, names: Names
) -> Signal:
    rule = rules.get(type(step.layer))
    if rule is None:
        kind = type(step.layer).__name__
        raise ConversionError(
            f"{kind} layers do not convert in this version",
            where=step.place,
            todo=f"{HINTS.get(kind, '')}Accepted: {', '.join(sorted(cls.__name__ for cls in rules))}.",
        )
    if len(step.inputs) != 1:
        raise ConversionError(f"the layer reads {len(step.inputs)} tensors", where=step.place, todo="One is accepted.")
    signal = signals[step.inputs[0]]
    if isinstance(signal, Potential) and signal.ended and rule is not vanish:
        raise ConversionError(
            f"the network goes on behind it, with '{step.layer.name}'",
            where=signal.ended,
            todo="Softmax and sigmoid convert at the end of the network only.",
        )
    return rule(step.layer, signal, Context(step.place, firing.spikes, names.unique))
