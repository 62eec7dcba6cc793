"""Small networks worked out by hand in absolute time: windows, spikes, potentials; the equations, solved in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import snnctl.layers as ttfs
from oracle import check_events, events_of
from snnctl.lowering import lower
from snnctl.models.network import precision
from snnctl.ttfs.timeline import latency, set_windows, timeline

L = keras.layers
INF = np.inf


@pytest.fixture(autouse=True)
def double():
    """Layers are made in float64."""
    with precision("float64"):
        yield


def spiking(name: str, J: list, D: list, width: float, **options) -> ttfs.SpikingLayer:
    """Neurons with these weights (from, to) and biases of the ReLU units that they equal."""
    layer = ttfs.SpikingLayer(dense(J), width=width, name=name, **options)
    layer.build((None, len(J)))
    layer.synapses[0].kernel.assign(J)
    layer.D.assign(D)
    return layer


def dense(J: list) -> keras.layers.Layer:
    """Synapses, without their weights."""
    return L.Dense(len(J[0]), use_bias=False)


def readout(*groups: tuple[list, keras.KerasTensor], D: list) -> keras.KerasTensor:
    """Potentials with these weights from each tensor."""
    layer = ttfs.Readout([[dense(J)] for J, _ in groups], name="readout")
    potentials = layer([tensor for _, tensor in groups] if len(groups) > 1 else groups[0][1])
    for part, (J, _) in zip(layer.synapses, groups, strict=True):
        part.kernel.assign(J)
    layer.D.assign(D)
    return potentials


def check(model: keras.Model, x: list, windows: dict, times: dict, logits: list) -> None:
    """The layers and the events do what was worked out; ``windows``: level, t_min and t_max."""
    assert {each.layer: (each.level, each.t_min, each.t_max) for each in timeline(model)} == windows
    inputs = np.array([x])
    check_events(model, inputs)
    batch = events_of(lower(model), inputs)
    for name, expected in times.items():
        np.testing.assert_allclose(batch.times[name][0], expected, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(model(inputs)[0], logits, atol=1e-12)


def test_a_chain() -> None:
    """x = -0, 1 of [-1, 1] fire at 0.5 and 0: half their window and all of it are left.

    first: z = 0.5 + 0.5 + 0.25 = 1.25; -1 + 1 - 0.5 < 0, silent; 2 + 1 = 3, cut off by a window of 2.
    second: 0.5 * 1.25 - 0.25 * 2 + 0.5 = 0.625, so it fires 0.625 before its window ends at 4.5.
    """
    start = keras.Input((2,))
    x = ttfs.InputCoding(-1.0, 1.0, name="coding")(start)
    x = spiking("first", [[1.0, -2.0, 4.0], [0.5, 1.0, 1.0]], [0.25, -0.5, 0.0], 2.0)(x)
    x = spiking("second", [[0.5], [7.0], [-0.25]], [0.5], 1.5)(x)
    model = keras.Model(start, readout(([[2.0, -1.0]], x), D=[0.1, 0.0]))
    windows = {"coding": (0, 0.0, 1.0), "first": (1, 1.0, 3.0), "second": (2, 3.0, 4.5)}
    times = {"coding": [0.5, 0.0], "first": [1.75, INF, 1.0], "second": [3.875]}
    check(model, [0.0, 1.0], windows, times, [1.35, -0.625])
    assert latency(model) == 4.5
    np.testing.assert_allclose(model.get_layer("first").threshold(), [1.75, 2.5, 2.0])


def test_neurons_that_are_never_reset() -> None:
    """alpha1: B = 1 + sum J = 2, -1 and 1.5; theta = B width + A 1 - D.

    x = z / B = (0.5 + 1) / 2 = 0.75; a potential that falls crosses nothing; 0.25 + 0.5 < 0 not, 0.75 / 1.5 = 0.5.
    """
    start = keras.Input((1,))
    x = ttfs.InputCoding(name="coding")(start)
    x = spiking("hidden", [[1.0, -2.0, 0.5]], [1.0, 3.0, 0.5], 2.0, neuron="alpha1")(x)
    model = keras.Model(start, readout(([[1.0], [1.0], [2.0]], x), D=[0.0]))
    windows = {"coding": (0, 0.0, 1.0), "hidden": (1, 1.0, 3.0)}
    check(model, [0.5], windows, {"coding": [0.5], "hidden": [2.25, INF, 2.5]}, [1.75])


def branched() -> keras.Model:
    """Windows of 3 and 1 beside each other; their spikes wait in a relay for a deep layer that reads the wide one."""
    start = keras.Input((1,))
    x = ttfs.InputCoding(name="coding")(start)
    wide, short = spiking("wide", [[2.0]], [0.5], 3.0)(x), spiking("short", [[1.0, -1.0]], [0.25, 0.0], 1.0)(x)
    deep = spiking("deep", [[1.0]], [0.5], 2.5)(wide)
    waiting = ttfs.Relay(["one", "two"], name="relay")(L.Concatenate()([wide, short]))
    return keras.Model(start, readout(([[1.0]], deep), ([[1.0], [2.0], [5.0]], waiting), D=[0.0]))


def test_branches_wait_for_each_other() -> None:
    """Windows of a level end together, at the end of the widest; a relay's is as wide as the widest that it carries.

    wide 2 * 0.5 + 0.5 = 1.5, short 0.75 and silent; deep 2, relays again 1.5 and 0.75: 2 + 1.5 + 2 * 0.75 = 5.
    """
    windows = {
        "coding": (0, 0.0, 1.0),
        "wide": (1, 1.0, 4.0),
        "short": (1, 3.0, 4.0),
        "deep": (2, 4.5, 7.0),
        "relay": (2, 4.0, 7.0),
    }
    times = {"wide": [2.5], "short": [3.25, INF], "deep": [5.0], "relay": [5.5, 6.25, INF]}
    model = branched()
    check(model, [0.5], windows, times, [5.0])
    assert latency(model) == 7.0
    assert model.get_layer("relay").source == ("one", "two")


def test_pools_pass_the_earliest_spike_or_wait_for_the_latest() -> None:
    """Of 0.75, 0.25, 0 and 1 in pairs: 0.75 and 1 where the earliest counts, 0.25 and silence where the latest does."""
    start = keras.Input((4, 1))
    x = ttfs.InputCoding(name="coding")(start)
    x = L.Concatenate()([x, x])
    pool = ttfs.EarliestSpikePooling1D(2, signed=True, name="pool")
    x = pool(x)
    pool.sign.assign([1.0, -1.0])
    model = keras.Model(start, readout(([[1.0], [10.0], [100.0], [1000.0]], L.Flatten()(x)), D=[0.0]))
    inputs = np.array([[[0.75], [0.25], [0.0], [1.0]]])
    batch = events_of(lower(model), inputs)
    np.testing.assert_allclose(batch.pool_times["pool"][0], [0.25, 0.75, 0.0, INF])
    np.testing.assert_allclose([batch.logits[0], model(inputs)], 0.75 + 2.5 + 100.0)


def test_a_network_without_coding_has_an_input_window_too() -> None:
    start = keras.Input((1,))
    model = keras.Model(start, readout(([[2.0]], start), D=[0.5]))
    check(model, [0.25], {"input": (0, 0.0, 1.0)}, {"input": [0.75]}, [1.0])


def test_readouts_of_several_levels_are_read_at_the_end_of_their_own() -> None:
    start = keras.Input((1,))
    x = ttfs.InputCoding(name="coding")(start)
    hidden = spiking("hidden", [[1.0]], [0.0], 2.0)(x)
    model = keras.Model(start, [ttfs.Readout(dense([[1.0]]))(tensor) for tensor in (x, hidden)])
    assert [each.t_read for each in lower(model).readouts] == [1.0, 3.0]
    check_events(model, np.array([[0.5], [0.0]]))


def test_windows_of_a_network_can_be_fixed() -> None:
    model = branched()
    model.get_layer("wide").width.assign(0.5)
    before = timeline(model)
    set_windows(model, "fixed", 10.0)
    model(np.ones((1, 1)), training=True)
    assert timeline(model) == before
    set_windows(model, "grow", 10.0)
    model(np.ones((1, 1)), training=True)
    assert latency(model) == pytest.approx(1.0 + 10 * 2.5 + 10 * 3.0)
