"""What a spiking network must compute: its source's logits, and the spikes of an event-driven simulation.

The one independent oracle is the simulator of events (NumPy and Numba, absolute time), given the network as plain data.
The simulator itself is checked in tests/events, the plain data in tests/lowering.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.conversion.logits import logits_of
from snnctl.data.stream import ArrayStream
from snnctl.events import Batch, Network, simulate
from snnctl.lowering import lower
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.simulated import compared
from snnctl.models.network import precision
from snnctl.progress import SilentReporter
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import spiking_layers, timeline

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def spiking_form(model: keras.Model, inputs: np.ndarray, span: tuple[float, float], dtype: str) -> keras.Model:
    """The spiking network, calibrated on the inputs."""
    snn = build_spiking(model, SpikingSettings(input_range=span, dtype=dtype))
    calibrate(snn, inputs.astype(dtype), quantile=1.0, zeta=0.5, batch_size=64, reporter=SilentReporter())
    return snn


def converted(model: keras.Model, inputs: np.ndarray, span: tuple[float, float], dtype: str) -> keras.Model:
    """The spiking form of a model of this precision, whose logits are proved to be the model's."""
    with precision(dtype):
        snn = spiking_form(model, inputs, span, dtype)
        logits, expected = outputs_of(snn, inputs), outputs_of(logits_of(model), inputs)
    assert all(output.dtype == dtype for output in logits)
    assert difference(expected, logits) <= TOLERANCE[dtype]
    return snn


def narrow(snn: keras.Model) -> None:
    """Windows too short for what was seen; a clipped ReLU's stays its limit."""
    for layer in spiking_layers(snn):
        if layer.max_value is None:
            layer.width.assign(0.4 * layer.width)


def outputs_of(model: keras.Model, inputs: Any) -> list[np.ndarray]:
    return [np.asarray(output) for output in keras.tree.flatten(model(inputs, training=False))]


def difference(expected: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> float:
    """The largest difference over the largest value of an output; infinite for arrays of different shapes."""
    return max(largest_relative_difference(*pair) for pair in zip(expected, outputs, strict=True))


def largest_relative_difference(first: Any, second: Any) -> float:
    """The largest difference over the largest value; infinite for arrays of different shapes."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.shape != second.shape:
        return float("inf")
    return float(np.abs(first - second).max() / max(np.abs(first).max(), 1e-6))


def events_of(lowered: Network, inputs: np.ndarray) -> Batch:
    (batch,) = simulate(lowered, inputs, threads=1)
    return batch


def simulated(snn: keras.Model, inputs: np.ndarray, lowered: Network | None = None) -> tuple[dict[str, Any], str]:
    """The product's own comparison with the events, of the network's own plain data unless other is given."""
    stream = ArrayStream(lambda: inputs, None)
    network = MeasuredNetwork(snn, "snn", inputs.shape[1:], len(inputs))
    plain = lower(network.model) if lowered is None else lowered
    return compared(network, plain, stream, 64, SilentReporter())


def check_events(snn: keras.Model, inputs: np.ndarray) -> int:
    """Windows, spike times and logits are those of the events; how many spikes are saturated, clipped ReLUs left out.

    Nothing is compiled, which takes longest for small networks.
    """
    lowered, dtype = lower(snn), snn.compute_dtype
    batch = events_of(lowered, inputs)
    windows = {window.layer: window for window in timeline(snn)}
    assert windows.keys() == batch.times.keys()
    populations = [each for each in lowered.populations if each.name != "input"]  # "input": no layer codes it
    layers = [snn.get_layer(each.name) for each in populations]
    logits, local = keras.Model(snn.inputs[0], [snn.outputs, [layer.output for layer in layers]])(inputs)
    saturated = 0
    for layer, population, x in zip(layers, populations, local, strict=True):
        window, simulated = windows[layer.name], batch.times[layer.name]
        assert window.level == population.level
        np.testing.assert_allclose([window.t_min, window.t_max], [population.t_min, population.t_max], rtol=1e-6)
        left = np.asarray(x, np.float64).reshape(len(inputs), -1)
        times = np.where(left > 0, population.t_max - left, np.inf)
        check_times(layer.name, times, simulated, population, dtype)
        if isinstance(layer, SpikingLayer) and layer.max_value is None:
            saturated += int(np.count_nonzero(simulated <= population.t_min))
    check_logits(logits, batch.logits, TOLERANCE[dtype])
    return saturated


def check_times(name: str, times: np.ndarray, simulated: np.ndarray, window: Any, dtype: str) -> None:
    """Absolute spike times; in single precision, a spike at the window's very end may be missing."""
    assert times.shape == simulated.shape
    if dtype == "float64":
        assert np.array_equal(np.isfinite(times), np.isfinite(simulated)), name
    ends = [np.minimum(each, window.t_max) for each in (times, simulated)]
    np.testing.assert_allclose(*ends, rtol=0, atol=TOLERANCE[dtype] * max(1.0, window.width), err_msg=name)


def check_logits(outputs: Sequence[Any], logits: Sequence[np.ndarray], part: float) -> None:
    """Potentials of all readouts, to a part of the largest."""
    for one, other in zip(outputs, logits, strict=True):
        expected = np.asarray(one, np.float64)
        limit = part * max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(other.reshape(expected.shape), expected, rtol=0, atol=limit)
