"""An independent evaluation of spiking networks: NumPy, float64, absolute time, straight from the equations.

It reads the parameters of a network (J, D, windows, strides, ...) and how its layers are connected, and shares no
computation with snnctl or Keras. What the spikes may not do is checked on the way: see ``UnphysicalError``.
"""

from __future__ import annotations

from reference.evaluation import Evaluation, evaluate, simulate
from reference.layout import Window, layout
from reference.linear import Image, linear_map
from reference.neurons import ROUNDING
from reference.signals import Potential, Spikes, UnphysicalError, pooled

__all__ = [
    "ROUNDING",
    "Evaluation",
    "Image",
    "Potential",
    "Spikes",
    "UnphysicalError",
    "Window",
    "evaluate",
    "layout",
    "linear_map",
    "pooled",
    "simulate",
]
