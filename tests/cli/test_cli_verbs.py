"""Verbs on the command line: flags from the options models, results on stdout, folders complete or absent."""

import json
import signal
import warnings
from pathlib import Path

import pytest

from snnctl.errors import AgreementError, ConversionError, TrainingError

TRAIN = ("train", "--arch", "fc2")
MINI = ("--data", "mnist-mini")
CALIBRATE = ("convert", "net.keras", "--calibrate", "images.npz")
EMPTY = (  # as of a variable that is not set; it would be the working folder
    ("convert", "net.keras", *MINI, "--out", ""),
    ("data", "list", "--data-dir", ""),
    ("plugins", "check", "builtin", "--data-dir", ""),
    ("report", "net.keras", "--data-dir", ""),
    ("run", "net.keras", "--cache", ""),
)


@pytest.fixture
def net() -> Path:
    """What passes for a model and a file as long as nothing is computed."""
    Path("net.keras").write_bytes(b"PK")  # how an archive of Keras begins
    Path("images.npz").write_bytes(b"PK")
    return Path("net.keras")


def test_flags_become_options(call, verbs) -> None:
    code, out, _ = call(
        *(*TRAIN, *MINI, "--type", "snn", "--epochs", "3", "--lr", "1e-3"),
        *("--arch-opt", "hidden=20", "--limit", "5", "--data-dir", "somewhere", "--out", "out"),
    )
    assert code == 0
    [(name, options)] = verbs.calls
    assert name == "train"
    assert (options.arch, options.type, options.epochs, options.lr, options.limit) == ("fc2", "snn", 3, 1e-3, 5)
    assert (options.arch_opt, options.data_dir) == ({"hidden": "20"}, Path("somewhere"))
    assert options.batch_size == 64
    assert "accuracy" in out
    assert "50.00 %" in out
    assert "written to out" in out
    assert {path.name for path in Path("out").iterdir()} == {"model.keras", "metrics.json", "history.csv", "run.json"}


def test_flags_of_calibration_become_options(call, verbs, net: Path) -> None:
    code, out, err = call(
        *(*CALIBRATE, "--calibration-images", "70", "--input-range", "-1,1"),
        *("--verify", "full", "--require-agreement", "0.99", "--allow-code"),
    )
    assert code == 0, err
    [(_, options)] = verbs.calls
    assert (options.model, options.calibrate, options.calibration_images) == ("net.keras", Path("images.npz"), 70)
    assert (options.input_range, options.verify, options.require_agreement) == ((-1.0, 1.0), "full", 0.99)
    assert options.allow_code
    assert "same predictions as the ReLU network" in out
    [folder] = Path("runs").iterdir()
    assert folder.name.endswith("-convert-net")
    recorded = json.loads((folder / "run.json").read_text())["options"]
    assert (recorded["calibrate"], recorded["input_range"]) == ("images.npz", [-1.0, 1.0])


def test_eval_writes_only_when_asked(call, verbs, net: Path) -> None:
    assert call("eval", "net.keras", *MINI)[0] == 0
    assert not Path("runs").exists()
    assert call("eval", "net.keras", *MINI, "--out", "score")[0] == 0
    assert {path.name for path in Path("score").iterdir()} == {"metrics.json", "run.json"}


@pytest.mark.parametrize("verb", ["convert", "finetune", "eval"])
def test_json_is_one_strict_object_on_stdout(call, verbs, net: Path, verb: str) -> None:
    verbs.action = lambda name: print("something chatty")
    code, out, err = call(verb, "net.keras", *MINI, "--json", "--allow-code")
    assert code == 0
    document = json.loads(out, parse_constant=pytest.fail)
    assert (document["accuracy"], document["loss"]) == (0.5, None)
    assert document["layers"][0]["neurons"] == 340
    assert "something chatty" in err
    assert verbs.calls[0][1].allow_code


