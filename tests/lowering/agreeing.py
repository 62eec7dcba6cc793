"""A spiking network against its event-driven simulation, for tests of the export."""

from __future__ import annotations

import keras
import numpy as np

from snnctl.data.stream import ArrayStream
from snnctl.events import Batch, Network, simulate
from snnctl.lowering import lower
from snnctl.metrics.network import measured_network
from snnctl.metrics.simulated import Simulation, compared
from snnctl.metrics.synaptic_operations import operations
from snnctl.progress import SilentReporter
from snnctl.ttfs.observe import observed_firing

PART = {"float64": 1e-9, "float32": 1e-4}


def simulated(snn: keras.Model, inputs: np.ndarray, lowered: Network | None = None) -> Simulation:
    """The product's own comparison on some images, of the network's own plain data unless other is given."""
    stream = ArrayStream(lambda: inputs, None)
    network = measured_network(snn, "snn", inputs.shape)
    plain = lower(network.model) if lowered is None else lowered
    return compared(network, plain, stream, snn.compute_dtype, 64, SilentReporter())


def events_of(lowered: Network, inputs: np.ndarray) -> Batch:
    """What a few images cause, all at once."""
    (batch,) = simulate(lowered, inputs, threads=1)
    return batch


def check(snn: keras.Model, inputs: np.ndarray) -> int:
    """Windows, spike times, logits and synaptic events of both are the same; how many spikes are saturated.

    Nothing is compiled, which takes longest for small networks.
    """
    lowered = lower(snn)
    batch = events_of(lowered, inputs)
    network, (view, names) = measured_network(snn, "snn", inputs.shape), observed_firing(snn)
    logits, _, carried = view(inputs)
    local = {name: np.asarray(x, np.float64) for name, x in zip(names, carried, strict=True)}
    populations = {each.name: each for each in lowered.populations}
    saturated = 0
    for source in network.sources:
        if source.window is not None:
            times = source.absolute(local[source.name]).reshape(len(inputs), -1)
            check_times(source.name, times, batch.times[source.name], source.window, snn.compute_dtype)
            assert populations[source.name].level == source.window.level
            saturated += int(np.count_nonzero(batch.times[source.name] <= source.window.t_min))
    check_logits(keras.tree.flatten(logits), batch.logits, PART[snn.compute_dtype])
    if snn.compute_dtype == "float64":
        fired = {source.name: local[source.name] != source.silent for source in network.sources}
        for name, counts in operations(network.fan_outs, fired).items():
            assert counts is None or np.array_equal(counts, batch.events[name]), name
    return saturated


def check_times(name: str, times: np.ndarray, simulated: np.ndarray, window, dtype: str) -> None:
    """Absolute spike times; in single precision, a spike at the window's very end may be missing."""
    assert times.shape == simulated.shape
    tolerance = PART[dtype] * max(1.0, window.width)
    if dtype == "float64":
        assert np.array_equal(np.isfinite(times), np.isfinite(simulated)), name
    ends = [np.minimum(each, window.t_max) for each in (times, simulated)]
    np.testing.assert_allclose(*ends, rtol=0, atol=tolerance, err_msg=name)


def check_logits(outputs: list, logits: list[np.ndarray], part: float) -> None:
    """Potentials of all readouts, to a part of the largest."""
    for one, other in zip(outputs, logits, strict=True):
        expected = np.asarray(one, np.float64)
        limit = part * max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(other.reshape(expected.shape), expected, rtol=0, atol=limit)
