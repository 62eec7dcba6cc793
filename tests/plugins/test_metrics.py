"""Metrics of plugins: registered late, measured side by side, and what one does wrong is its own problem."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import fake_package
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.data.dataset import Samples
from snnctl.errors import PluginError
from snnctl.plugins import Registry, load_registry
from snnctl.plugins.metrics import collect_metrics
from snnctl.progress import SilentReporter
from snnctl.verbs.measure import measure

Load = Callable[..., Registry]

PACKAGE = """
    import numpy as np
    from snnctl.plugins import Metric, hookimpl

    ASKED = []

    class Silent(Metric):
        name = "quiet"
        summary = "Neurons that never fire"
        networks = ("snn",)
        needs = ("spikes",)

        def __init__(self, network):
            super().__init__(network)
            self.fired = {{layer.name: 0 for layer in network.layers}}

        def add(self, batch):
            for name in self.fired:
                self.fired[name] = self.fired[name] + batch.spikes(name)

        def result(self):
            return {{"neurons": sum(np.count_nonzero(count == 0) for count in self.fired.values())}}

    class Latest(Silent):
        name = "latest"
        needs = ("times",)

        def __init__(self, network):
            super().__init__(network)
            self.latest = 0.0

        def add(self, batch):
            for layer in self.network.layers:
                times = batch.times(layer.name)
                self.latest = max(self.latest, times[np.isfinite(times)].max(initial=0.0))

        def result(self):
            return {{"time": self.latest, "seen": [np.float32(1), None]}}

    @hookimpl
    def register_metrics(register):
        {body}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """A function that installs packages, each with the given body of the hook, and loads the registry."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = []

    def install_and_load(**bodies: str) -> Registry:
        for module, body in bodies.items():
            fake_package.install(tmp_path, module, PACKAGE.format(body=body))
            modules.append(module)
        return load_registry()

    yield install_and_load
    for module in modules:
        sys.modules.pop(module, None)


class Warned(SilentReporter):
    """Remembers warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture(scope="module")
