"""The main job on the full data sets."""

from pathlib import Path
from typing import Any

import pytest
from installed import metrics

import snnctl
from model_files import save_weights_keras2

pytestmark = [pytest.mark.long, pytest.mark.real_data, pytest.mark.usefixtures("real_data")]

RECIPES = Path(__file__).parents[2] / "recipes"
MNIST: dict[str, Any] = {"data": "mnist", "epochs": 1, "batch_size": 8}


def test_fc2_from_scratch_reaches_96_percent_on_mnist() -> None:
    figures = snnctl.train(arch="fc2", type="snn", **MNIST).metrics
    assert figures["accuracy"] >= 0.96
    assert 0 < figures["spikes_per_neuron"] < 1
    assert figures["saturated"] == 0


def test_fc2_converts_to_the_same_predictions_and_finetunes_to_97_percent(tmp_path: Path) -> None:
    relu = snnctl.train(arch="fc2", **MNIST, out=tmp_path / "relu").metrics
    snn = snnctl.convert(tmp_path / "relu", out=tmp_path / "snn").metrics
    assert (snn["agreement"], snn["images"]) == (1.0, 10_000)
    assert snn["accuracy"] == snn["source_accuracy"] == relu["accuracy"]
    assert snnctl.finetune(tmp_path / "snn", epochs=1, batch_size=8).metrics["accuracy"] >= 0.97


def test_vgg16_with_batch_norm_converts_from_keras_2_weights(tmp_path: Path) -> None:
    """Narrow and briefly trained, but with all its layers, on all 10,000 test images of CIFAR-10."""
    options: dict[str, Any] = {"arch": "vgg16", "arch_opt": {"batch_norm": True, "width": 0.25}}
    options |= {"data": "cifar10", "preprocess": "standard"}
    trained = snnctl.train(**options, limit=10_000, epochs=2)
    weights = save_weights_keras2(trained.model, tmp_path / "cifar10vgg.h5")
    figures = snnctl.convert(weights, **options).metrics
    assert figures["accuracy"] == pytest.approx(figures["source_accuracy"], abs=1e-4)
    assert figures["images"] - figures["different_predictions"] >= 9_999
    assert figures["accuracy"] > 0.2, "a network that learned nothing proves nothing"


def test_the_cifar10_recipe_runs_through(tmp_path: Path) -> None:
    small = {"relu.arch_opt.width": 0.125, "relu.epochs": 1}
    limits = dict.fromkeys(("relu.limit", "tuned.limit", "snn.limit"), 2000)
    outcome = snnctl.run_recipe(RECIPES / "cifar10.yaml", out=tmp_path / "recipe", **small, **limits)
    assert {"relu", "snn", "tuned"} <= {path.parent.name for path in outcome.folder.glob("*/metrics.json")}
    assert metrics(outcome.folder / "snn")["agreement"] >= 0.999
