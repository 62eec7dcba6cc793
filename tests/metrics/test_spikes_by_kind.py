"""Spikes of spiking, signed and relay neurons, counted apart and exactly those of the equations."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import graphs
import networks
import reference
from snnctl.metrics.spikes import LayerSpikes, SpikeStatistics, spike_statistics
from snnctl.models import precision
from snnctl.progress import SilentReporter
from snnctl.ttfs.timeline import spiking_layers

L = keras.layers
IMAGES = 23
SHAPE = (8, 7, 2)
NARROW = {"wide windows": 1.0, "narrow windows": 0.4}


def bottlenecks():
    """Plain, clipped and signed neurons, and relays of the first and the last of them; two outputs."""
    start = keras.Input(SHAPE)
    x = first = L.Conv2D(4, 3, padding="same", activation="relu")(start)
    x = L.BatchNormalization()(L.Conv2D(3, 1)(x))
    for _ in range(2):
        y = L.ReLU(1.5)(L.Conv2D(6, 1)(x))
        x = L.Add()([x, L.Conv2D(3, 3, padding="same")(y)])
    y = L.Conv2D(5, 2, activation="relu")(L.ZeroPadding2D(((0, 1), (0, 1)))(x))
    y = L.Concatenate()([first, y])
    return keras.Model(start, [L.Dense(3)(L.GlobalAveragePooling2D()(y)), L.Dense(2)(L.GlobalMaxPooling2D()(first))])


@pytest.fixture(scope="module", params=NARROW)
def counted(request):
    """The spiking network, inputs (some outside their range), the reference's spikes, and what was counted."""
    keras.utils.set_random_seed(0)
    with precision("float64"):
        source = bottlenecks()
        networks.randomize(source, np.random.default_rng(3))
        x = np.random.default_rng(0).uniform(0, 1, (IMAGES, *SHAPE))
        snn = graphs.spiking_form(source, x, (0.0, 1.0), "float64")
    for layer in spiking_layers(snn):
        if layer.max_value is None:
            layer.width.assign(layer.width * NARROW[request.param])
        if layer.signed:
            layer.low.assign(layer.low * NARROW[request.param])
    x[:3] = 1.4 * x[:3] - 0.2
    statistics = spike_statistics(snn, x, 10, SilentReporter(), "")
    return request.param, snn, x, reference.evaluate(snn, x), statistics


def kind_of(snn: keras.Model, name: str) -> str:
    layer = snn.get_layer(name)
    if type(layer).__name__ == "Relay":
        return "relay"
    return "signed" if layer.signed else "spiking"


def by_name(statistics: SpikeStatistics) -> dict[str, LayerSpikes]:
    return {layer.window.layer: layer for layer in statistics.layers}


def test_every_layer_is_listed_with_its_kind(counted):
    _, snn, _, found, statistics = counted
    assert set(by_name(statistics)) == {*found.windows} - {"input_coding"}
    assert {layer.kind for layer in statistics.layers} == {"spiking", "signed", "relay"}
    for name, layer in by_name(statistics).items():
        assert layer.kind == kind_of(snn, name)
    levels = [layer.window.level for layer in statistics.layers]
    assert levels == sorted(levels)


def test_spikes_are_exactly_those_of_the_equations(counted):
    _, _, x, found, statistics = counted
    for name, layer in by_name(statistics).items():
        assert (layer.spikes, layer.neurons) == (found.spikes(name), found.times[name][0].size), name
        assert layer.images == IMAGES
        assert layer.spikes > 0
        silent = layer.neurons * IMAGES - layer.spikes
        assert silent > 0 or layer.kind != "spiking", "signed neurons always fire unless their range is too narrow"
    assert statistics.input.spikes == found.spikes("input_coding")
    assert statistics.out_of_range == pytest.approx(np.mean((x < 0) | (x > 1)))
    assert statistics.out_of_range > 0


def test_saturated_spikes_are_those_whose_threshold_was_crossed_outside_the_window(counted):
    narrow, snn, _, found, statistics = counted
    for name, crossing in found.crossings.items():
        layer = snn.get_layer(name)
        outside = np.count_nonzero(crossing.too_early)
        if layer.signed:
            outside += np.count_nonzero(crossing.too_late)
        expected = 0 if layer.max_value is not None else outside
        assert by_name(statistics)[name].saturated == expected, name
    assert all(layer.saturated == 0 for layer in statistics.of("relay"))
    assert (statistics.saturated > 0) == any(layer.saturated for layer in statistics.layers)
    assert narrow == "wide windows" or statistics.saturated > 0.01


def test_totals_keep_the_kinds_apart(counted):
    _, snn, _, found, statistics = counted
    for kind in ("spiking", "signed", "relay"):
        names = [name for name in by_name(statistics) if kind_of(snn, name) == kind]
        neurons = sum(found.times[name][0].size for name in names)
        assert statistics.neurons(kind) == neurons
        assert statistics.spikes(kind) == sum(map(found.spikes, names)) / (neurons * IMAGES)
    assert statistics.spikes_per_neuron == statistics.spikes("spiking")
    counted_neurons = statistics.neurons("spiking") + statistics.neurons("signed") + statistics.neurons("relay")
    assert statistics.neurons("spiking", "signed", "relay") == counted_neurons


def test_the_latency_is_the_end_of_the_last_window(counted):
    _, _, _, found, statistics = counted
    assert statistics.latency == pytest.approx(found.layout.ends[-1])
    assert statistics.latency == pytest.approx(max(window.t_max for window in found.windows.values()))


def test_logits_are_those_of_the_equations_and_are_not_kept_for_visitors(counted):
    _, snn, x, found, statistics = counted
    for logits, expected in zip(statistics.logits, found.logits, strict=True):
        np.testing.assert_allclose(logits, expected, atol=1e-9 * np.abs(expected).max())
    visited = []
    again = spike_statistics(snn, x, 7, SilentReporter(), "", visited.append)
    assert again.logits is None
    assert [len(outputs) for outputs in visited] == [2, 2, 2, 2]
    np.testing.assert_allclose(np.concatenate([outputs[1] for outputs in visited]), statistics.logits[1], atol=1e-12)
    assert again.layers == statistics.layers, "the batch size changes no count"
