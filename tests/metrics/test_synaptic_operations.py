"""Synaptic operations, spike by spike and synapse by synapse."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from probing import synapses

import graphs
import networks
import oracle
import reference
from counting import batches_and_figures, by_name
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.fan_out import leaving
from snnctl.conversion.graph import graph_of, sized
from snnctl.metrics.synaptic_operations import fan_outs, operations
from snnctl.models import precision

L = keras.layers
IMAGES = 11
SHAPE = (7, 6, 2)


def plain():
    """Borders, strides and pools that overlap."""
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            L.Conv2D(4, 3, padding="same", activation="relu"),
            L.MaxPooling2D(3, 2, padding="same"),
            L.Conv2D(5, 2, strides=2, padding="same", activation="relu"),
            L.Flatten(),
            L.Dense(3),
        ]
    )


def latest():
    """A pool behind a normalisation, some of whose channels pass the latest spike; a pool of a pool; an average."""
    x = keras.Input(SHAPE)
    y = L.BatchNormalization()(L.ReLU()(L.Conv2D(4, 3)(x)))
    y = L.MaxPooling2D(2, 1)(L.MaxPooling2D(2, 1)(y))
    return keras.Model(x, L.Dense(3)(L.GlobalAveragePooling2D()(y)))


def bottleneck():
    """Signed neurons, relays of them and of others, a sum; two outputs."""
    x = keras.Input(SHAPE)
    first = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    low = L.BatchNormalization()(L.Conv2D(3, 1)(first))
    for _ in range(2):
        y = L.ReLU(1.5)(L.DepthwiseConv2D(3, padding="same")(L.ReLU()(L.Conv2D(6, 1)(low))))
        low = L.Add()([low, L.Conv2D(3, 1)(y)])
    y = L.Concatenate()([first, L.Conv2D(2, 2, padding="same", activation="relu")(low)])
    return keras.Model(x, [L.Dense(3)(L.GlobalMaxPooling2D()(y)), L.Dense(2)(L.Flatten()(L.MaxPooling2D(2)(first)))])


@pytest.fixture(scope="module", params=[plain, latest, bottleneck])
def measured(request):
    """The spiking network, inputs, the reference's spikes, the batches and the figures."""
    keras.utils.set_random_seed(1)
    with precision("float64"):
        source = request.param()
        networks.randomize(source, np.random.default_rng(5))
        x = np.random.default_rng(2).uniform(0, 1, (IMAGES, *SHAPE)) * (np.arange(IMAGES) % 3 != 0)[:, None, None, None]
        snn = oracle.spiking_form(source, x, (0.0, 1.0), "float64")
    return snn, x, reference.evaluate(snn, x), *batches_and_figures(snn, x, 4, ("times",))


def events(snn: keras.Model, found: reference.Evaluation) -> dict[str, np.ndarray]:
    """By target, how many synapses the spikes of each image reach, one by one."""
    counted: dict[str, np.ndarray] = {}
    for (source, target), matrix in synapses(snn).items():
        fired = np.isfinite(found.times[source]).reshape(len(found.times[source]), -1)
        counted[target] = counted.get(target, 0) + (fired[:, :, None] * matrix[None]).sum(axis=(1, 2)).astype(int)
    return counted


def test_operations_are_the_synapses_that_spikes_reach(measured):
    snn, _, found, batches, figures = measured
    expected = events(snn, found)
    for number, batch in enumerate(batches):
        part = slice(4 * number, 4 * number + len(batch))
        assert batch.synaptic_operations == {name: counts[part].sum() for name, counts in expected.items()}
    layers = {**by_name(figures), **{readout["name"]: readout for readout in figures["readouts"]}}
    assert {name: layer["synaptic_operations"] for name, layer in layers.items()} == {
        name: counts.sum() / IMAGES for name, counts in expected.items()
    }
    relays = {layer["name"] for layer in figures["layers"] if layer["kind"] == "relay"}
    assert figures["relay_synaptic_operations"] == sum(expected[name].sum() for name in relays) / IMAGES
    others = sum(counts.sum() for name, counts in expected.items() if name not in relays)
    assert figures["synaptic_operations"] == pytest.approx(others / IMAGES, rel=1e-15)
    assert figures["synaptic_operations"] > 0


def test_operations_image_by_image(measured):
    snn, _, found, _, _ = measured
    fans = fan_outs(snn)
    fired = {fan.source: np.isfinite(found.times[fan.source]) for fan in fans}
    for name, counts in operations(fans, fired).items():
        np.testing.assert_array_equal(counts, events(snn, found)[name], err_msg=name)


