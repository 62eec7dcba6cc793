"""Spikes, synaptic operations and times that are reported: those of the events, and of synapses counted one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from brute_force import SOURCES, synapses

import graphs
import networks
from counting import batches_and_figures, by_name, spikes_of
from oracle import events_of, narrow, spiking_form
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.events import Batch as Events
from snnctl.lowering import lower
from snnctl.lowering.size import fan_outs, leaving
from snnctl.metrics.batch import Batch
from snnctl.models.network import precision
from snnctl.ttfs.hardware import Constraints, constrained
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.timeline import spiking_layers, timeline

L = keras.layers
IMAGES = 23


@dataclass
class Measured:
    """A spiking network with windows that fit or are too short, inputs partly out of range, the events, the figures."""

    snn: keras.Model
    inputs: np.ndarray
    too_short: bool
    events: Events
    batches: list[Batch]
    figures: dict[str, Any]

    @property
    def layers(self) -> dict[str, dict[str, Any]]:
        """Figures by layer, without the input."""
        return by_name(self.figures)

    def times(self, name: str) -> np.ndarray:
        """Absolute spike times, (images, neurons); also of pools."""
        return {**self.events.times, **self.events.pool_times}[name]

    def spikes(self, *names: str) -> int:
        """How many layers fire."""
        return sum(int(np.count_nonzero(np.isfinite(self.times(name)))) for name in names)

    def kind(self, kind: str) -> list[str]:
        """The layers of a kind."""
        return [name for name, layer in self.layers.items() if layer["kind"] == kind]


@pytest.fixture(scope="module", params=[(networks.vgg, False), (networks.counted, True)], ids=["vgg", "counted"])
def measured(request) -> Measured:
    build, too_short = request.param
    source, inputs = networks.source(build, count=IMAGES)
    with precision("float64"):
        snn = spiking_form(source, inputs, networks.SPAN, "float64")
        if too_short:
            narrow(snn)
        inputs[:3] = 1.4 * inputs[:3] - 0.2
        inputs[3] = networks.SPAN[0]
        events = events_of(lower(snn), inputs)
        return Measured(snn, inputs, too_short, events, *batches_and_figures(snn, inputs, 10, ("times",)))


def test_every_spike_is_counted_with_its_layer(measured: Measured) -> None:
    populations = {each.name: each for each in lower(measured.snn).populations}
    everything = {layer["name"]: layer for layer in (measured.figures["input"], *measured.figures["layers"])}
    assert everything.keys() == populations.keys()
    for name, layer in everything.items():
        population, times = populations[name], measured.times(name)
        assert (layer["kind"], layer["level"]) == (population.kind, population.level)
        assert (layer["neurons"], spikes_of(layer, IMAGES)) == (population.neurons, measured.spikes(name))
        assert (layer["t_min"], layer["t_max"]) == pytest.approx((population.t_min, population.t_max))
        expected, _ = np.histogram(times[np.isfinite(times)], 50, (layer["t_min"], layer["t_max"]))
        # A rounding error moves the input's multiples of a bin.
        assert np.abs(np.array(layer["first_spikes"]["counts"]) - expected).sum() <= 2, name
        if name in measured.kind("spiking") + measured.kind("signed"):
            clipped = measured.snn.get_layer(name).max_value is not None
            early = 0 if clipped else np.count_nonzero(times <= population.t_min)
            assert layer["saturated"] == early / measured.spikes(name)
    assert (measured.figures["saturated"] > 0.01) == measured.too_short


def test_totals_keep_kinds_and_the_input_apart(measured: Measured) -> None:
    figures, low, high = measured.figures, *networks.SPAN
    assert figures["out_of_range"] > 0
    assert figures["out_of_range"] == pytest.approx(np.mean((measured.inputs < low) | (measured.inputs > high)))
    kinds = {"spiking": "spikes_per_neuron"} | {kind: f"{kind}_spikes_per_neuron" for kind in ("signed", "relay")}
    for kind, key in kinds.items():
        names = measured.kind(kind)
        assert names or not measured.too_short, "this network has neurons of every kind"
        neurons = sum(measured.layers[name]["neurons"] for name in names)
        assert figures["neurons"][kind] == neurons
        assert figures[key] == (measured.spikes(*names) / (neurons * IMAGES) if names else 0.0)
    saturated = sum(layer["saturated"] * measured.spikes(name) for name, layer in measured.layers.items())
    assert figures["saturated"] == pytest.approx(
        saturated / measured.spikes(*measured.kind("spiking"), *measured.kind("signed"))
    )


def test_the_last_spike_is_that_of_any_neuron(measured: Measured) -> None:
    times = np.concatenate([measured.times(name) for name in measured.layers], axis=1)
    last = np.where(np.isfinite(times), times, -np.inf).max(axis=1)
    expected = {"mean": last.mean(), "median": np.median(last), "q95": np.quantile(last, 0.95), "max": last.max()}
    assert measured.figures["last_spike"] == pytest.approx(expected)
    readouts = [each.t_read for each in lower(measured.snn).readouts]
    assert last.max() < measured.figures["latency"] == pytest.approx(max(readouts))


def test_synaptic_operations_are_the_synapses_that_spikes_reach(measured: Measured) -> None:
    operations: dict[str, np.ndarray] = {}
    macs, nonzero, relays = 0, 0, measured.kind("relay")
    for (source, target), matrix in synapses(measured.snn).items():
        fired = np.isfinite(measured.times(source))
        operations[target] = operations.get(target, 0) + fired @ matrix.sum(axis=1)
        if target not in relays:
            coded = source == measured.figures["input"]["name"]  # whose spikes stand for other values: silence is -1
            carried = np.clip(measured.inputs, *networks.SPAN).reshape(IMAGES, -1) != 0 if coded else fired
            macs, nonzero = macs + int(matrix.sum()), nonzero + int((carried @ matrix.sum(axis=1)).sum())
    for number, batch in enumerate(measured.batches):
        part = slice(10 * number, 10 * number + len(batch))
        assert batch.synaptic_operations == {name: counts[part].sum() for name, counts in operations.items()}
    figures = measured.figures
    layers = {layer["name"]: layer["synaptic_operations"] for layer in (*figures["layers"], *figures["readouts"])}
    assert layers == {name: counts.sum() / IMAGES for name, counts in operations.items()}
    assert figures["relay_synaptic_operations"] == sum(layers[name] for name in relays)
    assert figures["synaptic_operations"] == pytest.approx(sum(layers.values()) - sum(layers[name] for name in relays))
    assert (figures["macs"], figures["nonzero_macs"]) == (macs, nonzero / IMAGES)
    energy, paid = figures["energy"], sum(layers.values())
    assert (energy["spiking_nj"], energy["relu_nj"]) == (pytest.approx(0.9e-3 * paid), pytest.approx(4.6e-3 * macs))
    assert energy["relu_nonzero_nj"] == pytest.approx(4.6e-3 * nonzero / IMAGES)


def test_batches_hold_what_metrics_ask_for(measured: Measured) -> None:
    assert [len(batch) for batch in measured.batches] == [10, 10, 3]
    for number, expected in enumerate(measured.events.logits):
        outputs = np.concatenate([batch.outputs[number] for batch in measured.batches])
        np.testing.assert_allclose(outputs, expected, atol=1e-9 * np.abs(expected).max())
    for window in timeline(measured.snn):
        times = np.concatenate([batch.times(window.layer) for batch in measured.batches])
        np.testing.assert_allclose(times.reshape(IMAGES, -1), measured.times(window.layer), atol=1e-9)
    batch, pool = measured.batches[0], next(iter(measured.events.pool_times))
    assert batch.local_times(pool).shape[1:] == measured.snn.get_layer(pool).output.shape[1:]
    with pytest.raises(ValueError, match="no window"):
        batch.times(pool)
    with pytest.raises(KeyError, match="no layer 'other' fires"):
        batch.times("other")
    batches, figures = batches_and_figures(measured.snn, measured.inputs, 23)
    last = measured.figures["last_spike"]  # a single small batch is computed without a graph, and rounded otherwise
    assert figures == {**measured.figures, "last_spike": pytest.approx(last)}, "the batch size changes no figure"
    with pytest.raises(KeyError, match="name it in the metric's needs"):
        batches[0].times(next(iter(measured.layers)))


def test_on_other_hardware_the_spikes_are_those_that_are_really_fired(measured: Measured) -> None:
    coarse = constrained(measured.snn, Constraints(time_bits=2))
    batches, figures = batches_and_figures(coarse, measured.inputs, 10, ("times",))
    name = next(iter(measured.layers))
    local = np.concatenate([batch.local_times(name) for batch in batches])
    assert spikes_of(by_name(figures)[name], IMAGES) == np.count_nonzero(local)
    assert len(np.unique(local.round(9))) <= 4
    unit = np.clip((measured.inputs - networks.SPAN[0]) / (networks.SPAN[1] - networks.SPAN[0]), 0, 1)
    assert spikes_of(figures["input"], IMAGES) == np.count_nonzero(np.round(unit * 3))


def small() -> keras.Model:
    """Input (4,), three neurons, two outputs."""
    return keras.Sequential([keras.Input((4,)), L.Dense(3, "relu"), L.Dense(2)])


def test_measuring_twice_meets_the_same_jitter() -> None:
    keras.utils.set_random_seed(0)
    snn, x = build_spiking(small(), SpikingSettings()), np.random.default_rng(0).random((40, 4), "float32")
    jittery = constrained(snn, Constraints(noise=0.2))
    (_, first), (_, again), (_, plain) = (batches_and_figures(each, x) for each in (jittery, jittery, snn))
    assert first == again != plain


def test_an_image_without_spikes_has_no_last_one() -> None:
    snn = build_spiking(small(), SpikingSettings())
    spiking_layers(snn)[0].D.assign([-100.0] * 3)
    _, figures = batches_and_figures(snn, np.random.default_rng(0).random((5, 4), "float32"))
    assert figures["last_spike"] is None
    assert figures["spikes_per_neuron"] == figures["saturated"] == 0.0
    readout = figures["readouts"][0]
    assert (readout["name"], readout["synaptic_operations"]) == (snn.layers[-1].name, 0)


def test_an_input_whose_size_is_open_is_fixed_by_the_data() -> None:
    x = keras.Input((None, None, 1))
    y = L.GlobalAveragePooling2D()(L.Conv2D(3, 3, activation="relu")(x))
    snn = build_spiking(keras.Model(x, L.Dense(2)(y)), SpikingSettings())
    _, figures = batches_and_figures(snn, np.random.default_rng(0).random((5, 6, 5, 1), "float32"))
    assert figures["macs"] == 4 * 3 * 9 * 3 + 4 * 3 * 3 * 2
    assert figures["input"]["neurons"] == 30


# Synapses, without spikes.

NEURONS = tuple(kind for kind in SOURCES if kind is not EarliestSpikePooling)


def check_synapses(snn: keras.Model) -> None:
    counted = {(fan.source, fan.target): fan.synapses for fan in fan_outs(snn)}
    expected = {pair: matrix.sum(axis=1) for pair, matrix in synapses(snn).items()}
    assert counted.keys() == expected.keys()
    for pair, counts in counted.items():
        np.testing.assert_array_equal(counts.reshape(-1), expected[pair], err_msg=str(pair))
    through_pools: dict[str, int] = {}
    for (source, _), matrix in synapses(snn, NEURONS).items():
        through_pools[source] = through_pools.get(source, 0) + int(matrix.sum())
    assert leaving(snn) == through_pools


@pytest.mark.parametrize("seed", range(4))
def test_synapses_of_random_networks_are_counted_one_by_one(seed: int) -> None:
    network = graphs.grow(seed, numbers=False)
    check_synapses(build_spiking(network.model, SpikingSettings(input_range=network.input_range)))


def test_synapses_of_ways_that_meet_again() -> None:
    """A bottleneck; spikes read twice, through a pool and beside it; a flattened tensor that is cut and convolved."""
    x = keras.Input((6, 6, 2))
    spikes = L.ReLU()(L.Conv2D(4, 3, padding="same")(L.Conv2D(8, 1)(x)))
    joined = L.Concatenate()([L.UpSampling2D(2)(L.MaxPooling2D(3, 2, padding="same")(spikes)), spikes])
    cut = L.Conv1D(3, 2)(L.Reshape((16, 9))(L.ReLU()(L.Conv2D(4, 3, padding="same")(joined))))
    check_synapses(build_spiking(keras.Model(x, L.Dense(2)(L.Flatten()(cut))), SpikingSettings()))
