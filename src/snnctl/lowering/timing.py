"""Where the populations of a network lie on the time axis, and how their spikes are numbered."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import keras

from snnctl.conversion.graph import Graph
from snnctl.errors import ModelError
from snnctl.ttfs.timeline import Window, timeline


@dataclass(frozen=True)
class Timing:
    """Windows and spike ids.

    Args:
        windows: of the input and of each layer of neurons, in the order in which they fire.
        first: id of each one's first spike, by name.
        neurons: how many there are in all of them.
    """

    windows: tuple[Window, ...]
    first: dict[str, int]
    neurons: int

    def end(self, level: int) -> float:
        """When the windows of a level end, in tau_c; 0 for the level before the input's."""
        return next((window.t_max for window in self.windows if window.level == level), 0.0)

    def of(self, name: str) -> Window:
        """The window of a layer; it does not begin before its inputs' have ended."""
        window = next(window for window in self.windows if window.layer == name)
        return Window(name, max(window.t_min, self.end(window.level - 1)), window.t_max, window.level)


def timing(model: keras.Model, graph: Graph) -> Timing:
    """The windows of a spiking network.

    Raises:
        ModelError: a layer of neurons stands in the network twice.
    """
    windows = tuple(timeline(model))
    shapes = {step.name: graph.shapes[step.outputs[0]] for step in graph.steps}
    shapes.setdefault(windows[0].layer, graph.shapes[graph.input])
    first: dict[str, int] = {}
    neurons = 0
    for window in windows:
        if window.layer in first:
            raise ModelError("its neurons would have to fire twice", where=f"layer '{window.layer}'")
        first[window.layer] = neurons
        neurons += prod(side or 0 for side in shapes[window.layer])
    return Timing(windows, first, neurons)
