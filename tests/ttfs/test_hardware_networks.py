"""Hardware constraints as part of whole networks: exchanged, saved, loaded, observed, trained through."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

import graphs
import oracle
import snnctl.layers as ttfs
from snnctl.models import as_dtype, precision
from snnctl.ttfs.hardware import Constraints, constrained, constraints_of, restart_jitter, with_quantized_weights
from snnctl.ttfs.observe import observed_firing
from snnctl.ttfs.timeline import relays, spiking_layers, timeline

L = keras.layers
EVERYTHING = Constraints(noise=0.02, time_bits=5, weight_bits=5, threshold_bits=4, seed=3)


@pytest.fixture(scope="module", params=[0, 3])
def grown(request) -> tuple[keras.Model, np.ndarray]:
    """A spiking network with branches, wiring, poolings, signed neurons, relays; and inputs."""
    network = graphs.grow(request.param)
    return oracle.spiking_form(network.model, network.inputs, network.input_range, "float64"), network.inputs


def outputs(model: keras.Model, inputs: np.ndarray) -> list[np.ndarray]:
    """The outputs with the first jitter."""
    restart_jitter(model)
    return oracle.outputs_of(model, inputs)


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


# Exchanging them.


def test_constraints_change_what_is_computed_and_taking_them_away_restores_it(grown):
    model, inputs = grown
    plain = outputs(model, inputs)
    on_hardware = constrained(model, EVERYTHING)
    assert not same(outputs(on_hardware, inputs), plain)
    assert same(outputs(model, inputs), plain)
    restored = constrained(on_hardware, Constraints())
    assert same(outputs(restored, inputs), plain)
    assert restored.get_config() == model.get_config()


def test_names_and_weights_stay(grown):
    model, _ = grown
    on_hardware = constrained(model, EVERYTHING)
    assert [layer.name for layer in on_hardware.layers] == [layer.name for layer in model.layers]
    assert on_hardware.name == model.name
    for new, old in zip(on_hardware.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert timeline(on_hardware) == timeline(model)
    assert len(on_hardware.trainable_weights) == len(model.trainable_weights)


def test_a_network_tells_its_constraints(grown):
    model, _ = grown
    assert constraints_of(model) == Constraints()
    assert constraints_of(constrained(model, EVERYTHING)) == EVERYTHING
    assert constraints_of(constrained(constrained(model, EVERYTHING), Constraints(time_bits=3))) == Constraints(
        time_bits=3
    )


@pytest.mark.parametrize(
    "constraints", [Constraints(weight_bits=4, w_min=-0.5, w_max=0.0), EVERYTHING], ids=["w", "all"]
)
def test_what_is_written_into_a_chip_computes_the_same(grown, constraints):
    model, inputs = grown
    on_hardware = constrained(model, constraints)
    chip = with_quantized_weights(on_hardware)
    assert same(outputs(chip, inputs), outputs(on_hardware, inputs))
    assert constraints_of(chip) == constraints.times_only()
    for layer in spiking_layers(chip):
        assert all(len(np.unique(synapses.kernel)) <= 32 for synapses in layer.synapses if synapses.weights)
        assert len(np.unique(layer.D)) <= 16 or not constraints.threshold_bits


def test_unconstrained_networks_cost_nothing(grown):
    model, _ = grown
    assert "constraints" not in str(model.get_config())
    assert len(model.variables) == len(model.weights)  # no seeds


# Files.


def test_a_file_keeps_them_and_opens_as_the_same_network(grown, tmp_path):
    model, inputs = grown
    on_hardware = constrained(model, EVERYTHING)
    on_hardware.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert constraints_of(loaded) == EVERYTHING
    assert same(outputs(loaded, inputs), outputs(on_hardware, inputs))


def test_a_file_opens_in_a_new_process(tmp_path):
    model, inputs = branched(), np.linspace(0, 1, 12).reshape(3, 4)
    on_hardware = constrained(model, EVERYTHING)
    on_hardware.save(tmp_path / "model.keras")
    program = (
        "import keras, sys, numpy, snnctl.layers\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "print(model(numpy.linspace(0, 1, 12).reshape(3, 4)).numpy().tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "model.keras")], capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-1:] == [outputs(on_hardware, inputs)[0].tobytes().hex()], done.stderr[-1000:]


def test_another_precision_keeps_them(grown):
    model, _ = grown
    single = as_dtype(constrained(model, EVERYTHING), "float32")
    assert constraints_of(single) == EVERYTHING
    assert single.outputs[0].dtype == "float32"


# Relays.


def branched(width: float = 3.0) -> keras.Model:
    """Wide and narrow neurons wait together in two relays for a deep layer's level."""
    keras.utils.set_random_seed(1)
    start = keras.Input((4,), dtype="float64")
    x = ttfs.InputCoding(name="coding", dtype="float64")(start)
    wide, narrow = spiking(3, width=width, name="wide")(x), spiking(3, name="narrow")(x)
    deep = spiking(3, width=0.5, name="deep")(wide)
    deeper = spiking(3, width=0.5, name="deeper")(deep)
    both = L.Concatenate(dtype="float64")([wide, narrow])
    waiting = ttfs.Relay(name="second", dtype="float64")(ttfs.Relay(name="first", dtype="float64")(both))
    groups = [[L.Dense(2, use_bias=False, dtype="float64")] for _ in range(2)]
    return keras.Model(start, ttfs.Readout(groups, name="readout", dtype="float64")([deeper, waiting]))