def test_the_record_tells_everything(call, verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["snnctl", "train", "..."])
    call(*TRAIN, *MINI, "--seed", "7", "--out", "out")
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
        (MemoryError(), 1, 2),
        (RuntimeError("oh\nno"), 1, 2),
        (KeyboardInterrupt(), 130, 1),
        (SystemExit(0), 1, 2),
    ],
)
def test_failures_end_in_a_few_lines_and_leave_nothing(refused, verbs, error, code, lines):
    def fail(name: str) -> None:
        raise error

    verbs.action = fail
    assert len(refused(code, *TRAIN, *MINI, "--out", "a/out").splitlines()) == lines


def test_being_told_to_end_is_silent(call, verbs) -> None:
    verbs.action = lambda name: signal.raise_signal(signal.SIGTERM)
    assert call(*TRAIN, *MINI, "--out", "a/out") == (143, "", "train ...\n")
    assert list(Path().iterdir()) == []


def test_warnings_of_libraries_are_not_shown(call, verbs) -> None:
    verbs.action = lambda name: warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    code, _, err = call(*TRAIN, *MINI)
    assert code == 0
    assert "overflow" not in err


def test_debug_shows_the_traceback_wherever_it_stands(call, verbs) -> None:
    def fail(name: str) -> None:
        raise RuntimeError("oh no")

    verbs.action = fail
    assert "this is a bug in snnctl; --debug shows the traceback" in call(*TRAIN, *MINI)[2]
    for line in (["--debug", *TRAIN, *MINI], [*TRAIN, *MINI, "--debug"]):
        assert "Traceback" in call(*line)[2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("train", "--data", "mnist"), 2, "--arch"),
        ((*TRAIN, "--optimiser", "sgd"), 2, "No such option: --optimiser"),
        ((*TRAIN, "--epochs", "many"), 2, "--epochs"),
        ((*TRAIN, "--epochs", "-1"), 2, "--epochs is -1: it should be greater than or equal to 0"),
        ((*TRAIN, "--lr", "nan"), 2, "--lr"),
        ((*TRAIN, "--lr", "1e308"), 2, "--lr is 1e+308: it should be less than or equal to 10000"),
        ((*TRAIN, "--type", "ann"), 2, "Invalid value for '--type': 'ann' is not one of 'relu', 'snn'"),
        ((*TRAIN, "--type", "snn", "--neuron", "b2"), 7, "no neuron model called 'b2'"),
        ((*TRAIN, "--arch-opt", "hidden"), 2, "--arch-opt hidden is not NAME=VALUE"),
        ((*TRAIN, "--arch-opt", "hiden=3"), 2, "did you mean 'hidden'?"),
        ((*TRAIN, "--arch-opt", "hidden=x"), 2, "'hidden' of architecture 'fc2' is 'x'"),
        (("train", "--arch", "fc22", "--data", "mnist"), 7, "did you mean 'fc2'?"),
        ((*TRAIN, "--data", "qqq"), 7, "`snnctl data list` shows all"),
        ((*TRAIN, *MINI, "--preprocess", "standrad"), 2, 'preprocess: "standrad" is not a preprocessing'),
        ((*TRAIN, *MINI, "--preprocess", "mean=1,std=0"), 2, 'std must be a positive number, not "0"'),
        (("eval",), 2, "MODEL"),
        (("eval", "nowhere.keras"), 3, "no model at nowhere.keras"),
        (("trian",), 2, "Did you mean 'train'?"),
        (("data", "show", "minst"), 7, "did you mean 'mnist'?"),
        (("archs", "show", "vgg61"), 7, "did you mean 'vgg16'?"),
        (("run", "nowhere.yaml"), 6, "no recipe at nowhere.yaml"),
        (("export", "net.keras", "--to", "npx"), 7, "no exporter called 'npx'"),
        (("inspect", "net.keras", "--arch-opt", "hidden=3"), 2, "arch_opt without arch"),
        (("inspect", "net.keras", "--limit", "3"), 2, "--limit"),
        (("convert", "net.keras"), 2, "no data set is named"),
        (("convert", "net.keras", "--calibrate", "500"), 4, "--calibration-images"),
        (("convert", "net.keras", "--calibrate", "nowhere"), 4, "no file or folder nowhere"),
        *((words, 2, f"{words[-2]} is empty") for words in EMPTY),
        ((*CALIBRATE, "--out", "/"), 8, "root of the file system"),
        ((*CALIBRATE, "--preprocess", "standard"), 2, "no standard preprocessing"),
        ((*CALIBRATE, "--input-range", "1"), 2, "--input-range is '1'"),
        ((*CALIBRATE, "--input-range", "1,1"), 2, "P should be smaller than Q"),
        ((*CALIBRATE, "--verify", "none", "--require-agreement", "1"), 2, "nothing is verified"),
    ],
)
def test_mistakes_are_told_before_anything_runs(refused, verbs, net, arguments, code, message):
    assert message in refused(code, *arguments)
    assert verbs.calls == []


