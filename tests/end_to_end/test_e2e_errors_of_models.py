"""Models that cannot be used: each is refused in a few lines that name the file or layer and the way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl, chatter

from helpers.mutations import mutated

MNIST = ("--data", "mnist-mini")
MODEL, CONVERSION = 3, 5


def test_a_missing_file(snnctl: Snnctl, model_files: Path) -> None:
    message = snnctl.fail(MODEL, "convert", model_files / "god.keras", *MNIST)
    assert str(model_files / "god.keras") in message
    assert "run folder, a .keras file" in message


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        pytest.param(
            "good.keras",
            ["--data", "cifar10"],
            ["shape (28, 28, 1)", "set cifar10 have shape (32, 32, 3)", "--data"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "seven-classes.keras",
            MNIST,
            ["The model has 7 classes", "mnist-mini has 10 classes", "--data"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "truncated-good.h5",
            MNIST,
            ["truncated-good.h5 cannot be opened", "copy or save it again"],
            marks=pytest.mark.long,
        ),
        ("truncated-good.keras", MNIST, ["truncated-good.keras is damaged", "Copy or save it again"]),
        pytest.param(
            "fc2.weights.h5", MNIST, ["fc2.weights.h5 holds weights only", "--arch vgg16"], marks=pytest.mark.long
        ),
        pytest.param(
            "fc2.weights.h5",
            ["--arch", "lenet5", *MNIST],
            ["fc2.weights.h5", "layer 'conv2d_1' is not in the file", "Check --arch"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "fc2.weights.h5",
            ["--arch", "fc2", "--arch-opt", "hidden=31", *MNIST],
            ["layer 'dense_1', kernel: (784, 31) in the network, (784, 30) in the file", "--arch-opt"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "nan.keras",
            MNIST,
            ["Layer 'broken' has NaN", "kernel: 1 of 4704", "train again"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "lambda.keras",
            MNIST,
            ["lambda.keras", "Layer 'doubled' holds Python code", "standard layers", "--allow-code"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "huge.keras",
            MNIST,
            ["huge.keras describes a network with more weights than the file holds", "Copy or save"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "linked.h5",
            MNIST,
            ["linked.h5: its weight model_weights/logits is a link to somewhere else"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "bomb.keras",
            MNIST,
            ["bomb.keras is damaged", "but unpacks to 209,", "Copy or save"],
            marks=pytest.mark.long,
        ),
        ("good.keras", [], ["no data set is named", "good.keras", "--data NAME"]),
    ],
)
def test_a_model_that_cannot_be_used(
    snnctl: Snnctl, model_files: Path, model: str, options: list[str], words: list[str]
) -> None:
    code = MODEL if options else 2
    message = snnctl.fail(code, "convert", model_files / model, *options, "--out", "out")
    assert [word for word in words if word not in message] == [], message


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_a_file_that_is_damaged_at_random(snnctl: Snnctl, model_files: Path, seed: int) -> None:
    name = ("good.h5", "good.keras")[seed % 2]
    (snnctl.cwd / name).write_bytes(mutated((model_files / name).read_bytes(), seed))
    done = snnctl.attempt("convert", name, *MNIST, "--limit", "50", "--out", "out")
    assert done.code in (0, MODEL, CONVERSION), done.err
    assert (snnctl.cwd / "out").exists() == (done.code == 0)
    assert len(done.error) <= 3
    assert not chatter(done.err)


@pytest.mark.long
def test_a_saved_model_of_keras_2_is_read(snnctl: Snnctl) -> None:
    folder = Path(__file__).parents[1] / "fixtures" / "keras2" / "saved_operations"
    message = snnctl.fail(MODEL, "convert", folder, *MNIST)
    assert "The model takes samples of shape (8, 8, 2), but those of data set mnist-mini" in message


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("layer-norm", ["layer 'normed' (LayerNormalization), 3 of 5", "BatchNormalization", "docs/convert.md"]),
        pytest.param(
            "tanh",
            ["layer 'curved' (Dense), 2 of 3", "the activation 'tanh' has no spiking form", "ReLU"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "sigmoid",
            ["layer 'squashed' (Dense), 2 of 3", "goes on behind its softmax or sigmoid", "at the end"],
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_network_that_does_not_convert(snnctl: Snnctl, model_files: Path, model: str, words: list[str]) -> None:
    message = snnctl.fail(CONVERSION, "convert", model_files / f"{model}.keras", *MNIST)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.long
def test_a_recurrent_network_does_not_convert(snnctl: Snnctl, model_files: Path, faulty_plugin: Path) -> None:
    message = snnctl.fail(
        CONVERSION, "convert", model_files / "lstm.keras", "--data", "sequences", PYTHONPATH=str(faulty_plugin)
    )
    assert "layer 'memory' (LSTM), 1 of 2: LSTM has no spiking form" in message


def test_a_spiking_network_is_not_converted_again(snnctl: Snnctl, run_folder: Callable[[str], Path]) -> None:
    message = snnctl.fail(MODEL, "convert", run_folder("snn"))
    assert f"{run_folder('snn')} is a spiking network already" in message
    assert "`snnctl eval`" in message


@pytest.mark.long
def test_a_damaged_record(snnctl: Snnctl, model_files: Path) -> None:
    folder = snnctl.cwd / "run"
    folder.mkdir()
    (folder / "model.keras").write_bytes((model_files / "good.keras").read_bytes())
    (folder / "run.json").write_text('{"verb": "train", ')
    message = snnctl.fail(MODEL, "eval", "run")
    assert "run/run.json: cannot be read" in message
    assert "write the run again" in message
