"""The run folder: complete or absent, whatever happens."""

import csv
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnctl.errors import ModelError, OutputError
from snnctl.leftovers import beside
from snnctl.runs import (
    RunRecord,
    default_folder,
    plain,
    prepare_output,
    publish,
    read_run,
    staging_folder,
    to_json,
    write_run,
)
from snnctl.verbs.result import Result


@dataclass
class FakeModel:
    error: BaseException | None = None

    def save(self, path: Path) -> None:
        Path(path).write_text("half of")
        if self.error:
            raise self.error


def result(model: Any = None, **metrics: Any) -> Result:
    return Result("train", metrics, {"data": "mnist"}, model)


def names(folder: Path) -> set[str]:
    """What is in ``folder``, hidden files included."""
    return {path.name for path in folder.iterdir()}


def touch(*files: Path) -> None:
    """Make empty files, and the folders they are in."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_complete_folders(tmp_path: Path) -> None:
    history = [{"loss": 1.0, "accuracy": 0.5}, {"loss": 0.5, "accuracy": 0.75, "lr": 0.1}]
    trained = Result("train", {"accuracy": 0.75}, {}, FakeModel(), history)
    out = write_run(tmp_path / "a" / "b", trained, RunRecord("train", seed=3))
    assert out == tmp_path / "a" / "b"
    assert names(out) == {"model.keras", "metrics.json", "history.csv", "run.json"}
    assert names(out.parent) == {"b"}
    rows = list(csv.DictReader((out / "history.csv").open()))
    assert rows[0] == {"epoch": "1", "loss": "1.0", "accuracy": "0.5", "lr": ""}
    record = read_run(out)
    assert record is not None
    assert (record.verb, record.seed, record.metrics) == ("train", 3, {"accuracy": 0.75})
    (tmp_path / "real").mkdir()  # an empty folder is as good as none, and a link to it stays a link
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_run(prepare_output(tmp_path / "link"), result(), RunRecord("eval"))
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "real") == {"metrics.json", "run.json"}


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("bad"), SystemExit(1), MemoryError()])
@pytest.mark.parametrize("existing", [False, True])
def test_a_failure_while_writing_leaves_everything_as_it_was(tmp_path, error, existing):
    out = tmp_path / "out"
    if existing:
        write_run(out, result(accuracy=1), RunRecord("train"))
    with pytest.raises(type(error)):
        write_run(out, result(FakeModel(error)), RunRecord("train"), overwrite=True)
    assert names(tmp_path) == ({"out"} if existing else set())
    if existing:
        assert json.loads((out / "metrics.json").read_text()) == {"accuracy": 1}


def test_the_old_folder_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", result(accuracy=1), RunRecord("train"))
    with staging_folder(out) as staging:
        assert staging.parent == tmp_path
        assert staging.name == beside(out, "partial").name
        (staging / "new").touch()
        assert (out / "metrics.json").exists()
        assert publish(staging, out, overwrite=True) == out
    assert names(out) == {"new"}
    assert names(tmp_path) == {"out"}


def test_a_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_run(tmp_path / "out", result(accuracy=1), RunRecord("train"))
    rename = Path.rename

    def fail_for_staging(self: Path, target: Path) -> Path:
        if ".partial-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_staging)
    with pytest.raises(OutputError, match="Input/output error"):
        write_run(out, result(accuracy=2), RunRecord("train"), overwrite=True)
    assert names(tmp_path) == {"out"}
    assert json.loads((out / "metrics.json").read_text()) == {"accuracy": 1}


def test_a_folder_filled_meanwhile_is_left_alone(tmp_path: Path) -> None:
    folders = [prepare_output(tmp_path / "out") for _ in range(3)]
    places = [write_run(folder, result(number=number), RunRecord("train")) for number, folder in enumerate(folders)]
    assert [place.name for place in places] == ["out", "out-2", "out-3"]
    assert [json.loads((place / "metrics.json").read_text())["number"] for place in places] == [0, 1, 2]
    assert names(tmp_path) == {"out", "out-2", "out-3"}


@pytest.mark.parametrize("named", ["out", "link", "out/../out", "out/to_else.h5", "out/weights.h5"])
def test_what_is_needed_as_input_is_not_overwritten(tmp_path: Path, named: str) -> None:
    write_run(tmp_path / "out", result(FakeModel()), RunRecord("train"))
    touch(tmp_path / "out/weights.h5")
    (tmp_path / "link").symlink_to("out")
    (tmp_path / "out/to_else.h5").symlink_to(tmp_path / "else.h5")
    for out in ("out", "link"):
        with pytest.raises(OutputError, match="needed as input"):
            prepare_output(tmp_path / out, overwrite=True, inputs=[tmp_path / named])
    assert (tmp_path / "out/model.keras").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("used", "is not empty"),
        ("run", "holds a complete run"),
        ("used/file", "is a file"),
        ("used/file/below", "cannot write"),
        ("loop", "leads back to itself"),
        ("loop/out", "leads back to itself"),
        ("a" * 300, "cannot write"),
        ("a\0b", "cannot write"),
        ("~no-such-user/out", "no home folder"),
        ("/", "root of the file system"),
        pytest.param(
            "/proc/foo/x",
            r"cannot write to /proc/foo/x|no permission",
            marks=pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc"),
        ),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch, out, message):
    monkeypatch.chdir(tmp_path)
    touch(Path("used/file"), Path("run/run.json"))
    Path("loop").symlink_to("loop")
    with pytest.raises(OutputError, match=message):
        prepare_output(Path(out))
    if message not in ("is not empty", "holds a complete run"):
        with pytest.raises(OutputError, match=message):
            prepare_output(Path(out), overwrite=True)
    assert names(tmp_path) == {"used", "run", "loop"}


def test_working_folders_and_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (Path(".."), tmp_path):
        with pytest.raises(OutputError, match="not overwritten"):
            prepare_output(folder, overwrite=True)
    (tmp_path / "here").rmdir()
    with pytest.raises(OutputError, match="no longer exists"):
        prepare_output(Path("out"))
    assert prepare_output(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert names(tmp_path) == set()  # finding out leaves nothing behind
    monkeypatch.setattr(os, "access", lambda *args: False)
    with pytest.raises(OutputError, match="no permission"):
        prepare_output(tmp_path / "out")


def test_only_what_runs_have_written_is_overwritten(tmp_path: Path) -> None:
    pictures, run, recipe, half, other = (tmp_path / name for name in ("pictures", "run", "recipe", "half", "other"))
    steps = (recipe / "recipe.yaml", recipe / "lr=1/relu/run.json", recipe / "lr=1/.snn.partial-host-12/model.keras")
    touch(pictures / "holiday.png", *steps, half / "step/metrics.json", other / "recipe.yaml")
    write_run(run, Result("export", {}, {}, files={"network.nir": b"nir"}), RunRecord("export"))
    (run / "report.html").touch()
    for folder in (run, recipe, half):
        assert prepare_output(folder, overwrite=True) == folder
    for folder in (pictures, tmp_path, other):
        with pytest.raises(OutputError, match="no run has written"):
            prepare_output(folder, overwrite=True)


@pytest.mark.parametrize("foreign", ["notes.txt", "data/x.csv", "run/network.onnx"])
@pytest.mark.parametrize("proof", ["recipe.yaml", "summary.json", "run.json"])
def test_a_run_beside_them_does_not_make_other_files_its_own(tmp_path: Path, proof: str, foreign: str) -> None:
    out = tmp_path / "out"
    write_run(out / "run", Result("export", {}, {}, files={"network.nir": b"nir"}), RunRecord("export"))
    (out / proof).write_text("{}")
    prepare_output(out, overwrite=True)
    touch(out / foreign)
    with pytest.raises(OutputError, match=f"such as {foreign}"):
        prepare_output(out, overwrite=True)


def test_json_is_strict_and_plain() -> None:
    value = {
        "nan": math.nan,
        "inf": np.float32("inf"),
        "number": np.float64(0.5),
        "count": np.int64(3),
        "array": np.array([[1.0, math.nan]]),
        "path": Path("a/b"),
        "flag": np.bool_(True),
        "pair": (1, 2),
        3: None,
    }
    expected = {"nan": None, "inf": None, "number": 0.5, "count": 3, "array": [[1.0, None]]}
    assert json.loads(to_json(value)) == {**expected, "path": "a/b", "flag": True, "pair": [1, 2], "3": None}
    assert plain(True) is True


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", '{"verb": 3}', "\x00\xff", '{"verb": "train", "settings": ' + "[" * 100_000),
        *('{"verb": "train", "settings": []}', '{"verb": "train", "settings": null}', '{"verb": "t", "plugins": 3}'),
    ],
)
def test_a_damaged_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, encoding="latin-1")
    with pytest.raises(ModelError) as caught:
        read_run(tmp_path)
    assert "run.json" in caught.value.where


def test_records_that_are_not_there_or_of_a_later_version(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    assert read_run(tmp_path / "nowhere") is None
    (tmp_path / "run.json").write_text('{"verb": "train", "mood": "good"}')
    assert read_run(tmp_path) == RunRecord("train")


@pytest.mark.parametrize(
    ("verb", "options", "end"),
    [
        ("train", {"arch": "fc2", "data": "mnist"}, "-train-fc2-mnist"),
        ("convert", {"model": "runs/20260101-120000-train-fc2-mnist"}, "-convert-fc2-mnist"),
        ("convert", {"model": "runs/20260101-120000-train-fc2-mnist", "data": "mnist"}, "-convert-fc2-mnist"),
        ("convert", {"model": "some where/net.v2.keras", "data": "mnist"}, "-convert-net.v2-mnist"),
        ("finetune", {"model": "a/model.keras", "data": "mnist"}, "-finetune-a-mnist"),
        ("convert", {"model": "x/../weights (1).h5", "data": "mnist"}, "-convert-weights-1-mnist"),
    ],
)
def test_default_names(tmp_path: Path, verb: str, options: dict[str, str], end: str) -> None:
    folder = default_folder(verb, options, tmp_path)
    assert folder.name.endswith(end)
    folder.mkdir()
    assert default_folder(verb, options, tmp_path) != folder
