"""Spikes of spiking, signed and relay neurons, counted apart and exactly those of the equations."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import networks
import oracle
import reference
from counting import batches_and_figures, by_name, spikes_of
from snnctl.models import precision
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
    """The spiking network, inputs (some outside their range), the reference's spikes, figures and batches."""
    keras.utils.set_random_seed(0)
    with precision("float64"):
        source = bottlenecks()
        networks.randomize(source, np.random.default_rng(3))
        x = np.random.default_rng(0).uniform(0, 1, (IMAGES, *SHAPE))
        snn = oracle.spiking_form(source, x, (0.0, 1.0), "float64")
    for layer in spiking_layers(snn):
        if layer.max_value is None:
            layer.width.assign(layer.width * NARROW[request.param])
    x[:3] = 1.4 * x[:3] - 0.2
    batches, figures = batches_and_figures(snn, x, 10)
    return request.param, snn, x, reference.evaluate(snn, x), figures, batches


def kind_of(snn: keras.Model, name: str) -> str:
    layer = snn.get_layer(name)
    if type(layer).__name__ == "Relay":
        return "relay"
    return "signed" if layer.signed else "spiking"


def outside(snn: keras.Model, found: reference.Evaluation, name: str) -> int:
    """How many neurons of a layer would fire outside their window."""
    layer, crossing = snn.get_layer(name), found.crossings[name]
    if layer.max_value is not None:
        return 0
    return int(np.count_nonzero(crossing.too_early))


def test_every_layer_is_listed_with_its_kind(counted):
    _, snn, _, found, figures, _ = counted
    assert set(by_name(figures)) == {*found.windows} - {"input_coding"}
    assert {layer["kind"] for layer in figures["layers"]} == {"spiking", "signed", "relay"}
    for name, layer in by_name(figures).items():
        assert layer["kind"] == kind_of(snn, name)
    levels = [layer["level"] for layer in figures["layers"]]
    assert levels == sorted(levels)


def test_spikes_are_exactly_those_of_the_equations(counted):
    _, _, x, found, figures, _ = counted
    for name, layer in by_name(figures).items():
        assert (spikes_of(layer, IMAGES), layer["neurons"]) == (found.spikes(name), found.times[name][0].size), name
        assert layer["spikes_per_neuron"] > 0
        silent = layer["spikes_per_neuron"] < 1
        assert silent or layer["kind"] != "spiking", "signed neurons always fire unless their range is too narrow"
    assert spikes_of(figures["input"], IMAGES) == found.spikes("input_coding")
    assert figures["out_of_range"] == pytest.approx(np.mean((x < 0) | (x > 1)))
    assert figures["out_of_range"] > 0


def test_saturated_spikes_are_those_whose_threshold_was_crossed_outside_the_window(counted):
    narrow, snn, _, found, figures, _ = counted
    totals = np.zeros(2)
    for name in found.crossings:
        layer = by_name(figures)[name]
        values = found.spikes(name)
        assert layer["saturated"] == outside(snn, found, name) / values, name
        totals += outside(snn, found, name), values
    assert all(layer["saturated"] == 0 for layer in figures["layers"] if layer["kind"] == "relay")
    assert figures["saturated"] == totals[0] / totals[1]
    assert (figures["saturated"] > 0.01) == (narrow == "narrow windows")


def test_totals_keep_the_kinds_apart(counted):
    _, snn, _, found, figures, _ = counted
    keys = {"spiking": "spikes_per_neuron"}
    for kind in ("spiking", "signed", "relay"):
        names = [name for name in by_name(figures) if kind_of(snn, name) == kind]
        neurons = sum(found.times[name][0].size for name in names)
        assert figures["neurons"][kind] == neurons
        spikes = sum(map(found.spikes, names)) / (neurons * IMAGES)
        assert figures[keys.get(kind, f"{kind}_spikes_per_neuron")] == spikes


def test_histograms_count_from_the_silence_of_each_neuron(counted):
    _, _, _, found, figures, _ = counted
    for name, layer in by_name(figures).items():
        times = found.times[name][np.isfinite(found.times[name])]
        expected, _ = np.histogram(times, 50, (layer["t_min"], layer["t_max"]))
        assert np.abs(np.array(layer["first_spikes"]["counts"]) - expected).sum() <= 2, name


def test_the_last_spike_may_be_a_relays(counted):
    _, _, _, found, figures, _ = counted
    times = np.concatenate([found.times[name].reshape(IMAGES, -1) for name in by_name(figures)], axis=1)
    last = np.where(np.isfinite(times), times, -np.inf).max(axis=1)
    assert figures["last_spike"]["mean"] == pytest.approx(last.mean())


def test_the_latency_is_the_end_of_the_last_window(counted):
    _, _, _, found, figures, _ = counted
    assert figures["latency"] == pytest.approx(found.layout.ends[-1])
    assert figures["latency"] == pytest.approx(max(window.t_max for window in found.windows.values()))


def test_outputs_are_those_of_the_equations(counted):
    _, _, _, found, _, batches = counted
    assert [len(batch) for batch in batches] == [10, 10, 3]
    for number, expected in enumerate(found.logits):
        outputs = np.concatenate([batch.outputs[number] for batch in batches])
        np.testing.assert_allclose(outputs, expected, atol=1e-9 * np.abs(expected).max())
