"""The options of calibration and verification on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnctl.errors import AgreementError


@pytest.fixture
def net() -> Path:
    """What passes for a model and a file as long as nothing is computed."""
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    Path("images.npz").write_bytes(b"PK")
    return Path("net.keras")


def test_flags_become_options(call, verbs, net: Path) -> None:
    code, _, err = call(
        *("convert", "net.keras", "--calibrate", "images.npz", "--calibration-images", "70", "--input-range", "-1,1"),
        *("--verify", "full", "--require-agreement", "0.99", "--allow-code"),
    )
    assert code == 0, err
    [(_, options)] = verbs.calls
    assert (options.calibrate, options.calibration_images, options.input_range) == (Path("images.npz"), 70, (-1.0, 1.0))
    assert (options.verify, options.require_agreement, options.allow_code) == ("full", 0.99, True)
    [folder] = Path("runs").iterdir()
    recorded = json.loads((folder / "run.json").read_text())["options"]
    assert (recorded["calibrate"], recorded["input_range"]) == ("images.npz", [-1.0, 1.0])


@pytest.mark.parametrize("verb", ["convert", "finetune", "eval"])
def test_code_is_allowed_for_every_verb_that_takes_a_model(call, verbs, net: Path, verb: str) -> None:
    assert call(verb, "net.keras", "--data", "mnist-mini")[0] == 0
    assert call(verb, "net.keras", "--data", "mnist-mini", "--allow-code")[0] == 0
    assert [options.allow_code for _, options in verbs.calls] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, ["no data set is named", "--data NAME", "--calibrate"]),
        (("--calibrate", "500"), 4, ["no file or folder 500", "--calibration-images"]),
        (("--calibrate", "nowhere"), 4, ["no file or folder nowhere"]),
        (("--calibrate", "images.npz", "--preprocess", "standard"), 2, ["no standard preprocessing"]),
        (("--calibrate", "images.npz", "--preprocess", "unti"), 2, ["Did you mean unit?"]),
        (("--calibrate", "images.npz", "--input-range", "1"), 2, ["--input-range is '1'", "two numbers P,Q"]),
        (("--calibrate", "images.npz", "--input-range", "1,1"), 2, ["P should be smaller than Q"]),
        (("--calibrate", "images.npz", "--require-agreement", "1.5"), 2, ["--require-agreement is 1.5"]),
        (("--calibrate", "images.npz", "--verify", "none", "--require-agreement", "1"), 2, ["nothing is verified"]),
        (("--data", "mnist-mini", "--verify", "some"), 2, ["--verify"]),
        (("--data", "mnits", "--calibrate", "images.npz"), 7, ["did you mean 'mnist'"]),
    ],
)
def test_mistakes_are_found_before_anything_is_read(
    call, verbs, net: Path, arguments: tuple[str, ...], code: int, words: list[str]
) -> None:
    found, out, err = call("convert", "net.keras", *arguments)
    assert (found, out, verbs.calls) == (code, "", [])
    assert [word for word in words if word not in err] == [], err


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_required_and_missed_is_shown_written_and_told(call, verbs, net: Path, as_json: bool) -> None:
    verbs.failure = AgreementError("they differ", todo="Try again.")
    code, out, err = call(
        "convert", "net.keras", "--data", "mnist-mini", "--out", "snn", *(["--json"] if as_json else [])
    )
    assert code == 10
    assert err.endswith(f"error: they differ\nIt is written all the same, to {Path('snn').resolve()}. Try again.\n")
    assert Path("snn/model.keras").exists()
    assert json.loads(out)["agreement"] == 1.0 if as_json else "same predictions" in out


def test_a_recipe_shows_the_steps_that_were_run(call, verbs, net: Path) -> None:
    verbs.failure = AgreementError("they differ")
    Path("r.yaml").write_text(
        "steps:\n- train: {arch: fc2}\n- convert: {model: train, require_agreement: 1.0}\n- eval: {model: convert}\n"
    )
    code, out, err = call("run", "r.yaml", "--out", "out")
    assert code == 10
    assert "error: step 'convert': they differ" in err
    assert [name for name, _ in verbs.calls] == ["train", "convert"]
    assert "convert" in out
    assert "eval" not in out


def test_recipes_know_whether_data_is_there(call, verbs, net: Path) -> None:
    recipe = "steps:\n- convert: {{model: net.keras{}}}\n- eval: {{model: convert{}}}\n"
    own = ", calibrate: images.npz, input_range: [0, 1]"
    Path("r.yaml").write_text(recipe.format(own, ", data: mnist-mini"))
    assert call("run", "r.yaml", "--dry-run")[0] == 0
    for first, second, message in (
        ("", "", "no data set is named, and net.keras does not record one"),
        (own, "", "no data set is named, and step 'convert' has none"),
        (", calibrate: nowhere", ", data: mnist-mini", "no file or folder nowhere"),
        (", calibrate: 500", ", data: mnist-mini", "the number of images is calibration_images"),
        (own.replace("[0, 1]", "[1, 0]"), ", data: mnist-mini", "P should be smaller than Q"),
        (own + ", preprocess: standard", ", data: mnist-mini", "no standard preprocessing"),
    ):
        Path("r.yaml").write_text(recipe.format(first, second))
        code, _, err = call("run", "r.yaml", "--dry-run")
        assert code == 6
        assert message in err


def test_a_file_to_calibrate_on_is_not_overwritten(call, verbs, net: Path) -> None:
    Path("out").mkdir()
    Path("images.npz").rename("out/images.npz")
    code, _, err = call("convert", "net.keras", "--calibrate", "out/images.npz", "--out", "out", "--overwrite")
    assert code == 8
    assert "needed as input" in err


def test_empty_paths(call, verbs, net: Path) -> None:
    for arguments in (("--out", ""), ("--out", "out", "--calibrate", ""), ("--out=",)):
        code, _, err = call("convert", "net.keras", *arguments)
        assert code == 2
        assert "is empty" in err
    code, _, err = call("convert", "net.keras", "--calibrate", "images.npz", "--out", "/")
    assert code == 8
    assert "root of the file system" in err
