"""Options, recipes and output folders that cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl

USAGE, RECIPE, OUTPUT, TRAINING = 2, 6, 8, 9
TRAIN = ("train", "--data", "mnist-mini", "--arch", "fc2")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--arch-opt", "hiden=3"], ["no option 'hiden' of architecture 'fc2'", "did you mean 'hidden'?"]),
        (["--arch-opt", "hidden=many"], ["option 'hidden' of architecture 'fc2' is 'many'", "valid integer"]),
        (["--arch-opt", "hidden"], ["--arch-opt hidden is not NAME=VALUE", "for example"]),
        (["--preprocess", "standrad"], ['"standrad" is not a preprocessing', "Did you mean standard?"]),
        (["--preprocess", "mean=1,std=0"], ['std must be a positive number, not "0"', "Example: "]),
        (["--limit", "0"], ["--limit is 0", "greater than 0"]),
        (["--optimiser", "sgd"], ["No such option: --optimiser", "--optimizer"]),
    ],
)
def test_an_option_that_cannot_be_used(snnctl: Snnctl, arguments: list[str], words: list[str]) -> None:
    message = snnctl.fail(USAGE, *TRAIN, *arguments)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.long
def test_an_option_that_only_the_architecture_can_judge(snnctl: Snnctl) -> None:
    message = snnctl.fail(USAGE, *TRAIN, "--arch-opt", "hidden=0")
    assert "hidden of architecture fc2 must be a number above zero, not 0" in message


@pytest.mark.long
def test_a_training_that_diverges(snnctl: Snnctl) -> None:
    message = snnctl.fail(
        TRAINING,
        *TRAIN,
        "--limit",
        "300",
        "--epochs",
        "5",
        "--optimizer",
        "sgd",
        "--lr",
        "1e4",
        "--preprocess",
        "raw",
        "--batch-size",
        "8",
        "--out",
        "a/b",
    )
    assert re.search("the loss is (nan|inf) in epoch |NaN or infinite", message)
    assert "smaller --lr" in message


def test_an_output_folder_in_use(snnctl: Snnctl) -> None:
    precious = snnctl.cwd / "out" / "precious"
    precious.parent.mkdir()
    precious.write_text("mine")
    message = snnctl.fail(OUTPUT, *TRAIN, "--out", "out")
    assert "out is not empty" in message
    assert "--overwrite" in message
    assert precious.read_text() == "mine"


def test_an_output_folder_that_is_a_file(snnctl: Snnctl) -> None:
    (snnctl.cwd / "out").touch()
    assert "out is a file" in snnctl.fail(OUTPUT, *TRAIN, "--out", "out")
    assert "out is a file" in snnctl.fail(OUTPUT, *TRAIN, "--out", "out/deeper/still")


RECIPE_TEXT = """\
steps:
  - id: relu
    train:
      arch: fc2
      data: mnist-mini
      {line}
  - id: snn
    convert:
      model: {model}
"""


@pytest.mark.parametrize(
    ("line", "model", "words"),
    [
        ("epoch: 1", "relu", ["typo.yaml:6:7", "'epoch'", "did you mean 'epochs'?"]),
        ("epochs: few", "relu", ["typo.yaml:6:7", "few"]),
        ("limit: 10", "rellu", ["typo.yaml:9:7", "rellu", "relu"]),
        ("limit: [10", "relu", ["typo.yaml:7:"]),
    ],
)
def test_a_typo_in_a_recipe(snnctl: Snnctl, line: str, model: str, words: list[str]) -> None:
    (snnctl.cwd / "typo.yaml").write_text(RECIPE_TEXT.format(line=line, model=model))
    message = snnctl.fail(RECIPE, "run", "typo.yaml", "--out", "out")
    assert [word for word in words if word not in message] == [], message


def test_a_step_that_fails_is_named_and_leaves_nothing_of_its_own(
    snnctl: Snnctl, model_files: Path, run_folder: Callable[[str], Path]
) -> None:
    (snnctl.cwd / "two.yaml").write_text(
        f"""
defaults: {{data: mnist-mini, limit: 20}}
steps:
  - id: score
    eval:
      model: {run_folder("relu")}
  - id: snn
    convert:
      model: {model_files / "tanh.keras"}
"""
    )
    done = snnctl.attempt("run", "two.yaml", "--out", "out")
    assert done.code == 5
    assert "step 'snn', layer 'curved' (Dense), 2 of 3" in done.error[0]
    kept = {path.name for path in (snnctl.cwd / "out").iterdir() if path.name != "step-keys.json"}
    assert kept == {"score", "recipe.yaml"}
