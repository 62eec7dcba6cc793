"""Hardware constraints and recalibrated windows as options of eval, finetune and train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import snnctl
from snnctl.errors import ModelError, UsageError
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constraints_of
from snnctl.ttfs.timeline import spiking_layers

DATA: dict[str, Any] = {"data": "mnist-mini", "limit": 600}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs ``relu``, ``snn`` and, which carries constraints, ``rounded``."""
    folder = tmp_path_factory.mktemp("networks")
    snnctl.train(arch="fc2", arch_opt={"hidden": 40}, epochs=4, lr=3e-3, out=folder / "relu", **DATA)
    snnctl.convert(folder / "relu", out=folder / "snn", **DATA)
    snnctl.finetune(
        folder / "snn", weight_bits=5, w_min=-0.4, w_max=0.4, time_bits=6, epochs=0, out=folder / "rounded", **DATA
    )
    return folder


def evaluated(model: Path, **options: Any) -> dict[str, Any]:
    return snnctl.evaluate(model, **DATA, **options).metrics


# eval.


def test_eval_measures_the_constrained_network(networks: Path) -> None:
    plain = evaluated(networks / "snn")
    rough = evaluated(networks / "snn", weight_bits=1, time_bits=1, noise=2.0)
    assert "constraints" not in plain
    assert rough["constraints"] == {"noise": 2.0, "time_bits": 1, "weight_bits": 1}
    assert rough["accuracy"] < plain["accuracy"] - 0.1
    assert rough["spikes_per_neuron"] < plain["spikes_per_neuron"]  # rounding silences
    assert rough["latency"] == plain["latency"]


def test_the_seed_decides_on_the_jitter(networks: Path) -> None:
    first, again, other = (evaluated(networks / "snn", noise=0.5, seed=seed)["loss"] for seed in (1, 1, 2))
    assert first == again != other


def test_short_windows_saturate(networks: Path) -> None:
    plain = evaluated(networks / "snn")
    short = evaluated(networks / "snn", latency_quantile=0.8, zeta=0.0)
    assert short["latency"] < plain["latency"] / 2
    assert 0.15 < short["saturated"] < 0.25
    assert short["constraints"] == {"latency_quantile": 0.8, "zeta": 0.0}
    assert short["latency_given"] == plain["latency"]
    wide = evaluated(networks / "snn", zeta=3.0)
    assert wide["latency"] == pytest.approx(1 + (plain["latency"] - 1) * 4 / 1.5, rel=0.02)


def test_calibration_sees_rounded_weights_but_neither_jitter_nor_rounded_times(networks: Path) -> None:
    rounded = evaluated(networks / "snn", weight_bits=2, zeta=0.5)
    assert rounded["latency"] != evaluated(networks / "snn", zeta=0.5)["latency"]
    assert rounded["latency"] == evaluated(networks / "snn", weight_bits=2, zeta=0.5, noise=1.0, time_bits=2)["latency"]


# What a network carries.


def test_a_network_keeps_its_constraints(networks: Path) -> None:
    assert constraints_of(snnctl.load(networks / "rounded").model).in_force() == {
        "time_bits": 6,
        "weight_bits": 5,
        "w_min": -0.4,
        "w_max": 0.4,
    }
    kept = evaluated(networks / "rounded")
    assert kept["constraints"] == {"time_bits": 6, "weight_bits": 5, "w_min": -0.4, "w_max": 0.4}
    assert kept["loss"] == evaluated(networks / "snn", **kept["constraints"])["loss"]


def test_options_replace_them_one_by_one_and_0_removes_them(networks: Path) -> None:
    assert evaluated(networks / "rounded", time_bits=0)["constraints"] == {
        "weight_bits": 5,
        "w_min": -0.4,
        "w_max": 0.4,
    }
    assert evaluated(networks / "rounded", weight_bits=3, time_bits=0, w_min=-0.1)["constraints"] == {
        "weight_bits": 3,
        "w_min": -0.1,
        "w_max": 0.4,
    }
    free = evaluated(networks / "rounded", weight_bits=0, time_bits=0)
    assert "constraints" not in free
    assert free["loss"] == evaluated(networks / "snn")["loss"]


def test_what_is_in_force_is_among_the_settings(networks: Path) -> None:
    settings = snnctl.evaluate(networks / "rounded", noise=0.25, **DATA).settings
    assert {key: settings[key] for key in ("noise", "time_bits", "weight_bits", "threshold_bits", "w_min")} == {
        "noise": 0.25,
        "time_bits": 6,
        "weight_bits": 5,
        "threshold_bits": None,
        "w_min": -0.4,
    }


# finetune and train.