def test_multiply_accumulates_are_the_synapses_of_all_and_of_nonzero_values(measured):
    snn, _, _, batches, figures = measured
    relays = {fan.target for fan in fan_outs(snn) if fan.relayed}
    local = {
        source.name: np.concatenate([batch.local_times(source.name) for batch in batches])
        for source in batches[0].network.sources
    }
    macs, nonzero = 0, 0
    for (source, target), matrix in synapses(snn).items():
        if target not in relays:
            macs += int(matrix.sum())
            carried = local[source].reshape(IMAGES, -1) != 0
            nonzero += int((carried[:, :, None] * matrix[None]).sum())
    assert (figures["macs"], figures["nonzero_macs"]) == (macs, nonzero / IMAGES)
    energy = figures["energy"]
    paid = figures["synaptic_operations"] + figures["relay_synaptic_operations"]
    assert energy["spiking_nj"] == pytest.approx(0.9e-3 * paid)
    assert energy["relu_nj"] == pytest.approx(4.6e-3 * macs)
    assert energy["relu_nonzero_nj"] == pytest.approx(4.6e-3 * nonzero / IMAGES)


@pytest.mark.parametrize("seed", range(6))
def test_fan_out_of_every_neuron_of_random_networks(seed: int):
    network = graphs.grow(seed, numbers=False)
    snn = build_spiking(network.model, SpikingSettings(input_range=network.input_range))
    expected = {key: matrix.sum(axis=1) for key, matrix in synapses(snn).items()}
    found = {(fan.source, fan.target): fan.synapses for fan in fan_outs(snn)}
    assert found.keys() == expected.keys()
    counted = {key: counts for key, counts in found.items() if counts is not None}
    assert len(counted) > len(found) / 2
    for key, counts in counted.items():
        assert counts.dtype == np.int64
        np.testing.assert_array_equal(counts.reshape(-1), expected[key], err_msg=str(key))


def test_without_pools_it_is_what_leaves_each_layer():
    snn = build_spiking(bottleneck(), SpikingSettings())
    graph = graph_of(snn)
    names = {step.outputs[0]: step.name for step in graph.steps}
    pools = {fan.source for fan in fan_outs(snn) if "pool" in fan.source}
    assert pools
    for key, count in leaving(graph).items():
        own = [fan.synapses for fan in fan_outs(snn) if fan.source == names[key]]
        total = sum(int(counts.sum()) for counts in own if counts is not None)
        assert total <= count, "behind a pool, synapses are the pool's"
    assert sum(leaving(graph).values()) > sum(int(fan.synapses.sum()) for fan in fan_outs(snn))  # type: ignore[union-attr]


def test_what_cannot_be_counted_is_told_so():
    x = keras.Input((12,))
    y = L.Reshape((4, 3))(L.Dense(12, "relu")(x))
    model = keras.Model(x, L.Dense(2)(L.Flatten()(L.Conv1D(3, 2, activation="relu")(y))))
    snn = build_spiking(model, SpikingSettings())
    _, figures = batches_and_figures(snn, np.random.default_rng(0).random((5, 12)).astype("float32"))
    counted = [layer["synaptic_operations"] for layer in (*figures["layers"], *figures["readouts"])]
    assert [count is None for count in counted] == [False, True, False]
    for key in ("synaptic_operations", "macs", "nonzero_macs"):
        assert figures[key] is None
    assert figures["energy"]["spiking_nj"] is figures["energy"]["relu_nj"] is None
    assert figures["relay_synaptic_operations"] == 0


def test_an_input_whose_size_is_open_is_fixed_by_the_data():
    x = keras.Input((None, None, 1))
    y = L.GlobalAveragePooling2D()(L.Conv2D(3, 3, activation="relu")(x))
    snn = build_spiking(keras.Model(x, L.Dense(2)(y)), SpikingSettings())
    with pytest.raises(ValueError, match="fixed size"):
        fan_outs(snn)
    images = np.random.default_rng(0).random((5, 6, 5, 1)).astype("float32")
    _, figures = batches_and_figures(snn, images)
    assert figures["macs"] == 4 * 3 * 9 * 3 + 4 * 3 * 3 * 2
    assert figures["input"]["neurons"] == 30
    assert {fan.target: int(fan.synapses.sum()) for fan in fan_outs(sized(snn, (6, 5, 1)))} == dict(  # type: ignore[union-attr]
        zip(_targets(figures), (4 * 3 * 9 * 3, 4 * 3 * 3 * 2), strict=True)
    )


def _targets(figures: dict[str, Any]) -> list[str]:
    return [layer["name"] for layer in (*figures["layers"], *figures["readouts"])]
