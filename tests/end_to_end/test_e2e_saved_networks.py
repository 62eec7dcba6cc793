"""What snnctl writes is an ordinary Keras model, in a Python that knows nothing else; and snnctl from Python."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import metrics

Folder = Callable[[str], Path]

ORDINARY = """
import sys
import keras, numpy as np
import snnctl.layers

snn = keras.saving.load_model(sys.argv[1])
images = np.random.default_rng(0).random((32, 28, 28, 1), dtype="float32")
labels = np.arange(32) % 10
before = snn.predict(images, verbose=0)
snn.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
history = snn.fit(images, labels, epochs=3, batch_size=8, verbose=0).history
after = snn.predict(images, verbose=0)
assert before.shape == after.shape == (32, 10)
assert np.isfinite(after).all() and not np.array_equal(before, after)
assert history["loss"][-1] < history["loss"][0]
snn.save(sys.argv[2])
again = keras.saving.load_model(sys.argv[2])
assert np.array_equal(again.predict(images, verbose=0), after)
"""


@pytest.mark.parametrize("name", ["snn", pytest.param("b1", marks=pytest.mark.long)])
def test_keras_opens_and_trains_a_saved_network(run_folder: Folder, tmp_path: Path, name: str) -> None:
    arguments = [run_folder(name) / "model.keras", tmp_path / "again.keras"]
    subprocess.run([sys.executable, "-c", ORDINARY, *arguments], check=True, cwd=tmp_path)


@pytest.mark.long
def test_precision_is_kept(run_folder: Folder) -> None:
    import snnctl

    model = snnctl.load(run_folder("float64")).model
    assert {str(weight.dtype) for weight in model.weights if "int" not in str(weight.dtype)} == {"float64"}
    assert model.outputs[0].dtype == "float64"
    tuned = snnctl.finetune(run_folder("float64"), limit=20).model
    assert tuned.outputs[0].dtype == tuned.loss.dtype == "float64"


@pytest.mark.long
def test_python_does_what_the_command_does(tmp_path: Path) -> None:
    import snnctl

    small = {"limit": 100, "batch_size": 20}
    relu = snnctl.train(
        arch="fc", arch_opt={"widths": [12, 8]}, data="mnist-mini", epochs=1, out=tmp_path / "relu", **small
    )
    snn = snnctl.convert(tmp_path / "relu", out=tmp_path / "snn", **small)
    tuned = snnctl.finetune(tmp_path / "snn", out=tmp_path / "tuned", **small)
    score = snnctl.evaluate(tmp_path / "tuned", **small)
    assert snn.metrics["agreement"] == 1.0
    assert snn.metrics["source_accuracy"] == relu.metrics["accuracy"]
    assert len(tuned.history) == 1
    assert score.model is None
    assert score.metrics["accuracy"] == tuned.metrics["accuracy"] == metrics(tmp_path / "tuned")["accuracy"]
    assert snnctl.load(tmp_path / "tuned").run.verb == "finetune"


def test_python_raises_what_the_command_prints(run_folder: Folder) -> None:
    import snnctl
    from snnctl.errors import ModelError, UsageError

    with pytest.raises(UsageError, match="no option 'epoch'") as caught:
        snnctl.train(arch="fc2", epoch=1)
    assert caught.value.todo == "did you mean 'epochs'?"
    with pytest.raises(ModelError, match="is a spiking network already"):
        snnctl.convert(run_folder("snn"), limit=10)
