"""What runs of different verbs, prices and numbers of images look like side by side."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from reports.run_folders import metrics, sweep_metrics, write_run
from reports.test_report_page import Reader, reported
from snnctl.plugins import load_registry
from snnctl.reports.facts import Facts
from snnctl.reports.numbers import seconds
from snnctl.verbs.report.gather import gather
from snnctl.verbs.result import Run

SIMULATED = {"images": 50, "spikes": 900, "different_predictions": 0, "agreement": 1.0, "largest_time_difference": 1e-6}
CHEAP = {"spiking_nj": 5.0, "relu_nj": 270.0, "ac_pj": 0.1, "mac_pj": 1.0, "assumption": "as given"}


@pytest.fixture(scope="module")
def run() -> Run:
    return Run(load_registry())


def networks(**layer: Any) -> list[dict[str, Any]]:
    layers = [{"name": "dense", "activation_gradient": 0.5, "depth": {"largest": 2.0, "smallest": 0.5}, **layer}]
    return [{"neuron": name, "loss": 2.3, "layers": layers} for name in ("relu", "b1")]


def test_prices_are_told_where_they_differ(run: Run, tmp_path: Path) -> None:
    usual, other = write_run(tmp_path / "usual"), write_run(tmp_path / "cheap", metrics=metrics(energy=CHEAP))
    read = Reader(reported(run, usual, other).html)
    assert read.texts.count("AC / MAC (pJ)") == 2  # headline and operations
    assert read.texts.count("0.1 / 1") == read.texts.count("0.9 / 4.6") == 2
    assert "Energy of cheap is an estimate: as given." in read.text
    assert "AC / MAC (pJ)" not in Reader(reported(run, usual).html).texts


def test_the_number_of_images_is_told(run: Run, tmp_path: Path) -> None:
    few = write_run(tmp_path / "few", metrics=metrics(images=200))
    read = Reader(reported(run, write_run(tmp_path / "all"), few).html)
    assert "all 93.75 % eval, spiking 1 000" in read.text
    assert "few 93.75 % eval, spiking 200" in read.text
    assert "accuracy on 200 images" in read.texts


def test_the_headline_tells_of_its_own_run_alone(run: Run, tmp_path: Path) -> None:
    made = write_run(tmp_path / "made", "convert", metrics=metrics(agreement=1.0))
    assert "predictions as the ReLU network" in Reader(reported(run, made).html).texts
    page = reported(run, made, write_run(tmp_path / "score")).html
    assert "predictions as the ReLU network" not in Reader(page).texts


def test_runs_that_measure_no_single_network_have_no_line_of_dashes(run: Run, tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path / "score"),
        write_run(tmp_path / "curves", "sweep", metrics=sweep_metrics()),
        write_run(tmp_path / "file", "export", metrics={"type": "snn", "latency": 3.0}),
    ]
    read = Reader(reported(run, *folders).html)
    assert "Further runs: curves (sweep), file (export)." in read.text.replace(" ,", ",").replace(" .", ".")
    assert "file export, spiking" not in read.text.partition("Runs in full")[0]


def test_the_verdict_of_the_simulation_is_told(run: Run, tmp_path: Path) -> None:
    same = write_run(tmp_path / "same", metrics=metrics(simulator={**SIMULATED, "different_spikes": 0}))
    off = write_run(tmp_path / "off", metrics=metrics(simulator={**SIMULATED, "different_spikes": 3}))
    read = Reader(reported(run, same, off).html)
    assert "of same fires the same spikes on 50 images, with the same predictions; times differ by at most" in read.text
    assert "of off differs in 3 of 900 spikes on 50 images" in read.text


def test_figures_of_plugins_are_in_the_part_of_the_run(run: Run, tmp_path: Path) -> None:
    measured = {"busiest": {"dense": {"never": 2, "rate": 0.25}}, "note": "none"}
    read = Reader(reported(run, write_run(tmp_path / "score", metrics=metrics(plugins=measured))).html)
    assert "busiest dense, never 2.000 busiest dense, rate 0.2500 note none" in read.text


def test_gradients_and_trajectories_are_drawn(run: Run, tmp_path: Path) -> None:
    first = write_run(tmp_path / "grad", "gradients", metrics={"images": 4, "networks": networks()})
    second = write_run(tmp_path / "traj", "trajectory", metrics={"networks": [{"neuron": "relu"}, {"neuron": "b1"}]})
    (second / "trajectory.csv").write_text("step,relu_loss,b1_loss,b1_distance\n0,,,0\n1,2.5,2.5,0.1\n")
    read = Reader(reported(run, first, second).html)
    assert {"grad: gradients", "b1, smallest", "traj: trajectory"} <= set(read.texts)
    assert "loss of the step's batch over step. relu: 1 points, from 2.5 at 1" in read.text
    (second / "trajectory.csv").unlink()
    assert "which holds the curves, is missing" in Reader(reported(run, second).html).text


@pytest.mark.parametrize(
    "found", [[{"neuron": 3}], [{"neuron": "b1", "layers": "none", "loss": "x"}], {"a": 1}, [None]]
)
@pytest.mark.parametrize("verb", ["gradients", "trajectory"])
def test_odd_networks_do_not_stop_the_report(run: Run, tmp_path: Path, verb: str, found: Any) -> None:
    Reader(reported(run, write_run(tmp_path / "odd", verb, metrics={"networks": found})).html)


def test_rounded_times_explain_uneven_bars(run: Run, tmp_path: Path) -> None:
    rounded = write_run(tmp_path / "rounded", metrics=metrics(constraints={"time_bits": 4, "noise": 0.1}))
    read = Reader(reported(run, rounded).html)
    assert "Times are rounded to 16 levels" in read.text
    assert "noise 0.1 , time 4 bits" in read.text
    assert "rounded to" not in Reader(reported(run, write_run(tmp_path / "free")).html).text


def test_fine_tuning_continues_the_training_it_came_from(run: Run, tmp_path: Path) -> None:
    history = "epoch,loss\n1,0.7\n2,0.3\n"
    relu = write_run(tmp_path / "relu", "train", history, settings={"data": "mnist-mini"})
    snn = write_run(tmp_path / "snn", "convert", settings={"model": str(relu)})
    tuned = write_run(tmp_path / "tuned", "finetune", history, settings={"model": "before/snn"})
    read = Reader(reported(run, relu, snn, tuned).html)
    assert "tuned, training: 2 points, from 0.7 at 3 to 0.3 at 4" in read.text
    assert "Epochs of tuned follow those of the training they continue" in read.text
    alone = Reader(reported(run, tuned).html).text
    assert "tuned, training: 2 points, from 0.7 at 1" in alone
    assert "Epochs of tuned count from the beginning of fine-tuning" in alone


def test_a_sweep_is_drawn_as_in_its_own_picture(run: Run, tmp_path: Path) -> None:
    read = Reader(reported(run, write_run(tmp_path / "curves", "sweep", metrics=sweep_metrics())).html)
    for words in ("jitter of spike times (τ", "unconstrained", "before fine-tuning", "after fine-tuning"):
        assert any(text.startswith(words) for text in read.texts)


def test_fine_tuned_points_are_compared_with_the_fine_tuned_control(run: Run, tmp_path: Path) -> None:
    control = {"accuracy": 0.9731, "latency": 3.5}
    found = {**sweep_metrics(), "unconstrained_after": control}
    read = Reader(reported(run, write_run(tmp_path / "curves", "sweep", metrics=found)).html)
    assert "Without constraints: 95.00 %, fine-tuned 97.31 %." in read.text
    assert "unconstrained, fine-tuned: 97.31 % throughout" in read.text
    assert "unconstrained, fine-tuned: 3.5 throughout" in read.text  # of latency, which differs from that of the points
    old = {**found, "unconstrained_after": None}
    old["points"] = [{"axis": None, "stage": "after", **control}, *old["points"]]  # known from its point alone
    read = Reader(reported(run, write_run(tmp_path / "old", "sweep", metrics=old)).html)
    assert "95.00 %, fine-tuned 97.31 %." in read.text


def test_networks_of_other_sizes_have_charts_of_their_own(run: Run, tmp_path: Path) -> None:
    small = metrics()
    small["layers"] = [{**small["layers"][0], "neurons": 64}]
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b"), write_run(tmp_path / "c", metrics=small)]
    texts = Reader(reported(run, *folders).html).texts
    assert "Spikes per neuron: a, b" in texts
    assert "Spikes per neuron: c" in texts


def test_the_first_sentence_says_which_run_it_tells_of_and_which_is_better(run: Run, tmp_path: Path) -> None:
    best = write_run(tmp_path / "best", metrics=metrics(accuracy=0.97))
    elsewhere = write_run(tmp_path / "easy", metrics=metrics(accuracy=0.99), settings={"data": "easy"})
    last = write_run(tmp_path / "last")
    text = Reader(reported(run, best, elsewhere, last).html).text
    assert "The last run of a spiking network, last , classifies 93.75 % of 1 000 test images of mnist-mini" in text
    assert "Of the spiking networks on mnist-mini, the most accurate is best with 97.00 %." in text
    assert "easy 99.00 % eval, spiking easy 1 000" in text  # data sets are a column where they differ
    assert "most accurate" not in Reader(reported(run, last, best).html).text
    assert ". last classifies 93.75 %" in Reader(reported(run, last).html).text


def test_runs_of_one_network_have_the_first_colours(run: Run, tmp_path: Path) -> None:
    sweeps = [write_run(tmp_path / f"curves{place}", "sweep", metrics=sweep_metrics()) for place in range(10)]
    runs, _ = gather([str(folder) for folder in (*sweeps, write_run(tmp_path / "score"))])
    assert Facts("T", runs).colour(runs[-1]) == 0
    assert len({Facts("T", runs).colour(one) for one in runs}) == 11


def test_trajectories_tell_the_cosine(run: Run, tmp_path: Path) -> None:
    found = {"networks": [{"neuron": "relu"}, {"neuron": "b1", "cosine": 0.987654}]}
    read = Reader(reported(run, write_run(tmp_path / "traj", "trajectory", metrics=found)).html)
    assert "cosine" in read.texts
    assert "0.987654" in read.texts


def test_a_title_names_up_to_four_runs(run: Run, tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name) for name in "abcde"]
    assert "<h1>a, b, c and d</h1>" in reported(run, *folders[:4]).html
    assert "<h1>5 runs</h1>" in reported(run, *folders).html


def test_a_duration_that_is_no_number_is_a_dash() -> None:
    assert [seconds(value) for value in (math.inf, math.nan, 0.5, 200)] == ["–", "–", "0.5 s", "3 min 20 s"]
