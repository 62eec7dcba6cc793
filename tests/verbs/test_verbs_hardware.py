"""Hardware constraints and recalibrated windows as options of eval, finetune and train."""

from pathlib import Path
from typing import Any

import pytest

import snnctl
from snnctl.errors import ModelError, UsageError
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constraints_of
from snnctl.ttfs.timeline import spiking_layers

DATA: dict[str, Any] = {"data": "mnist-mini", "limit": 100, "xla": "off"}
CARRIED = {"time_bits": 6, "weight_bits": 5, "w_min": -0.4, "w_max": 0.4}
TRAINED: dict[str, Any] = {"arch": "fc2", "arch_opt": {"hidden": 40}, "type": "snn", "batch_size": 10, **DATA}


@pytest.fixture(scope="module")
def rounded(snn_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder: ``snn_run`` under constraints."""
    folder = tmp_path_factory.mktemp("rounded") / "rounded"
    snnctl.finetune(snn_run, **CARRIED, epochs=0, out=folder, **DATA)
    return folder


def evaluated(model: Path, **options: Any) -> dict[str, Any]:
    return snnctl.evaluate(model, data="mnist-mini", limit=100, **options).metrics


def test_eval_measures_the_constrained_network(snn_run: Path) -> None:
    plain = evaluated(snn_run)
    rough, again, other = (evaluated(snn_run, weight_bits=1, time_bits=1, noise=2.0, seed=seed) for seed in (1, 1, 2))
    assert "constraints" not in plain
    assert rough["constraints"] == {"noise": 2.0, "time_bits": 1, "weight_bits": 1}
    assert rough["accuracy"] < plain["accuracy"] - 0.1
    assert rough["spikes_per_neuron"] < plain["spikes_per_neuron"]  # rounding silences
    assert rough["latency"] == plain["latency"]
    assert rough["loss"] == again["loss"] != other["loss"]


def test_windows_are_calibrated_again(snn_run: Path) -> None:
    plain = evaluated(snn_run)
    short = evaluated(snn_run, latency_quantile=0.8, zeta=0.0)
    assert short["latency"] < plain["latency"] / 2
    assert 0.1 < short["saturated"] < 0.3
    assert short["constraints"] == {"latency_quantile": 0.8, "zeta": 0.0}
    assert short["latency_given"] == plain["latency"]
    wide = evaluated(snn_run, zeta=3.0)
    assert wide["latency"] == pytest.approx(1 + (plain["latency"] - 1) * 4 / 1.5, rel=0.02)
    coarse, noisy = (evaluated(snn_run, weight_bits=2, zeta=3.0, **more) for more in ({}, {"noise": 1, "time_bits": 2}))
    assert coarse["latency"] != wide["latency"], "of rounded weights"
    assert coarse["latency"] == noisy["latency"], "but of neither jitter nor rounded times"


def test_a_network_keeps_its_constraints_and_options_replace_them_one_by_one(snn_run: Path, rounded: Path) -> None:
    assert constraints_of(snnctl.load(rounded).model).in_force() == CARRIED
    result = snnctl.evaluate(rounded, data="mnist-mini", limit=100)
    assert result.metrics["constraints"] == CARRIED
    assert {name: result.settings[name] for name in (*CARRIED, "noise")} == {**CARRIED, "noise": None}
    assert result.metrics["loss"] == evaluated(snn_run, **CARRIED)["loss"]
    changed = evaluated(rounded, weight_bits=3, time_bits=0, w_min=-0.1)["constraints"]
    assert changed == {"weight_bits": 3, "w_min": -0.1, "w_max": 0.4}
    free = evaluated(rounded, weight_bits=0, time_bits=0)
    assert "constraints" not in free
    assert free["loss"] == evaluated(snn_run)["loss"]


@pytest.mark.long
def test_finetuning_recovers_what_few_weight_bits_cost(tmp_path: Path) -> None:
    data = {**DATA, "limit": 600}
    snnctl.train(**{**TRAINED, **data}, epochs=4, lr=3e-3, out=tmp_path / "snn")
    plain = snnctl.evaluate(tmp_path / "snn", limit=600).metrics["accuracy"]
    tuned = snnctl.finetune(tmp_path / "snn", weight_bits=2, epochs=3, lr=1e-3, batch_size=16, **data)
    before, after = tuned.metrics["accuracy_before"], tuned.metrics["accuracy"]
    assert plain - before > 0.02
    assert after > (plain + before) / 2
    assert constraints_of(tuned.model) == Constraints(weight_bits=2)


def test_windows_calibrated_before_finetuning_stay_fixed(snn_run: Path) -> None:
    short = evaluated(snn_run, latency_quantile=0.9)["latency"]
    tuned = snnctl.finetune(snn_run, latency_quantile=0.9, epochs=1, sparsity=0.1, weight_bits=4, **DATA)
    assert tuned.metrics["latency_before"] == tuned.metrics["latency"] == pytest.approx(short, rel=0.2)
    assert tuned.metrics["latency_given"] == evaluated(snn_run)["latency"] > short
    assert tuned.settings["windows"] == "fixed"
    assert (tuned.settings["latency_quantile"], tuned.settings["zeta"]) == (0.9, 0.5)
    assert all(layer.activity_regularizer is None for layer in tuned.model.layers)


def test_training_adapts_to_constraints_and_short_windows() -> None:
    constraints = {"noise": 0.02, "weight_bits": 4, "latency_quantile": 0.9, "zeta": 0.0}
    short = snnctl.train(**TRAINED, **constraints, epochs=1, lr=1e-2, x_n=100.0)
    assert short.metrics["latency"] < 50
    assert 0.02 < short.metrics["saturated"] < 0.2
    assert short.metrics["accuracy"] > 0.3
    assert short.metrics["constraints"] == constraints
    assert all(layer.windows == "fixed" for layer in spiking_layers(short.model))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noise": float("nan")}, "noise"),
        ({"time_bits": 17}, "time_bits"),
        ({"weight_bits": 2.5}, "weight_bits"),
        ({"threshold_bits": True}, "threshold_bits"),
        ({"latency_quantile": 0.0}, "latency_quantile"),
        ({"zeta": -1.0}, "zeta"),
        ({"weight_bits": 4, "w_min": 0.5, "w_max": 0.5}, "w_min must be below w_max"),
        ({"w_min": -1.0}, "weights are not rounded"),
        ({"w_max": float("inf"), "weight_bits": 4}, "w_max"),
    ],
)
def test_nonsense_is_refused(snn_run: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        evaluated(snn_run, **options)


def test_an_end_of_the_range_is_checked_against_the_one_that_the_network_carries(rounded: Path) -> None:
    with pytest.raises(UsageError, match="w_min must be below w_max"):
        evaluated(rounded, w_min=0.5)


@pytest.mark.parametrize("options", [{"noise": 0.1}, {"latency_quantile": 0.9}])
def test_relu_networks_are_not_constrained(relu_run: Path, options: dict[str, Any]) -> None:
    for verb in (snnctl.evaluate, snnctl.finetune):
        with pytest.raises(ModelError, match="spiking networks") as caught:
            verb(relu_run, **options)
        assert "snnctl convert" in caught.value.todo
    with pytest.raises(UsageError, match="for spiking ones"):
        snnctl.train(arch="fc2", type="relu", epochs=0, **DATA, **options)
