"""What runs of different verbs, prices and numbers of images look like side by side."""

import math
from pathlib import Path
from typing import Any

from reports.run_folders import metrics, sweep_metrics, write_run
from snnctl.reports.numbers import seconds

SIMULATED = {"images": 50, "spikes": 900, "different_predictions": 0, "agreement": 1.0, "largest_time_difference": 1e-6}
CHEAP = {"spiking_nj": 5.0, "relu_nj": 270.0, "ac_pj": 0.1, "mac_pj": 1.0, "assumption": "as given"}
CONTROL = {"accuracy": 0.9731, "latency": 3.5}
DEEP = [{**metrics()["layers"][0], "name": f"conv2d_{index}"} for index in range(3)]
SMALL = [{**metrics()["layers"][0], "neurons": 64}]
HISTORY = "epoch,loss\n1,0.7\n2,0.3\n"


EVALUATED = {
    "all": metrics(simulator={**SIMULATED, "different_spikes": 0}),
    "few": metrics(images=200, energy=CHEAP, simulator={**SIMULATED, "different_spikes": 3}),
    "deep": metrics(accuracy=0.5, top5_accuracy=0.75, layers=DEEP),
    "small": metrics(layers=SMALL, plugins={"busiest": {"dense": {"never": 2, "rate": 0.25}}, "note": "none"}),
    "rounded": metrics(accuracy=0.97, constraints={"time_bits": 4, "noise": 0.1}),
}


def test_evaluations_side_by_side(read: Any, tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name, metrics=figures) for name, figures in EVALUATED.items()]
    easy = write_run(tmp_path / "easy", metrics=metrics(accuracy=0.99), settings={"data": "easy"})
    text = read(*folders, easy, last := write_run(tmp_path / "last")).text
    for words in (
        "all 93.75 % eval, spiking mnist-mini – 1 000",
        "few 93.75 % eval, spiking mnist-mini – 200",
        "deep 50.00 % eval, spiking mnist-mini – 1 000 75.00 %",
        "easy 99.00 % eval, spiking easy – 1 000",
        *("49.0 nJ", "1.24 µJ", "54 321", "AC / MAC (pJ)", "0.1 / 1", "0.9 / 4.6"),
        "Energy of few is an estimate: as given.",
        "of all fires the same spikes on 50 images, with the same predictions; times differ by at most",
        "of few differs in 3 of 900 spikes on 50 images",
        "Spikes per neuron: all, few, rounded, easy, last",  # charts of their own where the layers differ
        "Spikes per neuron: deep",
        "Spikes per neuron: small",
        "busiest dense, never 2.000 busiest dense, rate 0.2500 note none",
        "Times are rounded to 16 levels",
        "noise 0.1 , time 4 bits",
        "The last run of a spiking network, last , classifies 93.75 % of 1 000 test images of mnist-mini",
        "Of the spiking networks on mnist-mini, the most accurate is rounded with 97.00 %.",
    ):
        assert words in text
    alone = read(last).text
    assert ". last classifies 93.75 %" in alone
    for words in ("AC / MAC (pJ)", "rounded to", "most accurate"):
        assert words not in alone


def test_the_headline_tells_of_its_own_run_alone(read: Any, tmp_path: Path) -> None:
    converted = write_run(tmp_path / "snn", "convert", metrics=metrics(agreement=1.0))
    curves = write_run(tmp_path / "curves", "sweep", metrics=sweep_metrics())
    file = write_run(tmp_path / "file", "export", metrics={"type": "snn", "latency": 3.0})
    assert "predictions as the ReLU network" in read(converted).text
    text = read(converted, write_run(tmp_path / "score"), curves, file).text
    assert "predictions as the ReLU network" not in text
    assert "Further runs: curves (sweep), file (export)." in text.replace(" ,", ",").replace(" .", ".")


def test_a_sweep_is_drawn_with_its_control(read: Any, tmp_path: Path) -> None:
    tuned = {**sweep_metrics(), "unconstrained_after": CONTROL}
    text = read(write_run(tmp_path / "curves", "sweep", metrics=tuned)).text
    for words in (
        *("jitter of spike times (τ", "before fine-tuning", "after fine-tuning"),
        "Without constraints: 95.00 %, fine-tuned 97.31 %.",
        "unconstrained, fine-tuned: 97.31 % throughout",
        "unconstrained, fine-tuned: 3.5 throughout",  # of latency, which differs from that of the points
    ):
        assert words in text
    point = {"axis": None, "stage": "after", **CONTROL}  # of older runs it is known from its point alone
    old = {**tuned, "unconstrained_after": None, "points": [point, *tuned["points"]]}
    assert "95.00 %, fine-tuned 97.31 %." in read(write_run(tmp_path / "old", "sweep", metrics=old)).text


def test_gradients_and_trajectories_are_drawn(read: Any, tmp_path: Path) -> None:
    layers = [{"name": "dense", "activation_gradient": 0.5, "depth": {"largest": 2.0, "smallest": 0.5}}]
    networks = [{"neuron": name, "loss": 2.3, "cosine": 0.987654, "layers": layers} for name in ("relu", "b1")]
    first = write_run(tmp_path / "grad", "gradients", metrics={"images": 4, "networks": networks})
    second = write_run(tmp_path / "traj", "trajectory", metrics={"networks": networks})
    (second / "trajectory.csv").write_text("step,relu_loss,b1_loss,b1_distance\n0,,,0\n1,2.5,2.5,0.1\n")
    page = read(first, second)
    assert {"grad: gradients", "b1, smallest", "traj: trajectory", "cosine", "0.987654"} <= set(page.texts)
    assert "loss of the step's batch over step. relu: 1 points, from 2.5 at 1" in page.text
    (second / "trajectory.csv").unlink()
    assert "which holds the curves, is missing" in read(second).text


def test_fine_tuning_continues_the_training_it_came_from(read: Any, tmp_path: Path) -> None:
    relu = write_run(tmp_path / "relu", "train", HISTORY, settings={"data": "mnist-mini"})
    snn = write_run(tmp_path / "snn", "convert", settings={"model": str(relu)})
    tuned = write_run(tmp_path / "tuned", "finetune", HISTORY, settings={"model": "before/snn"})
    text = read(relu, snn, tuned).text
    assert "tuned, training: 2 points, from 0.7 at 3 to 0.3 at 4" in text
    assert "Epochs of tuned follow those of the training they continue" in text
    alone = read(tuned).text
    assert "tuned, training: 2 points, from 0.7 at 1" in alone
    assert "Epochs of tuned count from the beginning of fine-tuning" in alone


def test_a_duration_that_is_no_number_is_a_dash() -> None:
    assert [seconds(value) for value in (math.inf, math.nan, 0.5, 200)] == ["–", "–", "0.5 s", "3 min 20 s"]