def spiking(units: int, **options) -> ttfs.SpikingLayer:
    return ttfs.SpikingLayer(L.Dense(units, use_bias=False, dtype="float64"), dtype="float64", **options)


def fired(model: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    """What each layer fires, by name."""
    view, names = observed_firing(model)
    restart_jitter(model)
    return {name: np.asarray(x) for name, x in zip(names, view(inputs)[2], strict=True)}


def test_relays_round_in_the_window_of_the_widest_spikes_they_carry():
    model, inputs = branched(), np.random.default_rng(0).uniform(0, 1, (50, 4))
    times = fired(constrained(model, Constraints(time_bits=3)), inputs)
    rounded = np.round(np.concatenate([times["wide"], times["narrow"]], axis=1) / (3 / 7)) * (3 / 7)
    np.testing.assert_allclose(times["first"], rounded, atol=1e-12)
    np.testing.assert_allclose(times["second"], rounded, atol=1e-12)


def test_relays_jitter_each_time_and_leave_the_silent_ones_silent():
    model, inputs = branched(), np.random.default_rng(0).uniform(0, 1, (50, 4))
    on_hardware = constrained(model, Constraints(noise=0.3))
    times = fired(on_hardware, inputs)
    before = np.concatenate([times["wide"], times["narrow"]], axis=1)
    for earlier, later in ((before, times["first"]), (times["first"], times["second"])):
        silent = earlier <= 0
        assert silent.any()
        assert (later[silent] == 0).all()
        assert np.std((later - earlier)[~silent]) == pytest.approx(0.3, rel=0.2)
        assert (later >= 0).all()
        assert (later <= 3).all()


def test_the_windows_of_relays_follow_those_that_grow():
    model = constrained(branched(), Constraints(time_bits=1))
    assert [float(relay.width) for relay in relays(model)] == [3.0, 3.0]
    model.get_layer("wide").width.assign(7.0)
    assert [float(relay.width) for relay in relays(model)] == [7.0, 7.0]
    assert set(np.unique(fired(model, np.full((1, 4), 9.0))["first"][:, :3])) <= {0.0, 7.0}


# Measuring and training.


def test_observing_shows_the_spikes_after_jitter_and_rounding(grown):
    model, inputs = grown
    on_hardware = constrained(model, replace(EVERYTHING, time_bits=2))
    seen = fired(on_hardware, inputs)
    widths = {window.layer: window.width for window in timeline(on_hardware)}
    for layer in spiking_layers(on_hardware):
        steps = seen[layer.name] / widths[layer.name] * 3
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
    assert same(fired(on_hardware, inputs).values(), seen.values())


@pytest.mark.parametrize(("dtype", "xla"), [("float32", True), pytest.param("float64", False, marks=pytest.mark.long)])
def test_networks_train_through_all_of_them(dtype, xla):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (64, 6)).astype(dtype)
    y = (x.sum(axis=1) > 3).astype(int)
    keras.utils.set_random_seed(0)
    start = keras.Input((6,), dtype=dtype)
    hidden = ttfs.SpikingLayer(
        L.Dense(12, use_bias=False, dtype=dtype), width=0.5, gamma=1.5, dtype=dtype, name="hidden"
    )
    spikes = hidden(ttfs.InputCoding(dtype=dtype)(start))
    model = keras.Model(start, ttfs.Readout(L.Dense(2, use_bias=False, dtype=dtype), dtype=dtype, name="out")(spikes))
    model = constrained(model, replace(EVERYTHING, time_bits=6))
    before = model.get_weights()
    model.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype),
        metrics=["accuracy"],
        jit_compile=xla,
        steps_per_execution=4,
    )
    with precision(dtype):
        history = model.fit(x, y, epochs=25, batch_size=16, verbose=0).history
    assert history["accuracy"][-1] > 0.8 > history["accuracy"][0]
    assert float(model.get_layer("hidden").width) > 0.5
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert not np.array_equal(before[0], model.get_weights()[0])


REPLICAS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
import snnctl.layers as ttfs
from snnctl.ttfs.hardware import Constraints, constrained

with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    inputs = keras.Input((1,))
    x = ttfs.SpikingLayer(ttfs.Diagonal(), width=9.0, name="hidden")(inputs)
    model = keras.Model(inputs, ttfs.Readout(ttfs.Diagonal())(x))
    model = constrained(model, Constraints(noise=0.5, weight_bits=4, time_bits=12))
    model.compile(keras.optimizers.SGD(0.0), "mse")
model.fit(np.full((4, 1), 4.0, "float32"), np.zeros((4, 1)), batch_size=4, shuffle=False, verbose=0)
print("predicted", model.predict(np.full((4, 1), 4.0, "float32"), batch_size=4, verbose=0).ravel().round(6).tolist())
"""


@pytest.mark.long
def test_every_replica_jitters_in_its_own_way():
    done = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True, check=False)
    assert "predicted [" in done.stdout, done.stderr[-2000:]
    values = json.loads(done.stdout.partition("predicted ")[2])
    assert len(set(values)) == 4