@pytest.mark.long
def test_finetuning_recovers_what_few_weight_bits_cost(networks: Path) -> None:
    plain = evaluated(networks / "snn")["accuracy"]
    tuned = snnctl.finetune(networks / "snn", weight_bits=2, epochs=3, lr=1e-3, batch_size=16, **DATA)
    before, after = tuned.metrics["accuracy_before"], tuned.metrics["accuracy"]
    assert plain - before > 0.02
    assert after > (plain + before) / 2
    assert constraints_of(tuned.model) == Constraints(weight_bits=2)


@pytest.mark.long
def test_windows_calibrated_before_finetuning_stay_fixed(networks: Path) -> None:
    short = evaluated(networks / "snn", latency_quantile=0.9)["latency"]
    tuned = snnctl.finetune(networks / "snn", latency_quantile=0.9, epochs=1, **DATA)
    assert tuned.metrics["latency_before"] == tuned.metrics["latency"] == short
    assert tuned.metrics["latency_given"] == evaluated(networks / "snn")["latency"] > short
    assert tuned.settings["windows"] == "fixed"
    assert (tuned.settings["latency_quantile"], tuned.settings["zeta"]) == (0.9, 0.5)


@pytest.mark.long
def test_training_adapts_to_constraints_and_short_windows() -> None:
    options: dict[str, Any] = {
        "arch": "fc2",
        "arch_opt": {"hidden": 40},
        "type": "snn",
        "epochs": 3,
        "lr": 3e-3,
        **DATA,
    }
    grown = snnctl.train(**options)
    short = snnctl.train(latency_quantile=0.9, zeta=0.0, weight_bits=4, noise=0.02, **options)
    assert short.metrics["latency"] < grown.metrics["latency"] / 4
    assert 0.02 < short.metrics["saturated"] < 0.2
    assert short.metrics["accuracy"] > 0.6
    assert short.metrics["constraints"] == {"noise": 0.02, "weight_bits": 4, "latency_quantile": 0.9, "zeta": 0.0}
    assert all(layer.windows == "fixed" for layer in spiking_layers(short.model))


@pytest.mark.long
def test_training_of_no_epochs_calibrates_too() -> None:
    options: dict[str, Any] = {"arch": "fc2", "type": "snn", "epochs": 0, "x_n": 100.0, **DATA}
    assert snnctl.train(**options).metrics["latency"] > 100
    assert snnctl.train(latency_quantile=1.0, **options).metrics["latency"] < 50


# Refusals.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"noise": -0.1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"time_bits": 17}, "time_bits"),
        ({"weight_bits": 2.5}, "weight_bits"),
        ({"threshold_bits": True}, "threshold_bits"),
        ({"latency_quantile": 0.0}, "latency_quantile"),
        ({"latency_quantile": 1.1}, "latency_quantile"),
        ({"zeta": -1.0}, "zeta"),
        ({"weight_bits": 4, "w_min": 0.5, "w_max": 0.5}, "w_min must be below w_max"),
        ({"w_min": -1.0}, "weights are not rounded"),
        ({"weight_bits": 0, "w_max": 1.0}, "weights are not rounded"),
        ({"w_max": float("inf"), "weight_bits": 4}, "w_max"),
    ],
)
def test_nonsense_is_refused(networks: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        snnctl.evaluate(networks / "snn", **DATA, **options)


def test_an_end_of_the_range_is_checked_against_the_one_that_the_network_carries(networks: Path) -> None:
    with pytest.raises(UsageError, match="w_min must be below w_max"):
        snnctl.evaluate(networks / "rounded", w_min=0.5, **DATA)


@pytest.mark.parametrize("options", [{"noise": 0.1}, {"latency_quantile": 0.9}, {"time_bits": 4, "zeta": 0.1}])
def test_relu_networks_are_not_constrained(networks: Path, options: dict[str, Any]) -> None:
    for verb in (snnctl.evaluate, snnctl.finetune):
        with pytest.raises(ModelError, match="spiking networks") as caught:
            verb(networks / "relu", **DATA, **options)
        assert "snnctl convert" in caught.value.todo
    with pytest.raises(UsageError, match="for spiking ones"):
        snnctl.train(arch="fc2", type="relu", epochs=0, **DATA, **options)


@pytest.mark.long
def test_windows_are_calibrated_while_spikes_are_penalised(tmp_path: Path) -> None:
    trained = snnctl.train(
        arch="fc2",
        arch_opt={"hidden": 8},
        type="snn",
        epochs=2,
        sparsity=0.1,
        latency_quantile=0.9,
        out=tmp_path / "sparse",
        data="mnist-mini",
        limit=100,
    )
    assert "EarlySpikes" not in trained.model.to_json()
    tuned = snnctl.finetune(
        tmp_path / "sparse", sparsity=0.1, latency_quantile=0.8, weight_bits=4, epochs=1, data="mnist-mini", limit=100
    )
    assert tuned.metrics["constraints"]["latency_quantile"] == 0.8
