"""A network that is measured: what of it spikes and when, its synapses, and what an operation costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import keras
import numpy as np

from snnctl.conversion.graph import Graph, graph_of, sized
from snnctl.errors import ConversionError, ModelError
from snnctl.lowering.size import FanOut, connections, fan_outs
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import Readout
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import Window, timeline

Kind = Literal["input", "spiking", "signed", "relay", "pooling"]
# Of 32-bit floating-point arithmetic in 45 nm at 0.9 V: an addition takes 0.9 pJ, a multiplication 3.7 pJ.
# [Horowitz, Computing's energy problem, ISSCC 2014]
PRICES = (0.9, 4.6)


@dataclass(frozen=True)
class SpikeSource:
    """A layer whose outputs are spikes.

    Args:
        name: the layer's; "input" where a network is given spike times.
        kind: "input"; "spiking" neurons, the ReLU units, clipped ones among them; "signed" ones, in pairs that carry
            values of either sign; "relay" neurons, whose spikes wait for a later window; "pooling", which
            passes spikes on.
        shape: of its neurons or pools.
        window: its firing window; None for pooling.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    window: Window | None = None

    @property
    def neurons(self) -> int:
        """How many neurons or pools it has."""
        return int(np.prod(self.shape))

    def absolute(self, local: np.ndarray) -> np.ndarray:
        """Absolute spike times of local ones, (n, \\*shape), in tau_c; infinity for silent neurons.

        Raises:
            ValueError: a pooling layer, whose spikes belong to other layers' windows.
        """
        if self.window is None:
            raise ValueError(f"layer {self.name} has no window")
        return self.window.times(local)


@dataclass(frozen=True)
class MeasuredNetwork:
    """A network that is measured.

    Args:
        model: the network; the size of a spiking one's input, if it is open, is fixed to the samples'.
        kind: "relu" or "snn".
        shape: of one sample.
        images: how many samples it is shown.
        scored: number of the output that has a column for each class; None if there is none.
        prices: energy of an accumulate and of a multiply-accumulate, in pJ.
    """

    model: keras.Model
    kind: str
    shape: tuple[int, ...]
    images: int
    scored: int | None = 0
    prices: tuple[float, float] = PRICES

    def __post_init__(self) -> None:
        """Fixes the input's size, on which the neurons depend."""
        if self.kind == "snn":
            object.__setattr__(self, "model", sized(self.model, self.shape))

    @cached_property
    def graph(self) -> Graph:
        """How it is computed for samples of this shape.

        Raises:
            ConversionError: a ReLU network that hides it.
        """
        return graph_of(sized(self.model, self.shape))

    @cached_property
    def sources(self) -> Sequence[SpikeSource]:
        """Of a spiking network: the input, the layers of neurons in the order in which they fire, and the poolings."""
        windows = {window.layer: window for window in timeline(self.model)}
        first = next(iter(windows))
        sources = [SpikeSource(first, "input", self.shape, windows[first])]
        for step in self.graph.steps:
            if kind := _kind(step.layer):
                shape = tuple(side or 0 for side in self.graph.shapes[step.outputs[0]])
                sources.append(SpikeSource(step.name, kind, shape, windows.get(step.name)))
        return tuple(sorted(sources, key=lambda source: source.window.level if source.window else len(windows)))

    @property
    def input(self) -> SpikeSource:
        """The coded input of a spiking network."""
        return self.sources[0]

    @property
    def layers(self) -> Sequence[SpikeSource]:
        """The layers of neurons of a spiking network, in the order in which they fire; without the input."""
        return tuple(source for source in self.sources[1:] if source.kind != "pooling")

    def source(self, name: str) -> SpikeSource:
        """The layer called ``name``.

        Raises:
            KeyError: there is none whose outputs are spikes.
        """
        for source in self.sources:
            if source.name == name:
                return source
        raise KeyError(f"no layer {name!r} fires here")

    @property
    def latency(self) -> float:
        """When the last readout is read, in tau_c: the sum of the levels' windows."""
        return max(source.window.t_max for source in self.sources if source.window is not None)

    @property
    def input_range(self) -> tuple[float, float] | None:
        """Smallest and largest input that is coded; None for a network that is given spike times."""
        coding = next((layer for layer in self.model.layers if isinstance(layer, InputCoding)), None)
        return None if coding is None else (coding.low, coding.high)

    @cached_property
    def fan_outs(self) -> Sequence[FanOut] | None:
        """:func:`~snnctl.lowering.size.fan_outs`, or :func:`~snnctl.lowering.size.connections` of a ReLU network.

        None where they cannot be counted: a plugin's linear layer, a network that hides its graph.
        """
        try:
            return fan_outs(self.model) if self.kind == "snn" else connections(self.graph)
        except (ConversionError, ModelError):
            return None

    @cached_property
    def macs(self) -> int | None:
        """Multiply-accumulates of one sample in the ReLU network, or in the one that a spiking network equals.

        In a spiking network every synapse of spiking layers and readouts stands for one; those of relay neurons, which
        only wait, do not. None where they cannot be counted.
        """
        fans = self.fan_outs
        return None if fans is None else sum(int(fan.synapses.sum()) for fan in fans if not fan.relayed)

    @cached_property
    def readouts(self) -> Sequence[str]:
        """The names of a spiking network's readouts, in the order of computation."""
        return tuple(step.name for step in self.graph.steps if isinstance(step.layer, Readout))

    def integrating(self, relays: bool) -> Sequence[str]:
        """The names of a spiking network's relay layers, or of all others at which there are operations."""
        if self.kind == "relu":
            return () if relays else tuple(dict.fromkeys(fan.target for fan in self.fan_outs or ()))
        layers = tuple(layer.name for layer in self.layers if (layer.kind == "relay") == relays)
        return layers if relays else (*layers, *self.readouts)


def _kind(layer: object) -> Kind | None:
    if isinstance(layer, SpikingLayer):
        return "signed" if layer.signed else "spiking"
    if isinstance(layer, Relay):
        return "relay"
    return "pooling" if isinstance(layer, EarliestSpikePooling) else None
