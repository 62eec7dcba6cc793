"""The main job on the full data sets, through the installed command."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import pytest
from installed import Snnctl, metrics

from helpers.keras2_weights import save_weights_keras2

pytestmark = [pytest.mark.long, pytest.mark.real_data]

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(scope="module")
def command(tmp_path_factory, real_data):
    """``command(*arguments, out=NAME)`` runs snnctl, all calls in one folder, and returns the figures it wrote."""
    folder = tmp_path_factory.mktemp("real")
    snnctl = Snnctl(folder, {"SNNCTL_DATA": str(real_data)}, seconds=1800)

    def run(*arguments: str, out: str) -> dict:
        snnctl(*arguments, "--out", folder / out)
        return metrics(folder / out) if (folder / out / "metrics.json").exists() else {}

    run.folder = folder
    return run


MNIST = ("--data", "mnist", "--epochs", "1", "--batch-size", "8")


def test_fc2_from_scratch_reaches_96_percent_on_mnist(command):
    figures = command("train", "--arch", "fc2", "--type", "snn", *MNIST, out="scratch")
    assert figures["accuracy"] >= 0.96
    assert 0 < figures["spikes_per_neuron"] < 1
    assert figures["saturated"] == 0


def test_fc2_converts_to_the_same_predictions_and_finetunes_to_97_percent(command):
    relu = command("train", "--arch", "fc2", "--type", "relu", *MNIST, out="relu")
    snn = command("convert", str(command.folder / "relu"), out="snn")
    assert (snn["agreement"], snn["images"]) == (1.0, 10_000)
    assert snn["accuracy"] == snn["source_accuracy"] == relu["accuracy"]
    tuned = command("finetune", str(command.folder / "snn"), "--epochs", "1", "--batch-size", "8", out="tuned")
    assert tuned["accuracy"] >= 0.97


def test_vgg16_with_batch_norm_converts_from_keras_2_weights(command):
    """Narrow and briefly trained, but with all its layers, on all 10,000 test images of CIFAR-10."""
    options = ("--arch", "vgg16", "--arch-opt", "batch_norm=true", "--arch-opt", "width=0.25")
    data = ("--data", "cifar10", "--preprocess", "standard")
    command("train", *options, *data, "--limit", "10000", "--epochs", "2", out="vgg")
    trained = keras.saving.load_model(command.folder / "vgg" / "model.keras")
    weights = save_weights_keras2(trained, command.folder / "cifar10vgg.h5")
    figures = command("convert", str(weights), *options, *data, out="vgg-snn")
    assert figures["accuracy"] == pytest.approx(figures["source_accuracy"], abs=1e-4)
    assert figures["images"] - figures["different_predictions"] >= 9_999
    assert figures["accuracy"] > 0.2, "a network that learned nothing proves nothing"


def test_the_cifar10_recipe_runs_through(command):
    shutil.copy(RECIPES / "cifar10.yaml", command.folder)
    small = ["relu.arch_opt.width=0.125", "relu.epochs=1", "relu.limit=2000", "tuned.limit=2000", "snn.limit=2000"]
    settings = [word for setting in small for word in ("--set", setting)]
    command("run", str(command.folder / "cifar10.yaml"), *settings, out="recipe")
    steps = {path.parent.name for path in (command.folder / "recipe").glob("*/metrics.json")}
    assert {"relu", "snn", "tuned"} <= steps
    assert metrics(command.folder / "recipe" / "snn")["agreement"] >= 0.999