def network() -> tuple[keras.Model, keras.Model, Samples]:
    """A ReLU network, its spiking form, and samples."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(3)])
    random = np.random.default_rng(0)
    samples = Samples(random.random((20, 6)).astype("float32"), random.integers(3, size=20))
    return model, build_spiking(model, SpikingSettings(width=5.0)), samples


def figures(network: tuple, registry: Registry, kind: str = "snn", **options: Any) -> tuple[dict, list[str]]:
    """What is measured, and warnings."""
    reporter = Warned()
    model = network[0] if kind == "relu" else network[1]
    found, _ = measure(model, kind, network[2], 8, reporter, "", registry=registry, **options)
    return found, reporter.warnings


def test_a_plugins_figures_stand_under_its_own_name(load: Load, network: tuple) -> None:
    own, _ = figures(network, load_registry(entry_points=False))
    registry = load(metrics_good="register(Silent); register(Latest)")
    found, warnings = figures(network, registry)
    assert warnings == []
    hidden = np.maximum(0, np.asarray(network[0].layers[0](network[2].inputs)))
    plugins = found.pop("plugins")
    assert plugins["quiet"] == {"neurons": np.count_nonzero(hidden.max(axis=0) == 0)}
    assert plugins["latest"]["time"] == pytest.approx(found["last_spike"]["max"])
    assert plugins["latest"]["seen"] == [1.0, None]
    assert found == own, "snnctl's own figures stay as they are"


def test_the_hook_is_called_only_when_something_is_measured(load: Load, network: tuple) -> None:
    registry = load(metrics_late="ASKED.append(1); register(Silent)")
    [plugin] = [plugin for plugin in registry.plugins if plugin.package == "metrics-late"]
    assert plugin.metrics
    assert sys.modules["metrics_late"].ASKED == []
    figures(network, registry)
    assert sys.modules["metrics_late"].ASKED == [1]


def test_metrics_of_other_networks_are_left_out(load: Load, network: tuple) -> None:
    found, warnings = figures(network, load(metrics_good="register(Silent)"), "relu")
    assert "plugins" not in found
    assert warnings == []
    assert found["type"] == "relu"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("1 / 0", "register_metrics fails: ZeroDivisionError"),
        ("raise SystemExit", "register_metrics fails: SystemExit"),
        ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("register()", "register_metrics fails: TypeError"),
        ("register(Silent(None))", "register_metrics fails: AttributeError"),
        ("register(Silent.__new__(Silent))", "registers an instance of Silent; register the class"),
        ("register(dict)", "registers type <class 'dict'>, which is no subclass of Metric"),
        ("register('Silent')", "registers str 'Silent', which is no subclass of Metric"),
        ("register(type('A', (Silent,), {'name': 'No Good'}))", "A has the name 'No Good'; use lower case"),
        ("register(type('A', (Metric,), {'name': 'a'}))", "metric 'a' lacks the method add, result"),
        ("register(type('A', (Silent,), {'name': 'a', 'summary': 1}))", "metric 'a' has summary = 1"),
        ("register(type('A', (Silent,), {'name': 'a', 'networks': ('ann',)}))", "metric 'a' has networks = ('ann',)"),
        ("register(type('A', (Silent,), {'name': 'a', 'networks': ()}))", "metric 'a' has networks = ()"),
        ("register(type('A', (Silent,), {'name': 'a', 'needs': 'spikes'}))", "metric 'a' has needs = 'spikes'"),
        ("register(type('A', (Silent,), {'name': 'a', 'needs': ('gold',)}))", "which must be some of labels, inputs"),
        ("register(type('A', (Silent,), {'name': 'accuracy'}))", "metric 'accuracy' is already provided by snnctl"),
    ],
)
def test_a_broken_hook_is_one_problem_and_the_rest_stays(load: Load, body: str, message: str) -> None:
    registry = load(metrics_broken=body, metrics_good="register(Silent)")
    warned: list[str] = []
    entries = registry.metrics(warn=warned.append)
    assert entries["quiet"].hook.package == "metrics-good"
    assert entries["accuracy"].own
    [problem] = warned
    assert problem.startswith("plugin metrics-broken (metrics-broken): ")
    assert message in problem
    registry.metrics(warn=warned.append)
    assert len(warned) == 1, "it is told once"
    assert [p.hook for p in registry.problems if p.package == "metrics-broken"] == ["register_metrics"]


RAISES = "(_ for _ in ()).throw(ValueError('no luck'))"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (f"'__init__': lambda self, network: {RAISES}", "fails while measuring: ValueError: no luck"),
        (f"'add': lambda self, batch: {RAISES}", "fails while measuring: ValueError: no luck"),
        (f"'result': lambda self: {RAISES}", "fails while measuring: ValueError: no luck"),
        ("'add': lambda self, batch: exit()", "fails while measuring: SystemExit"),
        ("'add': lambda self, batch: batch.times('hidden')", "name it in the metric"),
        ("'result': lambda self: 3", "its result is int 3, which is no mapping of figures"),
        ("'result': lambda self: {'a': {'b': object}}", "its figure 'a.b' is type <class 'object'>"),
        ("'result': lambda self: {1: 2}", "a figure is called 1, which is no text"),
        ("'result': lambda self: {'a': [10**5000]}", "its figure 'a' is a whole number of 16,610 bits, which is too"),
        ("'result': lambda self: {'a': {'b': '\\ud800'}}", r"its figure 'a.b' is '\ud800', which is no text"),
        ("'result': lambda self: {'\\ud800': 1}", r"a figure is called '\ud800', which is no text"),
        ("'result': lambda self: {'a': (lambda f: f(f, 99))(lambda f, n: [f(f, n - 1)] if n else 0)}", "32 deep"),
        ("'add': lambda self, batch: batch.outputs[0].fill(0)", "ValueError: assignment destination is read-only"),
        (
            "'add': lambda self, batch: batch.spikes('hidden').fill(0)",
            "ValueError: assignment destination is read-only",
        ),
        ("'add': lambda self, batch: batch.found['spikes'].clear()", "AttributeError"),
        ("'add': lambda self, batch: batch.synaptic_operations.clear()", "AttributeError"),
    ],
)
def test_a_metric_that_fails_is_told_once_and_the_rest_is_measured(
    load: Load, network: tuple, attributes: str, message: str
) -> None:
    broken = f"register(type('Bad', (Silent,), {{'name': 'bad', {attributes}}}))"
    registry = load(metrics_broken=broken, metrics_good="register(Silent)")
    found, warnings = figures(network, registry)
    assert "quiet" in found["plugins"]
    assert "bad" not in found["plugins"]
    assert list(found["failed_metrics"]) == ["bad"]
    assert message in found["failed_metrics"]["bad"]
    assert found["accuracy"] >= 0
    [problem] = warnings
    whose = "plugin metrics-broken (metrics-broken): register_metrics: metric 'bad'"
    assert problem.startswith(f"{whose} fails while measuring: ")
    assert message in problem


def test_batches_are_the_same_for_every_metric(load: Load, network: tuple) -> None:
    wiping = """
        def wipe(self, batch):
            for values in (*batch.outputs, batch.inputs, batch.labels, *batch.found["spikes"].values()):
                try:
                    values[...] = 0
                except ValueError:
                    pass
        register(type("First", (Silent,), {"name": "first", "needs": ("spikes", "inputs", "labels"), "add": wipe}))
        register(Silent)
