"""Verbs on the command line: flags from the options models, results on stdout, folders complete or absent."""

from __future__ import annotations

import json
import signal
import warnings
from pathlib import Path

import pytest

from snnctl.errors import ConversionError, TrainingError


def test_flags_become_options(call, verbs) -> None:
    code, out, _ = call(
        *("train", "--arch", "fc2", "--data", "mnist-mini", "--type", "snn", "--epochs", "3", "--lr", "1e-3"),
        *("--arch-opt", "hidden=20", "--limit", "5", "--data-dir", "somewhere", "--out", "out"),
    )
    assert code == 0
    [(name, options)] = verbs.calls
    assert name == "train"
    assert (options.arch, options.type, options.epochs, options.lr, options.limit) == ("fc2", "snn", 3, 1e-3, 5)
    assert options.arch_opt == {"hidden": "20"}
    assert options.data_dir == Path("somewhere")
    assert options.batch_size == 64
    assert "accuracy" in out
    assert "50.00 %" in out
    assert "written to out" in out
    assert {path.name for path in Path("out").iterdir()} == {"model.keras", "metrics.json", "history.csv", "run.json"}


def test_the_model_is_an_argument(call, verbs) -> None:
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    code, out, _ = call("convert", "net.keras", "--data", "mnist-mini")
    assert code == 0
    assert verbs.calls[0][1].model == "net.keras"
    assert "same predictions as the ReLU network" in out
    [folder] = Path("runs").iterdir()
    assert folder.name.endswith("-convert-net-mnist-mini")


def test_eval_writes_only_when_asked(call, verbs) -> None:
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    assert call("eval", "net.keras", "--data", "mnist-mini")[0] == 0
    assert not Path("runs").exists()
    assert call("eval", "net.keras", "--data", "mnist-mini", "--out", "score")[0] == 0
    assert {path.name for path in Path("score").iterdir()} == {"metrics.json", "run.json"}


@pytest.mark.parametrize("verb", ["convert", "finetune", "eval"])
def test_json_is_one_strict_object_on_stdout(call, verbs, verb: str) -> None:
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    verbs.action = lambda name: print("something chatty")
    code, out, err = call(verb, "net.keras", "--data", "mnist-mini", "--json")
    assert code == 0
    document = json.loads(out, parse_constant=pytest.fail)
    assert document["accuracy"] == 0.5
    assert document["loss"] is None
    assert document["layers"][0]["neurons"] == 340
    assert "something chatty" in err


def test_the_record_tells_everything(call, verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["snnctl", "train", "..."])
    call("train", "--arch", "fc2", "--data", "mnist-mini", "--seed", "7", "--out", "out")
    record = json.loads(Path("out/run.json").read_text())
    assert record["command"] == ["snnctl", "train", "..."]
    assert record["seed"] == record["options"]["seed"] == 7
    assert {"python", "snnctl", "tensorflow", "keras", "numpy"} <= set(record["versions"])
    assert record["started"].startswith("20")
    assert record["duration"] >= 0
    assert json.loads(Path("out/metrics.json").read_text())["loss"] is None


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (ConversionError("cannot convert LSTM", where="layer 'lstm' (3rd)", todo="remove it"), 5, 2),
        (TrainingError("the loss is NaN", todo="lower --lr"), 9, 2),
        (MemoryError(), 1, 2),
        (RuntimeError("oh\nno"), 1, 2),
        (KeyboardInterrupt(), 130, 1),
        (SystemExit(0), 1, 2),
    ],
)
def test_failures_end_in_a_few_lines_and_leave_nothing(
    call, verbs, error: BaseException, code: int, lines: int
) -> None:
    def fail(name: str) -> None:
        raise error

    verbs.action = fail
    got, out, err = call("train", "--arch", "fc2", "--data", "mnist-mini", "--out", "a/out")
    assert got == code
    assert out == ""
    told = [line for line in err.splitlines() if not line.startswith("train")]
    assert len(told) == lines
    assert "Traceback" not in err
    assert list(Path().iterdir()) == []


def test_being_told_to_end_is_silent(call, verbs) -> None:
    verbs.action = lambda name: signal.raise_signal(signal.SIGTERM)
    code, out, err = call("train", "--arch", "fc2", "--data", "mnist-mini", "--out", "a/out")
    assert (code, out, err) == (143, "", "train ...\n")
    assert list(Path().iterdir()) == []


def test_warnings_of_libraries_are_not_shown(call, verbs) -> None:
    verbs.action = lambda name: warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    code, _, err = call("train", "--arch", "fc2", "--data", "mnist-mini")
    assert code == 0
    assert "overflow" not in err


