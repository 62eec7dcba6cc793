"""What metrics are given of each batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from snnctl.metrics.network import MeasuredNetwork


@dataclass(frozen=True)
class Batch:
    """Some samples, and what the network did with them.

    Arrays are read-only. Layers are called by their names, as the network's ``sources`` have them. What a metric does
    not name in its ``needs`` may not be there.

    Args:
        network: what is measured.
        outputs: of the network, one array (n, \\*output) each.
        found: what was observed, by need and layer.
        labels: (n,) integers; None without labels.
        inputs: (n, \\*sample_shape).
        source: outputs of the ReLU network on the same samples by name, when a conversion is checked.
    """

    network: MeasuredNetwork
    outputs: Sequence[np.ndarray]
    found: Mapping[str, Mapping[str, np.ndarray]]
    labels: np.ndarray | None
    inputs: np.ndarray
    source: Mapping[str, np.ndarray] | None = None

    def __post_init__(self) -> None:
        """What one metric is given is given to all others, too: nothing can be written to."""
        for name in ("outputs", "found", "labels", "inputs", "source"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.outputs[0])

    @property
    def logits(self) -> np.ndarray:
        """The output that has a column for each class, (n, classes); one column for two classes.

        Raises:
            ValueError: the network has none.
        """
        if self.network.scored is None:
            raise ValueError("the network has no output with a column for each class")
        return self.outputs[self.network.scored]

    def spikes(self, layer: str) -> np.ndarray:
        """How many of the samples each neuron or pool of a layer fired for, integers in the layer's shape."""
        return self._of("spikes", layer)

    def saturated(self, layer: str) -> int:
        """How many spikes of a layer would have come before its window."""
        return int(self._of("saturated", layer))

    def nonzero(self, layer: str) -> np.ndarray:
        """For how many samples each neuron or pool carried another value than 0, integers in the layer's shape.

        Of a ReLU network: for how many each input of a layer with weights was not 0.
        """
        return self._of("nonzero", layer)

    def last_spikes(self, layer: str) -> np.ndarray:
        """When the last spike of a layer of neurons was fired, absolute, in tau_c, (n,); -infinity for no spike."""
        return self.network.source(layer).absolute(self._of("last_spikes", layer).astype(np.float64))

    def first_spikes(self, layer: str) -> np.ndarray:
        """How many spikes fall into each of 50 equal parts of a layer's window, the earliest first, integers (50,)."""
        return self._of("first_spikes", layer)

    def times(self, layer: str) -> np.ndarray:
        """Absolute spike times of a layer of neurons, (n, \\*shape of the layer), in tau_c; infinity: silent."""
        return self.network.source(layer).absolute(self.local_times(layer))

    def local_times(self, layer: str) -> np.ndarray:
        """Local times ``x = t_max - t`` that a layer's neurons or pools carry, (n, \\*shape of the layer), in tau_c."""
        return self._of("times", layer)

    @cached_property
    def synaptic_operations(self) -> Mapping[str, int | None]:
        """Synaptic operations of all samples together by the layer that integrates; needs "spikes".

        None where they cannot be counted.
        """
        return self._operations("spikes")

    @cached_property
    def nonzero_operations(self) -> Mapping[str, int | None]:
        """As :attr:`synaptic_operations`, of the values that are not 0; needs "nonzero".

        Of a ReLU network: multiply-accumulates by the layer with weights; empty where they cannot be counted.
        """
        return self._operations("nonzero")

    def _operations(self, need: str) -> Mapping[str, int | None]:
        network, counts = self.network, Counter[str]()
        layers = (*network.integrating(relays=False), *network.integrating(relays=True))
        if network.macs is None:
            return MappingProxyType(dict.fromkeys(layers))
        for fan in network.fan_outs or ():
            counts[fan.target] += int(np.sum(self._of(need, fan.source) * fan.synapses))
        return MappingProxyType({name: counts[name] for name in layers})

    def _of(self, need: str, layer: str) -> np.ndarray:
        try:
            return self.found[need][layer]
        except KeyError:
            raise KeyError(f"no {need!r} of layer {layer!r} here: name it in the metric's needs") from None


def _read_only(value: Any) -> Any:
    """Arrays, or mappings and sequences of them, as views that refuse to be changed; the arrays behind them stay."""
    if isinstance(value, np.ndarray):
        view = value.view()
        view.setflags(write=False)
        return view
    if isinstance(value, Mapping):
        return MappingProxyType({key: _read_only(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_read_only(item) for item in value)
    return value
