"""Rows that outlast the process that found them, and what is told when their result cannot be written."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnctl.errors import Interrupted, OutputError
from snnctl.plugins import Registry
from snnctl.verbs.execute import check_output, execute
from snnctl.verbs.options import Options
from snnctl.verbs.result import Result, Run
from snnctl.verbs.unfinished import ROWS, Row, Rows, Unfinished, open_rows, told_if_interrupted

HEADER = {"network": "abc", "batch_size": 64, "arch_opt": {"hidden": 16}, "dtype": None}


def opened(place: Unfinished | None, header: dict) -> AbstractContextManager[Rows]:
    """Rows of which none can have a negative accuracy."""

    def sound(key: str, row: Row) -> bool:
        return key in ("a", "b", "c") and (row.get("accuracy") is None or row["accuracy"] >= 0)

    return open_rows(place, header, sound)


@pytest.fixture
def place(tmp_path: Path) -> Unfinished:
    """Beside a run folder that is not there yet."""
    return Unfinished.beside(tmp_path / "runs" / "mine", Path("runs/mine"), anew=False)


def keep(place: Unfinished, **accuracies: float) -> Path:
    """Rows of a process; returns their file."""
    with opened(place, HEADER) as rows:
        for key, accuracy in accuracies.items():
            rows.add(key, {"accuracy": accuracy})
    return place.folder / ROWS


def kept(place: Unfinished) -> dict[str, dict]:
    with opened(place, HEADER) as rows:
        return {key: row for key in ("a", "b", "c") if (row := rows.get(key)) is not None}


def test_rows_are_found_again_to_the_last_digit(place: Unfinished) -> None:
    assert kept(place) == {}
    assert not place.folder.exists()
    keep(place, a=0.1 + 0.2)
    keep(place, b=1 / 3)
    with opened(place, HEADER) as rows:
        assert rows.add("c", {"loss": float("nan")}) == {"loss": None}  # there is no NaN in JSON
    assert kept(place) == {"a": {"accuracy": 0.1 + 0.2}, "b": {"accuracy": 1 / 3}, "c": {"loss": None}}
    assert place.rows == 3
    place.discard()
    assert not place.folder.exists()
    with opened(None, HEADER) as rows:  # without a place they are kept in memory
        rows.add("a", {"accuracy": 1.0})
        assert (rows.get("a"), rows.get("b")) == ({"accuracy": 1.0}, None)


def test_a_line_that_was_cut_off_at_any_byte_is_dropped(place: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    file = keep(place, a=0.5, b=0.25)
    whole = file.read_bytes()
    ends = [number for number, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in {0, 1, *range(ends[0] - 1, len(whole), 7), *(end + more for end in ends[:2] for more in (-1, 0, 1))}:
        file.write_bytes(whole[:length])
        wanted = {"a": {"accuracy": 0.5}} if length >= ends[1] else {}
        assert kept(place) == wanted, whole[:length]
        keep(place, c=1.0)
        assert kept(place) == {**wanted, "c": {"accuracy": 1.0}}


@pytest.mark.parametrize(
    "changed", [{"batch_size": 32}, {"arch_opt": {"hidden": 17}}, {"new": 1}, {"dtype": "float64"}]
)
def test_rows_of_other_work_are_refused_and_dropped_if_asked_for(place: Unfinished, changed: dict) -> None:
    keep(place, a=0.5)
    [name] = changed
    was = ".*" if HEADER.get(name) else "not given"
    other = {**HEADER, **changed}
    with pytest.raises(OutputError, match=rf"1 rows of other work: {name} \(was {was}, is .*\)") as caught:
        opened(place, other).__enter__()
    assert "--overwrite" in caught.value.todo
    assert kept(place) == {"a": {"accuracy": 0.5}}
    with opened(replace(place, anew=True), other) as rows:
        assert rows.get("a") is None
        rows.add("b", {"accuracy": 0.25})
    assert '"b"' in (place.folder / ROWS).read_text()


def link(file: Path) -> None:
    (file.parent / "victim").write_text("mine")
    file.symlink_to(file.parent / "victim")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda file: file.write_text("dear diary\nnothing today\n"), "none of snnctl's files"),
        (lambda file: file.write_text("no newline"), "none of snnctl's files"),
        (lambda file: file.write_text('{"network": "abc", "batch_size": 64}'), "none of snnctl's files"),
        (link, r"rows\.jsonl is no plain file"),
    ],
)
def test_files_of_somebody_else_are_not_touched(place: Unfinished, make: Callable[[Path], Any], message: str) -> None:
    place.folder.mkdir(parents=True)
    make(file := place.folder / ROWS)
    before = file.read_text()
    for anew in (False, True):
        with pytest.raises(OutputError, match=message):
            opened(replace(place, anew=anew), HEADER).__enter__()
    assert file.read_text() == before
    (place.folder / "more").touch()
    place.discard()
    assert (place.folder / "more").exists()


@pytest.mark.parametrize("line", ['{"key": "a", "row": {"accuracy": -1}}', '{"key": 1, "row": {}}', "[]", "", "\xff"])
def test_a_damaged_row_is_named_and_none_is_lost(place: Unfinished, line: str) -> None:
    file = keep(place, a=0.5, b=0.25)
    header, first, second = file.read_text().splitlines()
    damaged = "\n".join([header, first, line, second, ""])
    file.write_text(damaged)
    with pytest.raises(OutputError, match="damaged in line 3"):
        opened(place, HEADER).__enter__()
    assert file.read_text() == damaged


def test_two_at_the_same_time(place: Unfinished) -> None:
    with opened(place, HEADER) as first, opened(place, HEADER) as second:
        first.add("a", {"accuracy": 0.5})
        with pytest.raises(OutputError, match="another process"):
            second.add("a", {"accuracy": 0.5})
        with pytest.raises(OutputError, match="another process"), opened(place, HEADER):
            pass
    assert kept(place) == {"a": {"accuracy": 0.5}}


def test_a_place_that_cannot_be_written(place: Unfinished, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    below = Unfinished.beside(tmp_path / "file" / "mine", Path("file/mine"), anew=False)
    with opened(below, HEADER) as rows, pytest.raises(OutputError, match="cannot write to"):
        rows.add("a", {"accuracy": 0.5})
    place.folder.parent.mkdir(parents=True)
    place.folder.touch()
    with pytest.raises(OutputError, match=r"mine\.unfinished is a file"):
        opened(place, HEADER).__enter__()


def test_an_interruption_says_how_to_go_on(place: Unfinished) -> None:
    with pytest.raises(KeyboardInterrupt) as silent, told_if_interrupted(place):
        raise KeyboardInterrupt
    assert type(silent.value) is KeyboardInterrupt
    keep(place, a=0.5)
    with pytest.raises(Interrupted) as told, told_if_interrupted(place):
        raise KeyboardInterrupt
    assert str(place.folder) in told.value.what
    assert "--out runs/mine" in told.value.todo
    step = place.of_step("score", published=True)  # of a recipe: outside the recipe's folder
    assert (step.folder, step.again) == (place.folder.parent / "mine.score.unfinished", "--out runs/mine --resume")
    assert place.of_step("score", published=False).again == "--out runs/mine"


class Unwritable:
    """A network for which there is no room."""

    def save(self, path: Path) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("rows", [0, 2])
def test_a_full_disk_at_the_last_step_says_that_the_rows_are_kept(tmp_path, monkeypatch, rows):
    monkeypatch.chdir(tmp_path)

    def work(options: Options, run: Run) -> Result:
        assert run.unfinished is not None
        with open_rows(run.unfinished, {"of": "this"}, lambda key, row: True) as kept:
            for number in range(rows):
                kept.add(str(number), {"accuracy": 0.5})
        return Result("sweep", {}, {}, Unwritable())  # type: ignore[arg-type]

    verb: Any = SimpleNamespace(name="sweep", resumes=True, function=work)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        execute(verb, Options(), Run(Registry()), out=Path("curves"))
    assert ("The 2 rows found are kept in curves.unfinished" in caught.value.todo) == (rows > 0)
    assert "--out" in caught.value.todo
    assert Path("curves.unfinished").exists() == (rows > 0)
    assert not Path("curves").exists()


@pytest.mark.parametrize(("seconds", "verb", "stays"), [(1, "sweep", False), (-1, "sweep", True), (1, "convert", True)])
def test_rows_that_outlived_their_run_are_dropped_when_it_is_found_complete(tmp_path, seconds, verb, stays):
    out, rows = tmp_path / "curves", tmp_path / "curves.unfinished" / "rows.jsonl"
    rows.parent.mkdir()
    rows.write_text('{"of": "this"}\n')
    out.mkdir()
    (out / "run.json").write_text(json.dumps({"verb": verb}))
    measured = rows.stat().st_mtime
    os.utime(out / "run.json", (measured + seconds, measured + seconds))
    with pytest.raises(OutputError, match="holds a complete run"):
        check_output(SimpleNamespace(name="sweep", resumes=True), Options(), out)  # type: ignore[arg-type]
    assert rows.parent.exists() == stays
