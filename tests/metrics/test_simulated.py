"""A network and its event-driven simulation count alike."""

from __future__ import annotations

import keras
import numpy as np

from counting import batches_and_figures
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.data.stream import ArrayStream
from snnctl.lowering import lower
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.simulated import compared
from snnctl.models.network import precision
from snnctl.progress import SilentReporter
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constrained


def test_a_spike_that_is_rounded_to_the_start_of_its_window_is_not_saturated() -> None:
    with precision("float64"):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, "relu"), keras.layers.Dense(1)])
        snn = constrained(build_spiking(model, SpikingSettings(width=1.0)), Constraints(time_bits=2))
    hidden = snn.layers[2]
    hidden.synapses[0].kernel.assign([[0.9, 1.2]])
    inputs = np.ones((3, 1))
    _, figures = batches_and_figures(snn, inputs)
    assert figures["saturated"] == 0.5
    network = MeasuredNetwork(snn, "snn", inputs.shape[1:], len(inputs), None)
    with precision("float64"):
        found, _ = compared(network, lower(snn), ArrayStream(lambda: inputs), 8, SilentReporter())
    assert (found["saturated_spikes"], found["different_saturated_spikes"], found["different_spikes"]) == (3, 0, 0)
