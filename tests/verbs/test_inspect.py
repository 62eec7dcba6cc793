"""``snnctl inspect``: the table of a network, as plain data."""

from __future__ import annotations

import json
from typing import Any

import keras
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.plugins import Registry
from snnctl.ttfs.timeline import latency, timeline
from snnctl.verbs.inspect import inspect
from snnctl.verbs.options import ModelSourceOptions
from snnctl.verbs.result import Given, Run

L = keras.layers


def found_in(model: keras.Model) -> dict[str, Any]:
    """What is said of a model, which must be plain data."""
    found = inspect(ModelSourceOptions(model="net"), Run(Registry(), given=Given(model)))
    return json.loads(json.dumps(found))


def residual() -> keras.Model:
    """A network with a clipped ReLU, a skip connection, an average and a dropout."""
    x = inputs = keras.Input((6, 6, 2))
    x = first = L.Conv2D(4, 3, padding="same", activation="relu6", name="first")(x)
    x = L.BatchNormalization(name="norm")(L.Conv2D(4, 3, padding="same", use_bias=False, name="second")(x))
    x = L.ReLU(name="last")(L.Add(name="sum")([L.ReLU(name="inner")(x), first]))
    x = L.GlobalAveragePooling2D(name="mean")(L.Dropout(0.5, name="dropout")(L.MaxPooling2D(name="pool")(x)))
    return keras.Model(inputs, L.Dense(3, activation="softmax", name="readout")(x), name="residual")


def test_the_rows_of_a_relu_network_are_its_steps() -> None:
    found = found_in(residual())
    assert (found["type"], found["name"], found["converts"], found["obstacles"]) == ("relu", "residual", True, [])
    assert [row["name"] for row in found["layers"]][:4] == ["first", "second", "norm", "inner"]
    rows = {row["name"]: row for row in found["layers"]}
    first = rows["first"]
    assert (first["kind"], first["shape"], first["parameters"], first["reads"]) == ("Conv2D", [6, 6, 4], 76, ["input"])
    assert rows["sum"]["reads"] == ["inner", "first"]
    assert found["parameters"] == residual().count_params() == sum(row["parameters"] for row in found["layers"])


def test_nested_models_are_opened_and_shared_layers_counted_once() -> None:
    shared = L.Dense(4, name="shared")
    nested = keras.Sequential([keras.Input((4,)), L.Dense(4, name="inside"), L.ReLU()], name="nest")
    x = keras.Input((4,))
    model = keras.Model(x, keras.ops.relu(shared(nested(shared(x)))))
    rows = found_in(model)["layers"]
    assert [row["name"] for row in rows][:2] == ["shared", "inside"]
    assert [(row["name"], row["parameters"], row["reads"]) for row in rows][3] == ("shared #2", 0, [rows[2]["name"]])
    assert rows[4]["kind"] == "Relu"
    assert sum(row["parameters"] for row in rows) == model.count_params()


def test_a_network_that_does_not_convert_tells_every_obstacle() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, L.Dense(2)(L.LayerNormalization(name="odd")(L.Dense(4, "tanh", name="curved")(x))))
    found = found_in(model)
    assert not found["converts"]
    assert [obstacle["where"].split("'")[1] for obstacle in found["obstacles"]] == ["curved", "odd"]
    assert all(obstacle["what"] and obstacle["todo"] for obstacle in found["obstacles"])


class Own(keras.Model):
    """A model with a call method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = L.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def test_a_network_whose_graph_is_hidden_is_listed_with_the_reason() -> None:
    own = Own()
    own(keras.ops.ones((1, 3)))
    found = found_in(own)
    assert "call method of its own" in found["hidden"]
    assert [(row["kind"], row["parameters"], row["reads"]) for row in found["layers"]] == [("Dense", 8, [])]
    a, b = keras.Input((3,)), keras.Input((3,))
    found = found_in(keras.Model([a, b], L.Dense(2)(L.Concatenate(name="both")([a, b]))))
    assert "2 inputs" in found["hidden"]
    assert len(found["obstacles"]) == 1
    assert {"both"} < {row["name"] for row in found["layers"]}


@pytest.fixture(scope="module")
def snn() -> keras.Model:
    """The spiking form of the residual network."""
    return build_spiking(residual(), SpikingSettings(width=2.0))


def test_the_rows_of_a_spiking_network(snn: keras.Model) -> None:
    found = found_in(snn)
    rows = {row["name"]: row for row in found["layers"]}
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


def test_windows_are_those_of_the_timeline(snn: keras.Model) -> None:
    found = found_in(snn)
    timed = {row["name"]: row for row in found["layers"] if row["level"] is not None}
    assert [(window.layer, window.level, window.t_min, window.t_max) for window in timeline(snn)] == sorted(
        [(name, row["level"], row["t_min"], row["t_max"]) for name, row in timed.items()], key=lambda row: row[1]
    )
    assert found["latency"] == latency(snn)


def test_totals(snn: keras.Model) -> None:
    found = found_in(snn)
    assert found["neurons"] == {"input": 72, "clipped": 144, "spiking": 288, "relay": 144}
    assert found["parameters"] == {"weights": 72 + 144 + 12, "thresholds": 4 + 4 + 4 + 3}
    assert found["synapses"] == sum(row["synapses"] or 0 for row in found["layers"])


def test_any_size_of_input_leaves_open_what_depends_on_it() -> None:
    x = keras.Input((None, None, 1))
    model = keras.Model(x, L.Conv2D(2, 1)(L.Conv2D(3, 3, activation="relu", name="conv")(x)))
    found = found_in(build_spiking(model, SpikingSettings()))
    row = next(row for row in found["layers"] if row["name"] == "conv")
    assert (row["shape"], row["neurons"], row["fan_out"], row["weights"]) == ([None, None, 3], None, None, 27)
    assert (found["synapses"], found["neurons"]) == (None, {})
