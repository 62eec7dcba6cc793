"""``snnctl inspect`` and ``convert --plan``: the table of a network, and what would be made of one. Plain data."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import ConversionError, ModelError
from snnctl.plugins import Registry, load_registry
from snnctl.plugins.late_hook import LateHook
from snnctl.ttfs.timeline import latency, timeline
from snnctl.verbs.inspect import inspect
from snnctl.verbs.options import ConvertOptions, ModelSourceOptions
from snnctl.verbs.plan import plan
from snnctl.verbs.result import Given, Run

L = keras.layers


def inspected(model: keras.Model) -> dict[str, Any]:
    return json.loads(json.dumps(inspect(ModelSourceOptions(model="net"), Run(Registry(), given=Given(model)))))


def residual() -> keras.Model:
    """A network with a clipped ReLU, a skip connection, an average and a dropout."""
    x = inputs = keras.Input((6, 6, 2))
    x = first = L.Conv2D(4, 3, padding="same", activation="relu6", name="first")(x)
    x = L.BatchNormalization(name="norm")(L.Conv2D(4, 3, padding="same", use_bias=False, name="second")(x))
    x = L.ReLU(name="last")(L.Add(name="sum")([L.ReLU(name="inner")(x), first]))
    x = L.GlobalAveragePooling2D(name="mean")(L.Dropout(0.5, name="dropout")(L.MaxPooling2D(name="pool")(x)))
    return keras.Model(inputs, L.Dense(3, activation="softmax", name="readout")(x), name="residual")


def test_the_rows_of_a_relu_network_are_its_steps() -> None:
    said = inspected(residual())
    assert (said["type"], said["name"], said["converts"], said["obstacles"]) == ("relu", "residual", True, [])
    assert [row["name"] for row in said["layers"]][:4] == ["first", "second", "norm", "inner"]
    rows = {row["name"]: row for row in said["layers"]}
    first = rows["first"]
    assert (first["kind"], first["shape"], first["parameters"], first["reads"]) == ("Conv2D", [6, 6, 4], 76, ["input"])
    assert rows["sum"]["reads"] == ["inner", "first"]
    assert said["parameters"] == residual().count_params() == sum(row["parameters"] for row in said["layers"])


def test_nested_models_are_opened_and_shared_layers_counted_once() -> None:
    shared = L.Dense(4, name="shared")
    nested = keras.Sequential([keras.Input((4,)), L.Dense(4, name="inside"), L.ReLU()], name="nest")
    x = keras.Input((4,))
    model = keras.Model(x, keras.ops.relu(shared(nested(shared(x)))))
    rows = inspected(model)["layers"]
    assert [row["name"] for row in rows][:2] == ["shared", "inside"]
    assert [(row["name"], row["parameters"], row["reads"]) for row in rows][3] == ("shared #2", 0, [rows[2]["name"]])
    assert rows[4]["kind"] == "Relu"
    assert sum(row["parameters"] for row in rows) == model.count_params()


class Own(keras.Model):
    """A model with a call method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def test_a_network_that_does_not_convert_is_listed_with_the_reasons() -> None:
    x = keras.Input((4,))
    said = inspected(keras.Model(x, L.Dense(2)(L.LayerNormalization(name="odd")(L.Dense(4, "tanh", name="curved")(x)))))
    assert not said["converts"]
    assert [obstacle["where"].split("'")[1] for obstacle in said["obstacles"]] == ["curved", "odd"]
    assert all(obstacle["what"] and obstacle["todo"] for obstacle in said["obstacles"])
    own = Own()
    own(keras.ops.ones((1, 3)))
    said = inspected(own)
    assert "call method of its own" in said["hidden"]
    assert [(row["kind"], row["parameters"], row["reads"]) for row in said["layers"]] == [("Dense", 8, [])]
    a, b = keras.Input((3,)), keras.Input((3,))
    said = inspected(keras.Model([a, b], L.Dense(2)(L.Concatenate(name="both")([a, b]))))
    assert "2 inputs" in said["hidden"]
    assert len(said["obstacles"]) == 1
    assert "both" in {row["name"] for row in said["layers"]}