def test_debug_shows_the_traceback_wherever_it_stands(call, verbs) -> None:
    def fail(name: str) -> None:
        raise RuntimeError("oh no")

    verbs.action = fail
    arguments = ["train", "--arch", "fc2", "--data", "mnist-mini"]
    assert "this is a bug in snnctl; --debug shows the traceback" in call(*arguments)[2]
    for line in (["--debug", *arguments], [*arguments, "--debug"]):
        assert "Traceback" in call(*line)[2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--data", "mnist"], 2, "--arch"),
        (["train", "--arch", "fc2", "--epoch", "3"], 2, "--epochs"),
        (["train", "--arch", "fc2", "--epochs", "many"], 2, "--epochs"),
        (["train", "--arch", "fc2", "--epochs", "-1"], 2, "--epochs is -1: it should be greater than or equal to 0"),
        (["train", "--arch", "fc2", "--batch-size", "0"], 2, "--batch-size is 0"),
        (["train", "--arch", "fc2", "--lr", "nan"], 2, "--lr"),
        (["train", "--arch", "fc2", "--lr", "inf"], 2, "--lr"),
        (["train", "--arch", "fc2", "--lr", "1e308"], 2, "--lr is 1e+308: it should be less than or equal to 10000"),
        (["train", "--arch", "fc2", "--x-n", "1e308"], 2, "--x-n"),
        (["train", "--arch", "fc2", "--zeta", "1e300"], 2, "--zeta"),
        (["train", "--arch", "fc2", "--gamma", "1e308"], 2, "--gamma"),
        (["train", "--arch", "fc2", "--type", "rnn"], 2, "--type"),
        (["train", "--arch", "fc2", "--arch-opt", "hidden"], 2, "--arch-opt hidden is not NAME=VALUE"),
        (["train", "--arch", "fc2", "--arch-opt", "hiden=3"], 2, "did you mean 'hidden'?"),
        (["train", "--arch", "fc2", "--arch-opt", "hidden=x"], 2, "'hidden' of architecture 'fc2' is 'x'"),
        (["train", "--arch", "fc22", "--data", "mnist"], 7, "did you mean 'fc2'?"),
        (["train", "--arch", "fc2", "--data", "minst"], 7, "did you mean 'mnist'?"),
        (["train", "--arch", "fc2", "--data", "mnist", "--preprocess", "standart"], 2, "preproc"),
        (["eval"], 2, "MODEL"),
        (["eval", "nowhere.keras"], 3, "no model at nowhere.keras"),
        (["trian"], 2, "Did you mean 'train'?"),
        (["data", "show", "minst"], 7, "did you mean 'mnist'?"),
        (["archs", "show", "vgg61"], 7, "did you mean 'vgg16'?"),
        (["run", "nowhere.yaml"], 6, "no recipe at nowhere.yaml"),
        (["--nonsense"], 2, "--nonsense"),
    ],
)
def test_mistakes_are_told_before_anything_runs(call, verbs, arguments: list[str], code: int, message: str) -> None:
    got, out, err = call(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith("error: ")
    assert message in err
    assert 1 <= len(err.splitlines()) <= 3
    assert verbs.calls == []
    assert list(Path().iterdir()) == []


def test_a_folder_in_use_is_refused_before_the_work_starts(call, verbs) -> None:
    Path("out").mkdir()
    Path("out/summary.json").touch()
    arguments = ["train", "--arch", "fc2", "--data", "mnist-mini", "--out", "out"]
    code, _, err = call(*arguments)
    assert (code, verbs.calls) == (8, [])
    assert "out is not empty" in err
    assert call(*arguments, "--overwrite")[0] == 0
    assert not Path("out/summary.json").exists()
    assert Path("out/run.json").exists()


def test_an_old_folder_survives_a_failure(call, verbs) -> None:
    Path("out").mkdir()
    Path("out/summary.json").touch()

    def fail(name: str) -> None:
        raise TrainingError("the loss is NaN")

    verbs.action = fail
    assert call("train", "--arch", "fc2", "--data", "mnist-mini", "--out", "out", "--overwrite")[0] == 9
    assert [path.name for path in Path("out").iterdir()] == ["summary.json"]
    assert [path.name for path in Path().iterdir()] == ["out"]


def test_no_arguments_show_the_help(call) -> None:
    for group in ([], ["data"], ["archs"], ["plugins"]):
        code, out, err = call(*group)
        assert (code, err) == (2, "")
        assert "Usage: snnctl" in out


def test_weights_are_not_overwritten_by_what_is_made_of_them(call, verbs) -> None:
    Path("out").mkdir()
    Path("out/weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    code, _, err = call("convert", "out/weights.h5", "--data", "mnist-mini", "--out", "out", "--overwrite")
    assert (code, verbs.calls) == (8, [])
    assert "out holds out/weights.h5, which is needed" in err
    assert Path("out/weights.h5").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("train", "--arch", "fc2", "--type", "ann"),
            2,
            "Invalid value for '--type': 'ann' is not one of 'relu', 'snn'",
        ),
        (("train", "--arch", "fc2", "--type", "snn", "--neuron", "b2"), 7, "no neuron model called 'b2'"),
        (("export", "net.keras", "--to", "npx"), 7, "no exporter called 'npx'"),
    ],
)
def test_a_choice_that_is_none_is_told_in_plain_words(call, verbs, arguments, code, message) -> None:
    found, _, err = call(*arguments)
    assert (found, verbs.calls) == (code, [])
    assert err.splitlines()[0] == f"error: {message}"


def test_a_recipe_on_the_command_line(call, verbs) -> None:
    Path("r.yaml").write_text("steps:\n- train: {arch: fc2, data: mnist-mini}\n- eval: {model: train}\n")
    code, out, _ = call("run", "r.yaml", "--set", "train.epochs=2", "--dry-run")
    assert (code, verbs.calls) == (0, [])
    assert "epochs=2" in out
    assert json.loads(call("run", "r.yaml", "--dry-run", "--json")[1])["steps"][1] == {
        "id": "eval",
        "eval": {"model": "train"},
    }
    code, out, err = call("run", "r.yaml", "--out", "out")
    assert code == 0
    assert "written to out" in out
    assert "step 2 of 2: eval (eval)" in err
    code, _, err = call("run", "r.yaml", "--out", "out")
    assert (code, len(err.splitlines())) == (8, 2)
    document = json.loads(call("run", "r.yaml", "--out", "out", "--overwrite", "--json")[1])
    assert [step["id"] for step in document["steps"]] == ["train", "eval"]
