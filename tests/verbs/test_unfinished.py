"""Rows that outlast the process that found them."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from snnctl.errors import Interrupted, OutputError
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


def kept(place: Unfinished) -> dict[str, dict]:
    """What the next process finds."""
    with opened(place, HEADER) as rows:
        return {key: row for key in ("a", "b", "c") if (row := rows.get(key)) is not None}


def test_rows_are_found_again_to_the_last_digit(place: Unfinished) -> None:
    assert kept(place) == {}
    assert not place.folder.exists()
    first, second = {"accuracy": 0.1 + 0.2, "latency": None}, {"accuracy": 1 / 3}
    with opened(place, HEADER) as rows:
        assert rows.add("a", first) == first
    with opened(place, HEADER) as rows:
        rows.add("b", second)
    assert kept(place) == {"a": first, "b": second}
    assert place.rows == 2
    place.discard()
    assert not place.folder.exists()


def test_without_a_place_they_are_kept_in_memory() -> None:
    with opened(None, HEADER) as rows:
        rows.add("a", {"accuracy": 1.0})
        assert rows.get("a") == {"accuracy": 1.0}
        assert rows.get("b") is None


def test_a_line_that_was_cut_off_at_any_byte_is_dropped(place: Unfinished) -> None:
    with opened(place, HEADER) as rows:
        rows.add("a", {"accuracy": 0.5})
        rows.add("b", {"accuracy": 0.25})
    file = place.folder / ROWS
    whole = file.read_bytes()
    ends = [number for number, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        wanted = {"a": {"accuracy": 0.5}} if length >= ends[1] else {}
        assert kept(place) == wanted, whole[:length]
        with opened(place, HEADER) as rows:
            rows.add("c", {"accuracy": 1.0})
        assert kept(place) == {**wanted, "c": {"accuracy": 1.0}}


@pytest.mark.parametrize("changed", [{"batch_size": 32}, {"network": "abd"}, {"arch_opt": {"hidden": 17}}, {"new": 1}])
def test_rows_of_other_work_are_refused_and_stay(place: Unfinished, changed: dict) -> None:
    with opened(place, HEADER) as rows:
        rows.add("a", {"accuracy": 0.5})
    [name] = changed
    with (
        pytest.raises(OutputError, match=rf"1 rows of other work: {name} \(was .*, is .*\)") as caught,
        opened(place, {**HEADER, **changed}),
    ):
        pass
    assert "--overwrite" in caught.value.todo
    assert kept(place) == {"a": {"accuracy": 0.5}}


def test_rows_of_other_work_are_dropped_if_asked_for(place: Unfinished, tmp_path: Path) -> None:
    with opened(place, {**HEADER, "batch_size": 1}) as rows:
        rows.add("a", {"accuracy": 0.5})
    anew = Unfinished(place.folder, place.again, anew=True)
    assert kept(anew) == {}
    with opened(anew, HEADER) as rows:
        rows.add("b", {"accuracy": 0.25})
    assert kept(anew) == {"b": {"accuracy": 0.25}}


def test_a_file_of_somebody_else_is_not_touched(place: Unfinished) -> None:
    place.folder.mkdir(parents=True)
    (place.folder / ROWS).write_text("dear diary\nnothing today\n")
    for anew in (False, True):
        with pytest.raises(OutputError, match="none of snnctl's files"), opened(replace(place, anew=anew), HEADER):
            pass
    assert (place.folder / ROWS).read_text() == "dear diary\nnothing today\n"
    (place.folder / "more").touch()
    place.discard()
    assert (place.folder / "more").exists()


@pytest.mark.parametrize("content", ["no newline", '{"network": "abd"', "\x00", '{"network": "abc", "batch_size": 64}'])
def test_the_beginning_of_a_file_of_somebody_else_is_not_touched(place: Unfinished, content: str) -> None:
    place.folder.mkdir(parents=True)
    (place.folder / ROWS).write_text(content)
    with pytest.raises(OutputError, match="none of snnctl's files"), opened(place, HEADER):
        pass
    assert (place.folder / ROWS).read_text() == content


@pytest.mark.parametrize("exists", [True, False])
def test_links_are_not_followed(place: Unfinished, tmp_path: Path, exists: bool) -> None:
    place.folder.mkdir(parents=True)
    if exists:
        (tmp_path / "victim").write_text("")
    (place.folder / ROWS).symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError, match=r"rows\.jsonl is no plain file"), opened(place, HEADER):
        pass
    assert (tmp_path / "victim").exists() == exists


@pytest.mark.parametrize(
    "line", ['{"key": "a", "row": {"accuracy": -1}}', '{"key": 1, "row": {}}', '{"key": "b"}', "[]", "", "\xff"]
)
def test_a_damaged_row_is_named_and_none_is_lost(place: Unfinished, line: str) -> None:
    with opened(place, HEADER) as rows:
        rows.add("a", {"accuracy": 0.5})
        rows.add("b", {"accuracy": 0.25})
    header, first, second = (place.folder / ROWS).read_text().splitlines()
    damaged = "\n".join([header, first, line, second, ""])
    (place.folder / ROWS).write_text(damaged)
    with pytest.raises(OutputError, match="damaged in line 3"), opened(place, HEADER):
        pass
    assert (place.folder / ROWS).read_text() == damaged


def test_a_file_in_the_way_is_named_before_there_are_rows(place: Unfinished) -> None:
    place.folder.parent.mkdir(parents=True)
    place.folder.touch()
    with pytest.raises(OutputError, match=r"mine\.unfinished is a file") as caught, opened(place, HEADER):
        pass
    assert caught.value.todo


def test_an_option_that_was_not_given_is_told_so(place: Unfinished) -> None:
    with opened(place, HEADER) as rows:
        rows.add("a", {"accuracy": 0.5})
    with (
        pytest.raises(OutputError, match=r"dtype \(was not given, is float64\)"),
        opened(place, {**HEADER, "dtype": "float64"}),
    ):
        pass


def test_two_at_the_same_time(place: Unfinished) -> None:
    with opened(place, HEADER) as first, opened(place, HEADER) as second:
        first.add("a", {"accuracy": 0.5})
        with pytest.raises(OutputError, match="another process"):
            second.add("a", {"accuracy": 0.5})
        with pytest.raises(OutputError, match="another process"), opened(place, HEADER):
            pass
    assert kept(place) == {"a": {"accuracy": 0.5}}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = Unfinished.beside(tmp_path / "file" / "mine", Path("file/mine"), anew=False)
    with opened(place, HEADER) as rows, pytest.raises(OutputError, match="cannot write to"):
        rows.add("a", {"accuracy": 0.5})


def test_an_interruption_says_how_to_go_on(place: Unfinished) -> None:
    with pytest.raises(KeyboardInterrupt) as silent, told_if_interrupted(place):
        raise KeyboardInterrupt
    assert type(silent.value) is KeyboardInterrupt
    with opened(place, HEADER) as rows:
        rows.add("a", {"accuracy": 0.5})
    with pytest.raises(Interrupted) as told, told_if_interrupted(place):
        raise KeyboardInterrupt
    assert str(place.folder) in told.value.what
    assert "--out runs/mine" in told.value.todo


def test_a_step_of_a_recipe_has_a_place_outside_the_recipes_folder(place: Unfinished) -> None:
    step = place.of_step("score", published=True)
    assert step.folder == place.folder.parent / "mine.score.unfinished"
    assert step.again == "--out runs/mine --resume"
    assert place.of_step("score", published=False).again == "--out runs/mine"


def test_a_row_that_is_no_json_is_written_as_json(place: Unfinished) -> None:
    with opened(place, HEADER) as rows:
        assert rows.add("a", {"loss": float("nan")}) == {"loss": None}
    lines = (place.folder / ROWS).read_text().splitlines()
    assert [json.loads(line, parse_constant=pytest.fail) for line in lines][1] == {"key": "a", "row": {"loss": None}}
