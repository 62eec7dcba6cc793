"""Networks written to NIR and read again fire at the same times; the graph says so by itself, too."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import keras
import nir
import numpy as np
import pytest
from nir_evaluation import evaluate
from snnctl_nir.exporter import NirExporter
from snnctl_nir.reader import NirReader

import snnctl
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.calibrate import calibrate
from snnctl.conversion.graph import graph_of
from snnctl.errors import ModelError, UsageError
from snnctl.lowering import lower
from snnctl.metrics.observation import firing
from snnctl.plugins import ExportContext, ReadContext, load_registry
from snnctl.progress import SilentReporter
from snnctl.testing import check_exporter, check_reader
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constrained, constraints_of, restart_jitter
from snnctl.ttfs.timeline import spiking_layers, timeline
from snnctl.verbs.plugin_objects import neuron_of

L = keras.layers


def make_listener() -> SilentReporter:
    reporter = SilentReporter()
    reporter.notes, reporter.warnings = [], []
    reporter.note, reporter.warn = reporter.notes.append, reporter.warnings.append
    return reporter


def conv_net() -> keras.Model:
    """Borders with other thresholds, uneven padding, kernels that are not square, both kinds of pooling."""
    x = inputs = keras.Input((11, 10, 2))
    x = L.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = L.BatchNormalization()(x)
    x = L.Conv2D(5, (3, 1), padding="same", activation="relu")(x)
    x = L.MaxPooling2D(3, strides=1, padding="same")(x)
    x = L.Conv2D(4, 2, padding="same", dilation_rate=(1, 1), activation="relu")(x)
    x = L.AveragePooling2D(2)(x)
    x = L.Flatten()(x)
    return keras.Model(inputs, L.Dense(3)(x))


def branched_net() -> keras.Model:
    """Relays, a sum that is signed, a concatenation, depthwise and grouped convolutions, negative factors at a pool."""
    inputs = keras.Input((6, 7, 3))
    a = L.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    b = L.DepthwiseConv2D(3, padding="same", activation="relu")(a)
    b = L.Conv2D(4, (2, 3), padding="same", groups=2)(b)
    x = L.ReLU(6.0)(L.Add()([a, b]))
    x = L.MaxPooling2D(2)(L.BatchNormalization()(x))
    y = L.LeakyReLU()(L.Conv2D(2, 1)(x))
    x = L.Concatenate()([x, y])
    x = L.MaxPooling2D(2)(L.Conv2D(3, 2)(x))
    return keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x)))


def row_net() -> keras.Model:
    """Sequences, and a transposed convolution, which NIR has as a matrix only."""
    inputs = keras.Input((9, 2))
    x = L.Conv1D(3, 4, padding="same", dilation_rate=2, activation="relu")(inputs)
    x = L.MaxPooling1D(2, padding="same")(x)
    x = L.UpSampling1D(2)(L.Conv1DTranspose(2, 3, strides=2, activation="relu")(x))
    return keras.Model(inputs, L.Dense(2)(L.Flatten()(x)))


def dense_net() -> keras.Model:
    hidden = [L.Dense(6, activation="relu") for _ in range(2)]
    return keras.Sequential([keras.Input((4, 4, 1)), L.Flatten(), *hidden, L.Dense(3)])


NETWORKS = {"dense": dense_net, "conv": conv_net, "branched": branched_net, "row": row_net}
QUICK = ("dense", "conv")
EACH = [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in NETWORKS]
SETTINGS = ("name", "neuron", "windows", "gamma", "max_value", "signed", "border_classes", "source", "train_D")


@cache
def spiking(build: Callable[[], keras.Model], neuron: str = "b1") -> tuple[keras.Model, np.ndarray]:
    """A spiking network with weights of all kinds, and inputs, some of which are silent."""
    keras.utils.clear_session(free_memory=False)  # names count from the start
    keras.utils.set_random_seed(3)
    random = np.random.default_rng(5)
    relu = build()
    for layer in relu.layers:
        if isinstance(layer, L.BatchNormalization):
            size = layer.gamma.shape
            sign = random.choice([-1.0, 1.0], size)
            layer.set_weights(
                [sign * random.uniform(0.5, 1.5, size), *random.normal(0, 0.3, (2, *size)), np.ones(size)]
            )
        elif layer.weights:
            layer.bias.assign(random.normal(0, 0.1, layer.bias.shape))
    inputs = random.uniform(-1, 2, (4, *relu.input_shape[1:])).astype("float32")
    snn = build_spiking(
        relu, SpikingSettings(input_range=(-1.0, 2.0), neuron=neuron_of(neuron, load_registry()), width=4.0)
    )
    if neuron == "b1":
        calibrate(snn, inputs, quantile=0.98, zeta=0.0, batch_size=4, reporter=SilentReporter())
    return snn, inputs


def exported(snn: keras.Model, listener: SilentReporter | None = None, **options: int) -> bytes:
    context = ExportContext(snn, "net", listener or make_listener())
    (content,) = NirExporter().export(lower(snn), context, **options).values()
    return content


def read_again(content: bytes, folder: Path) -> keras.Model:
    path = folder / "network.nir"
    path.write_bytes(content)
    return NirReader().read(path, ReadContext()).model


def local_times(snn: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    carried: dict[str, np.ndarray] = {}
    (logits,) = firing(
        graph_of(snn), keras.ops.convert_to_tensor(inputs), lambda name, x, _: carried.update({name: np.asarray(x)})
    )
    return {**carried, "logits": np.asarray(logits)}


@pytest.mark.parametrize("name", EACH)
def test_spike_times_are_the_same_bit_for_bit_and_the_graph_alone_has_them(name: str, tmp_path: Path) -> None:
    snn, inputs = spiking(NETWORKS[name])
    content = exported(snn)
    assert exported(snn) == content
    again = read_again(content, tmp_path)
    before, after = local_times(snn, inputs), local_times(again, inputs)
    assert list(after) == list(before)
    for layer, times in before.items():
        np.testing.assert_array_equal(after[layer], times, err_msg=layer)
    ends = [[(window.layer, window.t_max) for window in timeline(network)] for network in (snn, again)]
    assert ends[0] == ends[1]
    for old, new in zip(spiking_layers(snn), spiking_layers(again), strict=True):
        for setting in SETTINGS:
            assert getattr(new, setting) == getattr(old, setting)

    graph = nir.read(io.BytesIO(content))  # with its own check of all types
    sent = evaluate(graph, np.moveaxis(inputs[0], -1, 0))
    compared = 0
    for node, about in ((name, node.metadata) for name, node in graph.nodes.items()):
        role, layer = about.get("snnctl.role"), about.get("snnctl.layer")
        if role not in ("input", "neurons", "readout"):
            continue
        expected, times = before["logits" if role == "readout" else layer][0], sent[node]
        expected = np.moveaxis(expected, -1, 0) if times.ndim == expected.ndim else expected.reshape(-1)
        np.testing.assert_allclose(times.reshape(expected.shape), expected, rtol=1e-5, atol=2e-5, err_msg=str(layer))
        compared += 1
    assert compared == len(timeline(snn)) + 1


def test_layers_become_the_nodes_that_they_are() -> None:
    snn, _ = spiking(conv_net)
    graph = nir.read(io.BytesIO(exported(snn)))
    kinds = [type(node).__name__ for node in graph.nodes.values()]
    assert kinds.count("Conv2d") == 3
    assert [kinds.count(kind) for kind in ("SumPool2d", "AvgPool2d", "Flatten", "Linear")] == [1, 1, 1, 1]
    assert graph.nodes["conv2d"].v_threshold.shape == (4, 6, 5)
    border = graph.nodes["conv2d_1"].v_threshold
    assert len(np.unique(border[0])) == 3  # fewer taps at the top and bottom: other thresholds


def test_neurons_fire_once_by_their_reset() -> None:
    """Even if all excitation of a presentation were still to come, no potential could reach its threshold again."""
    snn, _ = spiking(dense_net)
    graph = nir.read(io.BytesIO(exported(snn)))
    latency = graph.metadata["snnctl.latency"]
    for name in ("dense", "dense_1"):
        drive = np.maximum(graph.nodes[f"{name}_synapses"].weight, 0).sum(axis=1)
        node = graph.nodes[name]
        assert np.all(node.v_reset + (drive + 1) * latency < node.v_threshold)


@pytest.mark.long
def test_alpha1_neurons(tmp_path: Path) -> None:
    snn, inputs = spiking(dense_net, "alpha1")
    listener = make_listener()
    again = read_again(exported(snn, listener), tmp_path)
    for layer, times in local_times(snn, inputs).items():
        np.testing.assert_allclose(local_times(again, inputs)[layer], times, rtol=1e-6, atol=1e-6)
    assert any("constant current A of 12 alpha1 neurons" in note for note in listener.notes)


@pytest.mark.long
def test_constraints_are_kept(tmp_path: Path) -> None:
    snn, inputs = spiking(conv_net)
    rough = constrained(snn, Constraints(noise=0.01, time_bits=6, weight_bits=5, threshold_bits=6, seed=4))
    listener = make_listener()
    again = read_again(exported(rough, listener), tmp_path)
    assert constraints_of(again) == Constraints(noise=0.01, time_bits=6, seed=4)
    restart_jitter(rough)
    before = local_times(rough, inputs)
    restart_jitter(again)
    after = local_times(again, inputs)
    for layer, times in before.items():
        np.testing.assert_allclose(after[layer], times, rtol=1e-5, atol=1e-5, err_msg=layer)
    assert any("jitter and rounding of spike times are in the metadata" in note for note in listener.notes)


def test_what_nir_cannot_say_is_a_warning_and_notes() -> None:
    listener = make_listener()
    snn, _ = spiking(branched_net)
    exported(snn, listener)
    (warning,) = listener.warnings
    assert "NIR has no windows" in warning
    notes = "\n".join(listener.notes)
    for part in ("pools by first spike", "relay neurons", "weights of 0 between the groups", "-1 to 2"):
        assert part in notes


def test_what_nir_cannot_hold_is_refused_in_one_message() -> None:
    snn, _ = spiking(row_net)
    with pytest.raises(ModelError) as error:
        exported(snn, largest=50)
    message = str(error.value)
    assert "layer 'conv1d_transpose' (SpikingLayer), 4 of 7 would be a list of" in message
    assert "layer 'up_sampling1d' (UpSampling1D), 5 of 7 would be a list of" in message
    assert "--to-opt largest" in message
    with pytest.raises(UsageError, match="must not be negative"):
        exported(snn, largest=-1)


@pytest.mark.long
def test_a_file_is_measured_as_its_network_is_and_the_plugin_conforms(tmp_path: Path) -> None:
    data = {"data": "mnist-mini", "limit": 200}
    snnctl.train(arch="lenet5", epochs=1, out=tmp_path / "relu", **data)
    snnctl.convert(tmp_path / "relu", out=tmp_path / "snn", **data)
    snnctl.export(tmp_path / "snn", to="nir", out=tmp_path / "nir")
    before = snnctl.evaluate(tmp_path / "snn", **data).metrics
    after = snnctl.evaluate(tmp_path / "nir" / "network.nir", **data).metrics
    for figure in ("accuracy", "loss", "spikes_per_neuron", "latency", "synaptic_operations", "layers"):
        assert after[figure] == before[figure]
    check_exporter(NirExporter())
    check_reader(NirReader())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 210))
def test_random_networks_of_everything_that_converts(seed, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "tests")
    oracle = pytest.importorskip("oracle", reason="snnctl's own tests are not there")
    network = pytest.importorskip("graphs").grow(seed)
    snn = oracle.spiking_form(network.model, network.inputs, network.input_range, "float32")
    again = read_again(exported(snn), tmp_path)
    inputs = network.inputs.astype("float32")
    for one, other in zip(oracle.outputs_of(snn, inputs), oracle.outputs_of(again, inputs), strict=True):
        np.testing.assert_array_equal(one, other)
