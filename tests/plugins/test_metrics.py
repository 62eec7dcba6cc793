"""Metrics of plugins: measured side by side, and what one does wrong is its own failure."""

import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from snnctl.builtin.metrics.answers import Accuracy
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.data.dataset import Samples
from snnctl.errors import PluginError
from snnctl.metrics.batch import Batch
from snnctl.plugins import Registry, load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.measure import measure

Install = Callable[..., Registry]
PACKAGE = """
    import numpy as np
    from snnctl.plugins import Metric, hookimpl

    class Silent(Metric):
        name, summary = "quiet", "Neurons that never fire"
        networks = ("snn",)
        needs = ("spikes",)

        def __init__(self, network):
            super().__init__(network)
            self.fired = {{layer.name: 0 for layer in network.layers}}

        def add(self, batch):
            print("hello")
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


@pytest.fixture(scope="module")
def network() -> tuple[keras.Model, keras.Model, Samples]:
    """A ReLU network, its spiking form, and samples."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(3)])
    random = np.random.default_rng(0)
    samples = Samples(random.random((20, 6)).astype("float32"), random.integers(3, size=20))
    return model, build_spiking(model, SpikingSettings(width=5.0)), samples


def figures(network: tuple, registry: Registry, kind: str = "snn", **options: Any) -> tuple[dict, list[str]]:
    reporter, warnings = SilentReporter(), []
    reporter.warn = warnings.append
    model = network[0] if kind == "relu" else network[1]
    measured = measure(model, kind, network[2], 8, reporter, "", registry=registry, **options)
    return measured, warnings


def test_figures_of_plugins_stand_under_their_own_name(install, network, capsys):
    own, _ = figures(network, load_registry(entry_points=False))
    registry = install(pp_good=PACKAGE.format(body="register(Silent); register(Latest)"))
    measured, warnings = figures(network, registry)
    hidden = np.maximum(0, np.asarray(network[0].layers[0](network[2].inputs)))
    plugins = measured.pop("plugins")
    assert plugins["quiet"] == {"neurons": np.count_nonzero(hidden.max(axis=0) == 0)}
    assert plugins["latest"]["time"] == pytest.approx(measured["last_spike"]["max"])
    assert plugins["latest"]["seen"] == [1.0, None]
    assert measured == own, "snnctl's own figures stay as they are"
    assert "plugins" not in figures(network, registry, "relu")[0], "they are of spiking networks only"
    assert warnings == []
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("hello")) == ("", 3)


RAISES = "(_ for _ in ()).throw(ValueError('no luck'))"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (f"'__init__': lambda self, network: {RAISES}", "ValueError: no luck"),
        (f"'add': lambda self, batch: {RAISES}", "ValueError: no luck"),
        ("'result': lambda self: exit()", "SystemExit"),
        ("'add': lambda self, batch: batch.times('hidden')", "name it in the metric"),
        ("'result': lambda self: 3", "its result is int 3, which is no mapping of figures"),
        ("'result': lambda self: {'a': {'b': object}}", "its figure 'a.b' is type <class 'object'>"),
        ("'result': lambda self: {1: 2}", "a figure is called 1, which is no text"),
        ("'result': lambda self: {'a': [10**5000]}", "its figure 'a' is a whole number of 16,610 bits, which is too"),
        ("'result': lambda self: {'a': {'b': '\\ud800'}}", r"its figure 'a.b' is '\ud800', which is no text"),
        ("'result': lambda self: {'a': (lambda f: f(f, 99))(lambda f, n: [f(f, n - 1)] if n else 0)}", "32 deep"),
        ("'add': lambda self, batch: batch.outputs[0].fill(0)", "ValueError: assignment destination is read-only"),
        ("'add': lambda self, batch: batch.synaptic_operations.clear()", "AttributeError"),
    ],
)
def test_a_metric_that_fails_is_told_once_and_the_rest_is_measured(install, network, attributes, message):
    body = f"register(type('Bad', (Silent,), {{'name': 'bad', {attributes}}})); register(Silent)"
    registry = install(pp_bad=PACKAGE.format(body=body))
    measured, [warning] = figures(network, registry, metrics=["bad", "accuracy", "quiet"])
    assert list(measured["plugins"]) == ["quiet"]
    assert message in measured["failed_metrics"]["bad"]
    assert measured["accuracy"] >= 0
    assert warning.startswith("plugin pp-bad (pp-bad): register_metrics: metric 'bad' fails while measuring: ")
    assert message in warning


def test_only_what_is_asked_for_is_measured(network: tuple) -> None:
    registry = load_registry(entry_points=False)
    measured, _ = figures(network, registry, metrics=["accuracy", "spikes", "latency", "saturation"])
    assert {"accuracy", "spikes_per_neuron", "latency", "saturated"} <= measured.keys()
    assert not {"loss", "macs", "energy", "plugins", "confusion_matrix"} & measured.keys()
    assert "first_spikes" not in measured["layers"][0]
    with pytest.raises(PluginError, match="no metric called 'acuracy'") as caught:
        figures(network, registry, metrics=["acuracy"])
    assert "accuracy" in caught.value.todo


def test_logits_are_not_kept(network: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier: list[weakref.ref] = []
    add = Accuracy.add

    def watching(metric: Accuracy, batch: Batch) -> None:
        assert not [logits for logits in earlier if logits() is not None]
        earlier.append(weakref.ref(batch.outputs[0]))
        add(metric, batch)

    monkeypatch.setattr(Accuracy, "add", watching)
    measure(network[0], "relu", network[2], 8, SilentReporter(), "", metrics=["accuracy"])
    assert len(earlier) == 3
