"""What is counted in a network with plain neurons, against a plain NumPy count of the activations."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import reference
from counting import batches_and_figures, by_name, spikes_of
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.metrics.predictions import accuracy, agreement
from snnctl.ttfs.hardware import Constraints, constrained
from snnctl.ttfs.timeline import spiking_layers, timeline

IMAGES = 37
HIDDEN = ("conv2d", "dense")


@pytest.fixture(scope="module")
def measured():
    """A convolutional spiking network with one window too narrow, its inputs, the batches and the figures."""
    keras.utils.set_random_seed(0)
    L = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(5, 3, activation="relu", name="conv2d"),
            L.MaxPooling2D(2, name="pool"),
            L.Flatten(),
            L.Dense(9, activation="relu", name="dense"),
            L.Dense(3),
        ]
    )
    snn = build_spiking(model, SpikingSettings(input_range=(0.0, 1.0), dtype="float64", width=5.0))
    spiking_layers(snn)[0].width.assign(0.3)
    x = np.random.default_rng(0).uniform(-0.1, 1.1, (IMAGES, 8, 8, 1))
    return snn, x, *batches_and_figures(snn, x, 10, ("times",))


def test_spikes_are_those_of_the_equations(measured):
    snn, x, _, figures = measured
    found = reference.evaluate(snn, x)
    assert list(by_name(figures)) == list(HIDDEN)
    for name, layer in by_name(figures).items():
        assert layer["kind"] == "spiking"
        assert spikes_of(layer, IMAGES) == found.spikes(name) > 0
        assert layer["neurons"] == found.times[name][0].size
    crossing = found.crossings["conv2d"]
    narrow, wide = figures["layers"]
    assert narrow["saturated"] == np.count_nonzero(crossing.too_early) / found.spikes("conv2d") > 0
    assert wide["saturated"] == 0
    assert figures["saturated"] == pytest.approx(
        np.count_nonzero(crossing.too_early) / sum(found.spikes(name) for name in HIDDEN)
    )


def test_totals_leave_the_input_out(measured):
    _, x, _, figures = measured
    hidden = sum(spikes_of(layer, IMAGES) for layer in figures["layers"])
    assert figures["spikes_per_neuron"] == hidden / (IMAGES * (6 * 6 * 5 + 9))
    assert spikes_of(figures["input"], IMAGES) == np.count_nonzero(x > 0)
    assert figures["out_of_range"] == pytest.approx(np.mean((x < 0) | (x > 1)))
    assert figures["latency"] == figures["readout_latency"] == pytest.approx(1.0 + 0.3 + 5.0)


def test_the_last_spike_is_that_of_any_hidden_neuron(measured):
    snn, x, _, figures = measured
    found = reference.evaluate(snn, x)
    times = np.concatenate([found.times[name].reshape(IMAGES, -1) for name in HIDDEN], axis=1)
    last = np.where(np.isfinite(times), times, -np.inf).max(axis=1)
    assert np.all(np.isfinite(last))
    expected = {"mean": last.mean(), "median": np.median(last), "q95": np.quantile(last, 0.95), "max": last.max()}
    assert figures["last_spike"] == pytest.approx(expected)
    assert last.max() < figures["latency"]


def test_histograms_are_those_of_the_spike_times(measured):
    snn, x, _, figures = measured
    found = reference.evaluate(snn, x)
    for layer in (figures["input"], *figures["layers"]):
        window, times = found.windows[layer["name"]], found.times[layer["name"]]
        drawn = layer["first_spikes"]
        assert (drawn["start"], drawn["end"]) == pytest.approx((window.t_min, window.t_max))
        expected, _ = np.histogram(times[np.isfinite(times)], 50, (window.t_min, window.t_max))
        assert sum(drawn["counts"]) == expected.sum() == spikes_of(layer, IMAGES)
        # A rounding error moves the input's multiples of a bin; nothing else lies on a border.
        assert np.abs(np.array(drawn["counts"]) - expected).max() <= (1 if layer is figures["input"] else 0)


def test_times_are_handed_on_if_they_are_asked_for(measured):
    snn, x, batches, _ = measured
    found = reference.evaluate(snn, x)
    assert [len(batch) for batch in batches] == [10, 10, 10, 7]
    for window in timeline(snn):
        times = np.concatenate([batch.times(window.layer) for batch in batches])
        np.testing.assert_allclose(times, found.times[window.layer], atol=1e-9)
    assert batches[0].local_times("pool").shape == (10, 3, 3, 5)
    with pytest.raises(ValueError, match="no window"):
        batches[0].times("pool")
    with pytest.raises(KeyError, match="no layer 'flatten' fires"):
        batches[0].times("flatten")


def test_what_is_not_asked_for_is_not_there(measured):
    snn, x, _, _ = measured
    batches, _ = batches_and_figures(snn, x)
    with pytest.raises(KeyError, match="name it in the metric's needs"):
        batches[0].times("dense")


def test_the_batch_size_changes_no_figure(measured):
    snn, x, _, figures = measured
    _, again = batches_and_figures(snn, x, 23)
    assert again == figures


def test_an_image_without_spikes_has_no_last_one():
    snn = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(2)])
    snn = build_spiking(snn, SpikingSettings())
    spiking_layers(snn)[0].D.assign([-100.0] * 3)
    x = np.random.default_rng(0).random((5, 4)).astype("float32")
    _, figures = batches_and_figures(snn, x)
    assert figures["last_spike"] is None
    assert figures["spikes_per_neuron"] == figures["saturated"] == 0.0
    readout = figures["readouts"][0]
    assert (readout["name"], readout["synaptic_operations"]) == (snn.layers[-1].name, 0)


def test_on_other_hardware_the_spikes_are_those_that_are_really_fired(measured):
    snn, x, batches, figures = measured
    coarse = constrained(snn, Constraints(time_bits=2))
    seen, found = batches_and_figures(coarse, x, 10, ("times",))
    before, after = by_name(figures)["conv2d"], by_name(found)["conv2d"]
    exact = np.concatenate([batch.local_times("conv2d") for batch in batches])
    assert spikes_of(after, IMAGES) < spikes_of(before, IMAGES), "spikes moved to the end of the window are none"
    local = np.concatenate([batch.local_times("conv2d") for batch in seen])
    assert spikes_of(after, IMAGES) == np.count_nonzero(local)
    assert len(np.unique(local.round(9))) == 4
    assert np.abs(local - exact).max() < 0.3, "the input is rounded, too"
    assert spikes_of(found["input"], IMAGES) == np.count_nonzero(np.round(np.clip(x, 0, 1) * 3))


def test_measuring_twice_meets_the_same_jitter(measured):
    snn, x, _, figures = measured
    jittery = constrained(snn, Constraints(noise=0.2))
    _, first = batches_and_figures(jittery, x)
    _, again = batches_and_figures(jittery, x)
    assert first == again
    assert first["spikes_per_neuron"] != figures["spikes_per_neuron"]


def test_accuracy_and_agreement_of_whole_arrays():
    logits = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    assert accuracy(logits, np.array([0, 1, 1])) == pytest.approx(2 / 3)
    compared = agreement(logits, np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 1.5]]))
    assert compared.agreement == pytest.approx(2 / 3)
    assert (compared.max_logit_difference, compared.largest_logit) == (1.5, 3.0)
