"""Hardware constraints as part of whole networks: exchanged, saved, loaded, lowered, trained through."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

import networks
import snnctl.layers as ttfs
from oracle import check_events, outputs_of, spiking_form
from snnctl.events import Hardware
from snnctl.lowering import lower
from snnctl.models.network import as_dtype, precision
from snnctl.ttfs.hardware import Constraints, constrained, constraints_of, restart_jitter, with_quantized_weights
from snnctl.ttfs.timeline import spiking_layers, timeline

L = keras.layers
EVERYTHING = Constraints(noise=0.02, time_bits=5, weight_bits=5, threshold_bits=4, seed=3)


@pytest.fixture(scope="module")
def network() -> tuple[keras.Model, np.ndarray]:
    """A spiking network of every kind of neuron, with pools, relays, carried sums, linear stages; and images."""
    source, images = networks.source(networks.counted)
    return spiking_form(source, images, networks.SPAN, "float64"), images


def outputs(model: keras.Model, inputs: np.ndarray) -> list[np.ndarray]:
    """The outputs with the first jitter."""
    restart_jitter(model)
    return outputs_of(model, inputs)


def fired(model: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer of neurons fires, by name, with the first jitter."""
    names = [window.layer for window in timeline(model)]
    view = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    return dict(zip(names, outputs(view, inputs), strict=True))


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_constraints_are_exchanged_and_taken_away(network) -> None:
    model, inputs = network
    plain, on_hardware = outputs(model, inputs), constrained(model, EVERYTHING)
    assert not same(outputs(on_hardware, inputs), plain)
    assert [layer.name for layer in on_hardware.layers] == [layer.name for layer in model.layers]
    assert on_hardware.name == model.name
    for new, old in zip(on_hardware.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert timeline(on_hardware) == timeline(model)
    assert len(on_hardware.trainable_weights) == len(model.trainable_weights)
    assert constraints_of(on_hardware) == EVERYTHING
    assert constraints_of(constrained(on_hardware, Constraints(time_bits=3))) == Constraints(time_bits=3)
    restored = constrained(on_hardware, Constraints())
    assert same(outputs(restored, inputs), plain)
    assert restored.get_config() == model.get_config()


@pytest.mark.parametrize(
    "constraints", [Constraints(weight_bits=4, w_min=-0.5, w_max=0.0), EVERYTHING], ids=["w", "all"]
)
def test_what_is_written_into_a_chip_computes_the_same(network, constraints: Constraints) -> None:
    model, inputs = network
    on_hardware = constrained(model, constraints)
    chip = with_quantized_weights(on_hardware)
    assert same(outputs(chip, inputs), outputs(on_hardware, inputs))
    assert constraints_of(chip) == constraints.times_only()
    for layer in spiking_layers(chip):
        assert all(len(np.unique(synapses.kernel)) <= 32 for synapses in layer.synapses if synapses.weights)
        assert len(np.unique(layer.D)) <= 16 or not constraints.threshold_bits


def test_a_file_and_another_precision_keep_them(network, tmp_path) -> None:
    model, inputs = network
    on_hardware = constrained(model, EVERYTHING)
    on_hardware.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert constraints_of(loaded) == EVERYTHING
    assert same(outputs(loaded, inputs), outputs(on_hardware, inputs))
    single = as_dtype(on_hardware, "float32")
    assert constraints_of(single) == EVERYTHING
    assert single.outputs[0].dtype == "float32"


@pytest.mark.parametrize(
    "constraints",
    [
        Constraints(weight_bits=4, w_min=-0.2, w_max=0.3),
        Constraints(weight_bits=4, w_max=-3.0),
        Constraints(threshold_bits=2, time_bits=5),
        Constraints(weight_bits=5, threshold_bits=4, time_bits=6),
    ],
)
def test_plain_data_has_the_same_weights_thresholds_and_levels(network, constraints: Constraints) -> None:
    model, inputs = network
    with precision("float64"):
        check_events(constrained(model, constraints), inputs)


def test_jitter_and_levels_are_left_to_the_simulator(network) -> None:
    model, _ = network
    assert lower(constrained(model, EVERYTHING)).hardware == Hardware(noise=0.02, time_bits=5, seed=3)
    assert lower(model).hardware == Hardware()


# Relays.


def branched() -> keras.Model:
    """Wide and narrow neurons wait together in two relays for a deep layer's level."""
    keras.utils.set_random_seed(1)
    with precision("float64"):
        start = keras.Input((4,))
        x = ttfs.InputCoding(name="coding")(start)
        wide, narrow = spiking("wide", width=3.0)(x), spiking("narrow")(x)
        deeper = spiking("deeper", width=0.5)(spiking("deep", width=0.5)(wide))
        waiting = ttfs.Relay(name="second")(ttfs.Relay(name="first")(L.Concatenate()([wide, narrow])))
        groups = [[L.Dense(2, use_bias=False)] for _ in range(2)]
        return keras.Model(start, ttfs.Readout(groups, name="readout")([deeper, waiting]))


def spiking(name: str, **options) -> ttfs.SpikingLayer:
    return ttfs.SpikingLayer(L.Dense(3, use_bias=False), name=name, **options)


def test_the_signs_of_pairs_of_neurons_are_no_weights_that_are_confined() -> None:
    """The carried tensor is relu(z) - relu(-z), read with -1, though the weights' range ends at 0.5."""
    keras.utils.set_random_seed(0)
    small = keras.initializers.RandomUniform(-0.4, 0.4, seed=1)
    inputs = keras.Input((6,))
    z = keras.layers.Dense(6, kernel_initializer=small)(inputs)
    branch = keras.layers.Dense(6, kernel_initializer=small, activation="relu")(z)
    outputs = keras.layers.Dense(3, kernel_initializer=small)(keras.layers.Add()([z, branch]))
    images = np.random.default_rng(0).uniform(size=(64, 6)).astype("float32")
    snn = spiking_form(keras.Model(inputs, outputs), images, (0.0, 1.0), "float32")
    assert any(layer.signed for layer in spiking_layers(snn))
    hardware = constrained(snn, Constraints(weight_bits=16, w_min=-0.5, w_max=0.5))
    for network in (hardware, with_quantized_weights(hardware)):
        np.testing.assert_allclose(network(images), snn(images), atol=1e-3)
    check_events(hardware, images)


def test_relays_round_in_the_window_of_the_widest_spikes_they_carry() -> None:
    times = fired(constrained(branched(), Constraints(time_bits=3)), np.random.default_rng(0).uniform(0, 1, (50, 4)))
    rounded = np.round(np.concatenate([times["wide"], times["narrow"]], axis=1) / (3 / 7)) * (3 / 7)
    np.testing.assert_allclose(times["first"], rounded, atol=1e-12)
    np.testing.assert_allclose(times["second"], rounded, atol=1e-12)


def test_relays_jitter_each_time_and_leave_the_silent_ones_silent() -> None:
    times = fired(constrained(branched(), Constraints(noise=0.3)), np.random.default_rng(0).uniform(0, 1, (50, 4)))
    before = np.concatenate([times["wide"], times["narrow"]], axis=1)
    for earlier, later in ((before, times["first"]), (times["first"], times["second"])):
        silent = earlier <= 0
        assert silent.any()
        assert (later[silent] == 0).all()
        assert np.std((later - earlier)[~silent]) == pytest.approx(0.3, rel=0.2)
        assert (later >= 0).all()
        assert (later <= 3).all()


def test_the_windows_of_relays_follow_those_that_grow() -> None:
    model = constrained(branched(), Constraints(time_bits=1))
    relays = [model.get_layer(name) for name in ("first", "second")]
    assert [float(relay.width) for relay in relays] == [3.0, 3.0]
    model.get_layer("wide").width.assign(7.0)
    assert [float(relay.width) for relay in relays] == [7.0, 7.0]
    assert set(np.unique(fired(model, np.full((1, 4), 9.0))["first"][:, :3])) <= {0.0, 7.0}


# Training.


@pytest.mark.parametrize(("dtype", "xla"), [("float32", True), pytest.param("float64", False, marks=pytest.mark.long)])
def test_networks_train_through_all_of_them(dtype: str, xla: bool) -> None:
    x = np.random.default_rng(0).uniform(0, 1, (64, 6)).astype(dtype)
    y = (x.sum(axis=1) > 3).astype(int)
    keras.utils.set_random_seed(0)
    with precision(dtype):
        start = keras.Input((6,))
        hidden = ttfs.SpikingLayer(L.Dense(12, use_bias=False), width=0.5, gamma=1.5, name="hidden")
        spikes = hidden(ttfs.InputCoding()(start))
        model = keras.Model(start, ttfs.Readout(L.Dense(2, use_bias=False), name="out")(spikes))
        model = constrained(model, replace(EVERYTHING, time_bits=6))
        before = model.get_weights()
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
        fast = {"jit_compile": xla, "steps_per_execution": 4}
        model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"], **fast)
        history = model.fit(x, y, epochs=25, batch_size=16, verbose=0).history
    assert history["accuracy"][-1] > 0.8 > history["accuracy"][0]
    assert float(model.get_layer("hidden").width) > 0.5
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert not np.array_equal(before[0], model.get_weights()[0])
