"""A spiking network, layer by layer, in absolute time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from reference.layout import Call, Layout, Window, calls, layout
from reference.linear import Image, as_tuple, linear_map, selection
from reference.neurons import Crossings, crossings, fired, offsets, relayed
from reference.signals import Potential, Spikes, arrived, joined, pooled, require, selected

Signal = Spikes | Potential


@dataclass
class Evaluation:
    """What happened.

    Args:
        layout: the windows.
        times: absolute spike times of the input and of each layer that passes spikes on; infinity for silence.
        crossings: of each spiking layer: when its neurons would fire if they could at any time.
        outputs: logits of each readout, by the tensor's identity.
    """

    layout: Layout
    times: dict[str, np.ndarray] = field(default_factory=dict)
    crossings: dict[str, Crossings] = field(default_factory=dict)
    outputs: dict[int, np.ndarray] = field(default_factory=dict)
    logits: list[np.ndarray] = field(default_factory=list)

    @property
    def windows(self) -> dict[str, Window]:
        """By layer."""
        return self.layout.windows

    def spikes(self, name: str) -> int:
        """How many a layer fires."""
        return int(np.count_nonzero(np.isfinite(self.times[name])))


def simulate(model: keras.Model, inputs: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """Logits (a list when there are several outputs), and the absolute spike times of each layer."""
    found = evaluate(model, inputs)
    return (found.logits if len(found.logits) > 1 else found.logits[0]), found.times


def evaluate(model: keras.Model, inputs: np.ndarray) -> Evaluation:
    """Every spike of a network of one input.

    Raises:
        UnphysicalError: the network's spikes and windows do not fit together.
    """
    found = Evaluation(layout(model))
    signals: dict[int, Any] = {id(model.inputs[0]): np.asarray(inputs, np.float64)}
    for call in calls(model):
        signal = Step(call, found, [signals[key] for key in call.inputs]).output()
        signals[call.output] = signal
        if isinstance(signal, Spikes):
            found.times[call.layer.name] = signal.t
    found.logits = [found.outputs[id(tensor)] for tensor in model.outputs]
    return found


@dataclass(frozen=True)
class Step:
    """One layer at work."""

    call: Call
    found: Evaluation
    inputs: list[Any]

    @property
    def layer(self) -> Any:
        """The layer."""
        return self.call.layer

    @property
    def level(self) -> int:
        """Of the spikes that the layer reads."""
        return self.found.layout.levels[self.call.inputs[0]]

    @property
    def start(self) -> float:
        """When they may be fired first."""
        return self.found.layout.start(self.level)

    @property
    def end(self) -> float:
        """When last; then the layer has integrated them."""
        return self.found.layout.ends[self.level]

    def output(self) -> Signal | None:
        """What the layer makes of its inputs."""
        kind = self.call.kind
        if kind == "InputCoding":
            return self.coded(self.inputs[0])
        if isinstance(self.inputs[0], np.ndarray):  # a network that is given local spike times
            self.inputs[:] = [self.given(x) for x in self.inputs]
        if kind == "SpikingLayer":
            return self.fires()
        if kind == "Readout":
            return self.reads()
        if kind == "Relay":
            return relayed(self.layer, self.spikes(), self.end, self.found.windows[self.layer.name])
        if kind.startswith("EarliestSpikePooling"):
            return self.pools()
        return self.wires()

    def coded(self, values: np.ndarray) -> Spikes:
        """The input's spikes: the largest value first, the smallest never."""
        unit = np.clip((values - self.layer.low) / (self.layer.high - self.layer.low), 0.0, 1.0)
        return self.given(unit)

    def given(self, x: np.ndarray) -> Spikes:
        """The input's spikes, by the time left in its window."""
        return Spikes(np.where(x > 0, self.found.layout.ends[0] - x, np.inf), np.zeros(x.shape[1:]), 0)

    def spikes(self) -> Spikes:
        """The spikes that the layer reads."""
        (signal,) = self.inputs
        require(isinstance(signal, Spikes), f"{self.layer.name} needs spikes and is given sums of them")
        arrived(signal, self.start, self.end)
        return signal

    def integrated(self) -> Potential:
        """What the spikes of all groups have added by the end of their window."""
        total = None
        for group, signal in zip(self.layer.groups(), self.inputs, strict=True):
            part = arrived(signal, self.start, self.end)
            for synapses in group:
                part = part.through(linear_map(synapses))
            total = part if total is None else total + part
        assert total is not None
        return total

    def slopes(self) -> np.ndarray:
        """``sum_j J_ij``, for neurons that read one group."""
        x = np.ones((1, *self.inputs[0].low.shape))
        for synapses in next(self.layer.groups()):
            x = linear_map(synapses)(x)
        return x

    def fires(self) -> Spikes:
        """A layer of neurons."""
        name, slopes = self.layer.name, self.slopes() if self.layer.neuron != "b1" else np.zeros(1)
        window = self.found.windows[name]
        require(window.level == self.level + 1, f"{name} does not fire directly after its inputs")
        crossing = crossings(self.layer, self.integrated(), slopes, self.start, self.end, window)
        self.found.crossings[name] = crossing
        return fired(self.layer, crossing)

    def reads(self) -> None:
        """Potentials at the end of the inputs' window, and what they stand for."""
        total = self.integrated()
        logits = total.V + total.low + offsets(self.layer)
        if self.layer.decoding == "relu":
            limit = self.layer.max_value
            logits = np.clip(logits, 0.0, np.inf if limit is None else limit)
        self.found.outputs[self.call.output] = logits

    def pools(self) -> Spikes:
        """The earliest spikes, or the latest."""
        pool = self.layer.pool
        image = Image(as_tuple(pool.pool_size), as_tuple(pool.strides), pool.padding)
        sign = self.layer.sign.numpy() if self.layer.signed else np.ones(1)
        return pooled(self.spikes(), image, sign)

    def wires(self) -> Signal:
        """Linear layers on their own: selections pass spikes on, all others add them up."""
        select = selection(self.layer)
        if self.call.kind == "Concatenate":
            if not all(isinstance(signal, Spikes) for signal in self.inputs):
                self.inputs[:] = [arrived(signal, self.start, self.end) for signal in self.inputs]
            return joined(self.inputs, self.layer.axis)
        if self.call.kind == "Add":
            first, *others = [arrived(signal, self.start, self.end) for signal in self.inputs]
            return sum(others, first)
        (signal,) = self.inputs
        if select is not None and isinstance(signal, Spikes):
            return selected(signal, select)
        return arrived(signal, self.start, self.end).through(linear_map(self.layer))