def test_a_folder_in_use_is_refused_before_the_work_and_survives_a_failure(call, refused, verbs) -> None:
    Path("out").mkdir()
    Path("out/summary.json").touch()
    arguments = (*TRAIN, *MINI, "--out", "out")
    message = refused(8, *arguments)
    assert "out is not empty" in message
    assert "--overwrite" in message
    assert verbs.calls == []

    def fail(name: str) -> None:
        raise TrainingError("the loss is NaN")

    verbs.action = fail
    refused(9, *arguments, "--overwrite")
    verbs.action = lambda name: None
    assert call(*arguments, "--overwrite")[0] == 0
    assert not Path("out/summary.json").exists()
    assert Path("out/run.json").exists()


def test_what_is_read_is_not_overwritten_by_what_is_made_of_it(refused, verbs, net: Path) -> None:
    Path("out").mkdir()
    Path("out/weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "out holds out/weights.h5, which is needed" in refused(
        8, "convert", "out/weights.h5", *MINI, "--out", "out", "--overwrite"
    )
    calibrate = ("--calibrate", "out/weights.h5")
    assert "needed as input" in refused(8, "convert", "net.keras", *calibrate, "--out", "out", "--overwrite")
    assert verbs.calls == []


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_required_and_missed_is_shown_written_and_told(call, verbs, net: Path, as_json: bool) -> None:
    verbs.failure = AgreementError("they differ", todo="Try again.")
    code, out, err = call("convert", "net.keras", *MINI, "--out", "snn", *(["--json"] if as_json else []))
    assert code == 10
    assert err.endswith(f"error: they differ\nIt is written all the same, to {Path('snn').resolve()}. Try again.\n")
    assert Path("snn/model.keras").exists()
    assert json.loads(out)["agreement"] == 1.0 if as_json else "same predictions" in out


def test_a_recipe_on_the_command_line(call, refused, verbs) -> None:
    Path("r.yaml").write_text(
        "steps:\n- train: {arch: fc2, data: mnist-mini}\n- convert: {model: train}\n- eval: {model: convert}\n"
    )
    code, out, _ = call("run", "r.yaml", "--set", "train.epochs=2", "--dry-run")
    assert (code, verbs.calls) == (0, [])
    assert "epochs=2" in out
    assert json.loads(call("run", "r.yaml", "--dry-run", "--json")[1])["steps"][2] == {
        "id": "eval",
        "eval": {"model": "convert"},
    }
    code, out, err = call("run", "r.yaml", "--out", "out")
    assert code == 0
    assert "written to out" in out
    assert "step 2 of 3: convert (convert)" in err
    assert "out is not empty" in refused(8, "run", "r.yaml", "--out", "out")
    document = json.loads(call("run", "r.yaml", "--out", "out", "--overwrite", "--json")[1])
    assert [step["id"] for step in document["steps"]] == ["train", "convert", "eval"]
    verbs.failure = AgreementError("they differ")
    code, out, err = call("run", "r.yaml", "--out", "failed", "--set", "convert.require_agreement=1.0")
    assert code == 10
    assert "error: step 'convert': they differ" in err
    assert "convert" in out
    assert "eval" not in out