"""
    samples = network[2]
    before = samples.inputs.copy(), samples.labels.copy()
    alone, _ = figures(network, load(metrics_good="register(Silent)"))
    found, _ = figures(network, load(metrics_bad=wiping.strip()))
    assert found["plugins"]["quiet"] == alone["plugins"]["quiet"]
    assert {**found, "plugins": 0} == {**alone, "plugins": 0}
    np.testing.assert_array_equal(samples.inputs, before[0])
    np.testing.assert_array_equal(samples.labels, before[1])


def test_what_a_metric_prints_is_no_result(load: Load, network: tuple, capsys: pytest.CaptureFixture[str]) -> None:
    figures(network, load(metrics_noisy="register(type('A', (Silent,), {'add': lambda self, batch: print('hello')}))"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("hello") == 3


def test_only_what_is_asked_for_is_measured(load: Load, network: tuple) -> None:
    registry = load(metrics_good="register(Silent)")
    found, _ = figures(network, registry, metrics=["accuracy", "spikes", "latency", "saturation"])
    assert {"accuracy", "spikes_per_neuron", "latency", "saturated"} <= found.keys()
    assert not {"loss", "macs", "energy", "plugins", "confusion_matrix"} & found.keys()
    assert "first_spikes" not in found["layers"][0]
    with pytest.raises(PluginError, match="no metric called 'acuracy'") as caught:
        figures(network, registry, metrics=["acuracy"])
    assert "accuracy" in caught.value.todo


def test_snnctls_own_metrics_share_no_figure(network: tuple) -> None:
    entries = load_registry(entry_points=False).metrics()
    assert len(entries) > 10
    model, snn, samples = network
    for kind, shown in (("relu", model), ("snn", snn)):
        seen: dict[str, str] = {}
        for name in entries:
            found, _ = measure(shown, kind, samples, 8, SilentReporter(), "", metrics=[name])
            for key in found.keys() - {"type", "images", "input", "layers", "readouts"}:
                assert key not in seen, (key, name, seen[key])
                seen[key] = name


def test_snnctls_own_metrics_have_no_other_way_in() -> None:
    assert collect_metrics([], lambda *_: None) == {}
    assert Registry().metrics() == {}
    assert load_registry(builtins=False, entry_points=False).metrics() == {}
