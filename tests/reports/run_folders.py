"""Run folders as `snnctl` writes them, made without computing anything."""

import json
from pathlib import Path
from typing import Any

from snnctl.reports.charts import Spikes, Trajectory
from snnctl.reports.facts import TracedImage
from snnctl.reports.picture import png

HISTOGRAM = {"start": 1.0, "end": 3.0, "counts": [0, 1, 4, 9]}


LAYER = {"name": "dense", "kind": "spiking", "level": 1, "neurons": 340, "spikes_per_neuron": 0.625}
LAYER |= {"saturated": 0.0125, "window": 2.0, "t_min": 1.0, "t_max": 3.0, "synaptic_operations": 2125.0}
INPUT = {**LAYER, "name": "input_coding", "kind": "input", "spikes_per_neuron": 0.2, "level": 0}
ENERGY = {"spiking_nj": 49.0, "relu_nj": 1241.8, "ac_pj": 0.9, "mac_pj": 4.6, "assumption": "45 nm"}
FIGURES = {"type": "snn", "images": 1000, "split": "test", "accuracy": 0.9375, "loss": 0.25, "spikes_per_neuron": 0.625}
FIGURES |= {"latency": 3.0, "saturated": 0.0125, "synaptic_operations": 54321.0, "macs": 269960}


def metrics(**changes: Any) -> dict[str, Any]:
    """What `eval` finds of a spiking network with one hidden layer and two classes."""
    layers = [{**layer, "first_spikes": HISTOGRAM} for layer in (INPUT, LAYER)]
    parts = {"energy": {**ENERGY}, "confusion_matrix": [[480, 20], [43, 457]], "input": layers[0], "layers": layers[1:]}
    return {**FIGURES, **parts, **changes}


def write_run(folder: Path, verb: str = "eval", history: str = "", **changes: Any) -> Path:
    """A run folder; ``changes`` are entries of run.json, and ``metrics``."""
    folder.mkdir(parents=True)
    record = {
        "verb": verb,
        "options": {"data": None, "model": "runs/snn"},
        "settings": {"data": "mnist-mini", "model": "runs/snn"},
        "seed": 0,
        "versions": {"python": "3.11.7", "snnctl": "0.1.0"},
        "plugins": [],
        "command": ["snnctl", verb, "runs/snn"],
        "started": "2026-01-02T03:04:05+00:00",
        "duration": 1.5,
    }
    figures = changes.pop("metrics", metrics())
    (folder / "run.json").write_text(json.dumps({**record, **changes}), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(figures), encoding="utf-8")
    if history:
        (folder / "history.csv").write_text(history, encoding="utf-8")
    return folder


def write_recipe(folder: Path, steps: list[str], finished: bool = True) -> Path:
    """The folder of a recipe with an evaluation a step."""
    for minute, step in enumerate(steps):
        write_run(folder / step, started=f"2026-01-02T03:{minute:02}:05+00:00")
    (folder / "recipe.yaml").write_text("name: mine\n", encoding="utf-8")
    if finished:
        summary = {"name": "mine", "steps": [{"id": step, "folder": step} for step in steps]}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def sweep_metrics() -> dict[str, Any]:
    free = dict.fromkeys(("noise", "time_bits", "weight_bits", "threshold_bits", "latency_quantile", "zeta"))
    figures = {"repeats": 3, "accuracy_std": 0.01, "spikes_per_neuron": 0.5, "latency": 3.0, "saturated": 0.0}
    points = [
        {**free, **figures, "axis": "noise", "stage": stage, "noise": noise, "accuracy": accuracy}
        for stage, least in (("before", 0.3), ("after", 0.6))
        for noise, accuracy in ((0, 0.94), (0.1, 0.8), (1.0, least))
    ]
    points += [
        {**free, **figures, "axis": "time_bits", "stage": "before", "time_bits": bits, "accuracy": 0.9}
        for bits in (2, 3)
    ]
    return {"axes": {}, "mode": "axes", "repeats": 3, "unconstrained": {"accuracy": 0.95}, "points": points, "rows": []}


def traced_image() -> TracedImage:
    """An image of two classes, seen by the run "snn"."""
    return TracedImage(
        run="snn",
        index=7,
        split="test",
        label=0,
        prediction=1,
        populations=[Spikes("input_coding", [0.5, None], 0, 1), Spikes("dense", [2.0], 1, 3)],
        neurons=[Trajectory("dense, neuron 0", [0, 1, 2], [0, 1, 2], 2, 1, 3, 2)],
        outputs=[Trajectory("cat", [1, 3], [0, 1]), Trajectory("dog", [1, 3], [0, 2])],
        winner=1,
        t_read=3,
        picture=png(bytes(range(12)), 2, 2, 3),
        size=(2, 2),
    )


def write_full_set(folder: Path) -> list[Path]:
    """Runs that fill every part of a report but the image."""
    history = "epoch,accuracy,loss,val_accuracy,val_loss\n1,0.8,0.7,0.9,0.4\n2,0.9,0.3,,0.3\n"
    agreement = {"agreement": 0.999, "different_predictions": 1, "source_accuracy": 0.9, "max_logit_difference": 1e-6}
    return [
        write_run(folder / "relu", "train", history, metrics={"type": "relu", "accuracy": 0.9}),
        write_run(folder / "snn", "convert", metrics=metrics(**agreement)),
        write_run(folder / "sweep", "sweep", metrics=sweep_metrics()),
    ]
