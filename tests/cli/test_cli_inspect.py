"""``snnctl inspect`` and ``snnctl convert --plan`` on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest


def layer(name: str, kind: str, shape: list[int | None], **known: Any) -> dict[str, Any]:
    open_ = ("neurons", "synapses", "fan_out", "level", "window", "t_min", "t_max")
    rest = {"weights": 0, "thresholds": 0, "reads": [], "source": []}
    return {"name": name, "kind": kind, "shape": shape, **dict.fromkeys(open_), **rest, **known}


LONG = "a_convolution_with_a_long_name"
SIZES = {"weights": 36864, "thresholds": 576, "level": 1, "window": 3.25, "t_min": 1.0, "t_max": 4.25}
SPIKING = {
    "type": "snn",
    "name": "net_spiking",
    "layers": [
        layer("input_coding", "input", [28, 28, 1], neurons=784, fan_out=10.0, level=0, window=1.0, t_min=0, t_max=1.0),
        layer(LONG, "spiking", [None, None, 64], **SIZES, source=[LONG, "batch_normalization_12", "re_lu_12"]),
        layer("predictions", "readout", [10], neurons=10, weights=640, thresholds=10, source=["predictions"]),
    ],
    "neurons": {"input": 784},
    "parameters": {"weights": 37504, "thresholds": 586},
    "synapses": None,
    "latency": 4.25,
    "constraints": {"time_bits": 4, "noise": 0.1},
}
RELU = {
    "type": "relu",
    "name": "net",
    "layers": [
        {"name": "conv", "kind": "Conv2D", "shape": [26, 26, 8], "parameters": 80, "reads": ["input"]},
        {"name": "sum", "kind": "Add", "shape": [26, 26, 8], "parameters": 0, "reads": ["conv", "input"]},
    ],
    "parameters": 80,
    "hidden": None,
    "converts": False,
    "obstacles": [{"where": "layer 'sum'", "what": "odd", "todo": "something else"}] * 2,
}


@pytest.fixture
def found(verbs, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What inspect and plan find; an empty model file ``net.keras``."""
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    found: dict[str, Any] = {}
    monkeypatch.setattr("snnctl.verbs.inspect.inspect", lambda options, run: found["inspect"])
    monkeypatch.setattr("snnctl.verbs.plan.plan", lambda options, run: found["plan"])
    return found


def test_the_table_of_a_relu_network(call, found: dict[str, Any]) -> None:
    found["inspect"] = RELU
    code, out, err = call("inspect", "net.keras")
    assert code == 0, err
    lines = [line.split() for line in out.splitlines()]
    assert ["conv", "Conv2D", "26x26x8", "80"] in lines  # the row above is not named again
    assert ["sum", "Add", "26x26x8", "conv,", "input"] in lines
    assert "no, 2 obstacles; `snnctl convert net.keras --plan` tells what to do" in " ".join(out.split())


def test_the_command_to_go_on_with_is_one_to_copy(call, found: dict[str, Any]) -> None:
    Path("my net.keras").write_bytes(b"PK")
    found["inspect"] = {**RELU, "converts": True, "obstacles": []}
    _, out, err = call("inspect", "my net.keras", "--data", "mnist-mini", "--allow-code")
    assert "`snnctl convert 'my net.keras' --data mnist-mini --allow-code --plan`" in " ".join(out.split()), err


def with_wiring() -> dict[str, Any]:
    wired = [layer(f"sum_wiring_{number}", "wiring", [10]) for number in range(2)]
    return {**SPIKING, "layers": [*SPIKING["layers"], *wired]}  # type: ignore[misc]


def test_wiring_is_counted_and_listed_on_demand(call, found: dict[str, Any]) -> None:
    found["inspect"] = found["plan"] = with_wiring()
    _, short, _ = call("inspect", "net.keras")
    assert "2 layers without neurons, not listed; --all shows them" in short
    assert "sum_wiring" not in short
    _, long, _ = call("inspect", "net.keras", "--all")
    assert "sum_wiring_1" in long
    assert "not listed" not in long
    _, plan, _ = call("convert", "net.keras", "--plan")
    assert "not listed; --json shows them" in plan
    for command in (("inspect", "net.keras"), ("convert", "net.keras", "--plan")):
        assert json.loads(call(*command, "--json")[1]) == with_wiring()


@pytest.mark.parametrize(
    ("shape", "reason"), [([None, None, 64], "size is not fixed"), ([4, 4, 64], "synapses are not known")]
)
def test_an_empty_fan_out_is_explained(call, found: dict[str, Any], shape: list[int | None], reason: str) -> None:
    layers = [dict(layer) for layer in SPIKING["layers"]]  # type: ignore[attr-defined]
    layers[1]["shape"] = shape
    found["inspect"] = {**SPIKING, "layers": layers}
    _, out, _ = call("inspect", "net.keras")
    assert "empty fan-out" in out
    assert reason in out


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_table_of_a_spiking_network(call, found, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    found["inspect"] = SPIKING
    _, out, _ = call("inspect", "net.keras")
    assert all(len(line) <= int(columns) for line in out.splitlines())
    assert ["hardware", "time_bits", "4,", "noise", "0.1"] in [line.split() for line in out.splitlines()]
    for word in ("?x?x64", "37,440", "4.25", "37,504 weights, 586 thresholds", "784 input"):
        assert word in out
    assert out.count("\n  predictions") == (1 if columns == "200" else 2)


def test_a_plan_says_what_calibration_will_set(call, found: dict[str, Any]) -> None:
    layers = [dict(layer) for layer in SPIKING["layers"]]  # type: ignore[attr-defined]
    layers[1] |= {"window": None, "t_min": None, "t_max": None}
    said = {"plan": True, "latency": None, "input_range": [0, 1], "assumed": True, "vanish": ["drop"]}
    found["plan"] = {**SPIKING, **said, "layers": layers}
    code, out, err = call("convert", "net.keras", "--plan")
    assert code == 0, err
    assert "calibrated" in out
    assert "0 to 1, assumed; --input-range P,Q says another" in out
    assert "drop" in out
    assert not Path("runs").exists()
    found["plan"]["not_read"] = "x.npz"
    Path("x.npz").write_bytes(b"")
    _, out, err = call("convert", "net.keras", "--calibrate", "x.npz", "--plan")
    assert "assumed: data is not read by --plan; give --input-range P,Q" in " ".join(out.split()), err
