"""``snnctl convert --plan``: what would be made, without data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import pytest

from snnctl.errors import ConversionError, ModelError
from snnctl.plugins import Registry, load_registry
from snnctl.plugins.late_hook import LateHook
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.plan import plan
from snnctl.verbs.result import Given, Run

L = keras.layers


def planned(model: keras.Model, registry: Registry | None = None, **options: Any) -> dict[str, Any]:
    run = Run(registry or load_registry(), given=Given(model))
    return plan(ConvertOptions.model_validate({"model": "net", **options}), run)


def network(*middle: L.Layer, shape: tuple[int, ...] = (28, 28, 1)) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            L.Conv2D(2, 3, activation="relu6", name="clipped"),
            *middle,
            L.Conv2D(2, 3, activation="relu", name="open"),
            L.Flatten(name="flat"),
            L.Dense(10, name="readout"),
        ]
    )


def test_windows_are_open_but_for_those_that_calibration_does_not_set() -> None:
    found = planned(network(L.Dropout(0.1, name="gone")))
    rows = {row["name"]: row for row in found["layers"]}
    assert (rows["clipped"]["window"], rows["clipped"]["t_max"], rows["clipped"]["level"]) == (6.0, None, 1)
    assert (rows["open"]["window"], rows["open"]["t_min"], rows["open"]["level"]) == (None, None, 2)
    assert (rows["input_coding"]["window"], rows["input_coding"]["t_max"]) == (1.0, 1.0)
    assert (found["latency"], found["vanish"], found["plan"]) == (None, ["gone"], True)


@pytest.mark.parametrize(
    ("options", "expected", "assumed"),
    [
        ({}, [0.0, 1.0], True),
        ({"input_range": "-1,2"}, [-1.0, 2.0], False),
        ({"data": "mnist-mini"}, [0.0, 1.0], False),
        ({"data": "mnist-mini", "preprocess": "raw"}, [0.0, 255.0], False),
        ({"data": "mnist-mini", "preprocess": "raw", "input_range": "0,9"}, [0.0, 9.0], False),
    ],
)
def test_the_input_range_is_the_one_of_the_options(
    options: dict[str, Any], expected: list[float], assumed: bool
) -> None:
    found = planned(network(), **options)
    assert (found["input_range"], found["assumed"]) == (expected, assumed)


def test_a_file_for_calibration_is_told_as_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"")
    found = planned(network(), calibrate=str(tmp_path / "x.npz"))
    assert (found["assumed"], found["not_read"]) == (True, str(tmp_path / "x.npz"))
    assert planned(network())["not_read"] is None


def leaky_block() -> keras.Model:
    """A residual block of leaky ReLUs: sums and convolutions go into wiring, and values are carried."""
    x = inputs = keras.Input((12, 12, 2))
    x = short = L.LeakyReLU(name="act0")(
        L.BatchNormalization(name="norm")(L.Conv2D(3, 3, padding="same", name="c0")(x))
    )
    x = L.LeakyReLU(name="act1")(L.Conv2D(3, 3, padding="same", name="c1")(x))
    x = L.Add(name="sum")([L.Conv2D(3, 3, padding="same", name="c2")(x), short])
    x = short = L.LeakyReLU(name="act2")(x)
    short = L.Conv2D(4, 1, strides=2, name="short")(short)
    x = L.LeakyReLU(name="act3")(L.Conv2D(4, 3, strides=2, padding="same", name="c3")(x))
    x = L.LeakyReLU(name="act4")(L.Add(name="sum2")([L.Conv2D(4, 3, padding="same", name="c4")(x), short]))
    return keras.Model(inputs, L.Dense(5, activation="softmax", name="out")(L.Flatten(name="flat")(x)))


def test_what_goes_into_wiring_does_not_vanish_and_is_told() -> None:
    found = planned(leaky_block())
    made_of = {row["name"]: row["source"] for row in found["layers"]}
    assert found["vanish"] == []
    assert made_of["act0"] == made_of["act0_negative"] == ("c0", "norm", "act0")
    assert made_of["act4"] == ("c4", "short", "sum2", "act4")
    assert made_of["act2_carried"] == ("act2",)
    assert all(made_of[name] for name in made_of if name != "input_coding")


def test_only_what_leaves_nothing_vanishes() -> None:
    nothing = [
        L.ReLU(name="again"),
        L.Activation("linear", name="linear"),
        L.TimeDistributed(L.Dropout(0.1), name="steps"),
        L.SpatialDropout2D(0.1, name="gone"),
    ]
    model = keras.Sequential([network(*nothing, L.ReLU(5.0, name="limit")), L.Softmax(name="softmax")])
    assert planned(model)["vanish"] == [*(layer.name for layer in nothing), "softmax"]


def test_a_layer_called_twice_does_not_vanish_by_its_second_call() -> None:
    inputs = keras.Input((8,))
    act, dense = L.ReLU(name="act"), L.Dense(8, name="dense")
    model = keras.Model(inputs, L.Dense(2, name="out")(act(dense(act(dense(inputs))))))
    assert planned(model)["vanish"] == []


def test_all_obstacles_come_at_once() -> None:
    with pytest.raises(ConversionError) as refusal:
        planned(network(L.Activation("tanh", name="curved"), L.LayerNormalization(name="odd")))
    assert [obstacle.layer for obstacle in refusal.value.obstacles] == ["curved", "odd"]  # type: ignore[attr-defined]


def test_a_spiking_network_is_not_planned_again() -> None:
    from snnctl.conversion.build import SpikingSettings, build_spiking

    with pytest.raises(ModelError, match="spiking network already"):
        planned(build_spiking(network(), SpikingSettings()))


@keras.saving.register_keras_serializable("halving")
class Halved(L.Layer):
    """A layer that only a plugin knows."""

    def call(self, inputs):
        return inputs / 2


def test_rules_of_plugins_are_used() -> None:
    def call(register: Any) -> None:
        register(Halved, lambda context, layer, signal: context.affine(signal, 0.5))

    model = network(Halved(name="halved"))
    with pytest.raises(ConversionError, match="Halved has no spiking form"):
        planned(model)
    registry = replace(load_registry(), rule_hooks=(LateHook("halving", "halving", call),))
    found = planned(model, registry)
    assert next(row for row in found["layers"] if row["name"] == "open")["source"] == ("halved", "open")


def test_a_file_with_a_layer_that_only_a_plugin_registers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network(Halved(name="halved")).save(tmp_path / "net.keras")
    known = keras.saving.get_custom_objects()

    def call(register: Any) -> None:
        known["halving>Halved"] = Halved
        register(Halved, lambda context, layer, signal: context.affine(signal, 0.5))

    options = ConvertOptions(model=str(tmp_path / "net.keras"))
    monkeypatch.delitem(known, "halving>Halved")
    with pytest.raises(ModelError, match="halved"):
        plan(options, Run(load_registry()))
    registry = replace(load_registry(), rule_hooks=(LateHook("halving", "halving", call),))
    assert plan(options, Run(registry))["layers"]