def test_a_spiking_network() -> None:
    snn = build_spiking(residual(), SpikingSettings(width=2.0))
    said = inspected(snn)
    rows = {row["name"]: row for row in said["layers"]}
    assert {name: row["kind"] for name, row in rows.items()} == {
        "input_coding": "input",
        "first": "clipped",
        "norm": "spiking",
        "first_relay": "relay",
        "sum_carried": "spiking",  # a sum of spikes is never negative: its ReLU does nothing, the pooling needs spikes
        "pool": "pooling",
        "mean": "wiring",
        "readout": "readout",
    }
    assert rows["norm"]["source"] == ["second", "norm", "inner"]
    assert (rows["norm"]["weights"], rows["norm"]["thresholds"], rows["norm"]["neurons"]) == (9 * 4 * 4, 4, 144)
    assert rows["norm"]["fan_out"] == 1.0
    assert rows["sum_carried"]["reads"] == ["norm", "first_relay"]
    taps = (3 * 6 - 2) ** 2  # of a 3 x 3 kernel on 6 x 6, borders included
    assert rows["input_coding"]["synapses"] == taps * 2 * 4
    assert rows["first"]["synapses"] == taps * 4 * 4 + 144
    assert rows["sum_carried"]["fan_out"] == 3.0
    keys = ("level", "t_min", "t_max")
    windows = [(name, *map(row.get, keys)) for name, row in rows.items() if row["level"] is not None]
    expected = [(window.layer, *(getattr(window, key) for key in keys)) for window in timeline(snn)]
    assert sorted(windows, key=lambda row: row[1]) == expected
    assert said["latency"] == latency(snn)
    assert said["neurons"] == {"input": 72, "clipped": 144, "spiking": 288, "relay": 144}
    assert said["parameters"] == {"weights": 72 + 144 + 12, "thresholds": 4 + 4 + 4 + 3}
    assert said["synapses"] == sum(row["synapses"] or 0 for row in said["layers"])


def test_any_size_of_input_leaves_open_what_depends_on_it() -> None:
    x = keras.Input((None, None, 1))
    model = keras.Model(x, L.Conv2D(2, 1)(L.Conv2D(3, 3, activation="relu", name="conv")(x)))
    said = inspected(build_spiking(model, SpikingSettings()))
    row = next(row for row in said["layers"] if row["name"] == "conv")
    assert (row["shape"], row["neurons"], row["fan_out"], row["weights"]) == ([None, None, 3], None, None, 27)
    assert (said["synapses"], said["neurons"]) == (None, {})


def planned(model: keras.Model, registry: Registry | None = None, **options: Any) -> dict[str, Any]:
    run = Run(registry or load_registry(), given=Given(model))
    return plan(ConvertOptions.model_validate({"model": "net", **options}), run)


def network(*middle: L.Layer) -> keras.Model:
    first = L.Conv2D(2, 3, activation="relu6", name="clipped")
    rest = [L.Conv2D(2, 3, activation="relu", name="open"), L.Flatten(name="flat"), L.Dense(10, name="readout")]
    return keras.Sequential([keras.Input((28, 28, 1)), first, *middle, *rest])


def test_windows_are_open_but_for_those_that_calibration_does_not_set() -> None:
    said = planned(network(L.Dropout(0.1, name="gone")))
    rows = {row["name"]: row for row in said["layers"]}
    assert (rows["clipped"]["window"], rows["clipped"]["t_max"], rows["clipped"]["level"]) == (6.0, None, 1)
    assert (rows["open"]["window"], rows["open"]["t_min"], rows["open"]["level"]) == (None, None, 2)
    assert (rows["input_coding"]["window"], rows["input_coding"]["t_max"]) == (1.0, 1.0)
    assert (said["latency"], said["vanish"], said["plan"], said["not_read"]) == (None, ["gone"], True, None)


@pytest.mark.parametrize(
    ("options", "expected", "assumed"),
    [
        ({}, [0.0, 1.0], True),
        ({"input_range": "-1,2"}, [-1.0, 2.0], False),
        ({"data": "mnist-mini"}, [0.0, 1.0], False),
        ({"data": "mnist-mini", "preprocess": "raw"}, [0.0, 255.0], False),
        ({"data": "mnist-mini", "preprocess": "raw", "input_range": "0,9"}, [0.0, 9.0], False),
        ({"calibrate": __file__}, [0.0, 1.0], True),
    ],
)
def test_the_input_range_is_the_one_of_the_options(options, expected, assumed):
    said = planned(network(), **options)
    assert (said["input_range"], said["assumed"], said["not_read"]) == (expected, assumed, options.get("calibrate"))


def leaky_block() -> keras.Model:
    """A residual block of leaky ReLUs: sums and convolutions go into wiring, and values are carried."""

    def conv(name: str, filters: int = 3, size: int = 3, **options: Any) -> L.Layer:
        return L.Conv2D(filters, size, padding="same", name=name, **options)

    inputs = keras.Input((12, 12, 2))
    x = short = L.LeakyReLU(name="act0")(L.BatchNormalization(name="norm")(conv("c0")(inputs)))
    x = L.LeakyReLU(name="act1")(conv("c1")(x))
    x = short = L.LeakyReLU(name="act2")(L.Add(name="sum")([conv("c2")(x), short]))
    x = L.LeakyReLU(name="act3")(conv("c3", 4, strides=2)(x))
    x = L.Add(name="sum2")([conv("c4", 4)(x), conv("short", 4, 1, strides=2)(short)])
    x = L.Flatten(name="flat")(L.LeakyReLU(name="act4")(x))
    return keras.Model(inputs, L.Dense(5, activation="softmax", name="out")(x))


def test_only_what_leaves_nothing_vanishes() -> None:
    said = planned(leaky_block())
    sources = {row["name"]: row["source"] for row in said["layers"]}
    assert said["vanish"] == []
    assert sources["act0"] == sources["act0_negative"] == ("c0", "norm", "act0")
    assert sources["act4"] == ("c4", "short", "sum2", "act4")
    assert sources["act2_carried"] == ("act2",)
    assert all(sources[name] for name in sources if name != "input_coding")
    steps = L.TimeDistributed(L.Dropout(0.1), name="steps")
    nothing = [L.ReLU(name="again"), L.Activation("linear", name="linear"), steps, L.SpatialDropout2D(0.1, name="gone")]
    model = keras.Sequential([network(*nothing, L.ReLU(5.0, name="limit")), L.Softmax(name="softmax")])
    assert planned(model)["vanish"] == [*(layer.name for layer in nothing), "softmax"]
    inputs = keras.Input((8,))
    act, dense = L.ReLU(name="act"), L.Dense(8, name="dense")
    twice = keras.Model(inputs, L.Dense(2, name="out")(act(dense(act(dense(inputs))))))
    assert planned(twice)["vanish"] == []


def test_what_cannot_be_planned() -> None:
    with pytest.raises(ConversionError) as refusal:
        planned(network(L.Activation("tanh", name="curved"), L.LayerNormalization(name="odd")))
    places = [obstacle.where.split("'")[1] for obstacle in refusal.value.obstacles]  # type: ignore[attr-defined]
    assert places == ["curved", "odd"]
    with pytest.raises(ModelError, match="spiking network already"):
        planned(build_spiking(network(), SpikingSettings()))


@keras.saving.register_keras_serializable("halving")
class Halved(L.Layer):
    def call(self, inputs):
        return inputs / 2


def test_rules_of_plugins_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of files, too, whose layer only the plugin registers."""
    layers = keras.saving.get_custom_objects()

    def call(register: Any) -> None:
        layers["halving>Halved"] = Halved
        register(Halved, lambda context, layer, signal: context.affine(signal, 0.5))

    model = network(Halved(name="halved"))
    model.save(tmp_path / "net.keras")
    with pytest.raises(ConversionError, match="Halved has no spiking form"):
        planned(model)
    registry = replace(load_registry(), rule_hooks=(LateHook("halving", "halving", call),))
    said = planned(model, registry)
    assert next(row for row in said["layers"] if row["name"] == "open")["source"] == ("halved", "open")
    monkeypatch.delitem(layers, "halving>Halved")
    options = ConvertOptions(model=str(tmp_path / "net.keras"))
    with pytest.raises(ModelError, match="halved"):
        plan(options, Run(load_registry()))
    assert plan(options, Run(registry))["layers"]
