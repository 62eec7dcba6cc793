"""A step is run again if anything its result depends on has changed, and only then."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import counted_steps
import pytest

from snnctl.errors import OutputError, PluginError, TrainingError

CACHE = Path("runs/.cache")
ALL = ["make 3", "add 5", "weigh"]


def entries() -> list[Path]:
    """The entries of the cache, hidden leftovers included."""
    return sorted(CACHE.iterdir()) if CACHE.exists() else []


def content(folder: str) -> dict[str, bytes]:
    """Every file in ``folder`` but the summaries, which tell when a recipe was run."""
    files = [path for path in Path(folder).rglob("*") if path.is_file() and not path.name.startswith("summary")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_what_is_unchanged_is_not_run_again(three) -> None:
    three.run("first")
    assert three.ran() == ALL
    outcome = three.run("second", before_start=lambda: pytest.fail("started"))
    assert three.ran() == []
    assert content("first") == content("second")
    assert Path("first/relu/model.keras").stat().st_ino == Path("second/relu/model.keras").stat().st_ino
    assert sum("taken from the cache" in note for note in three.reporter.notes) == 3
    assert outcome.metrics["score"]["latency"] == len("made 3 , added 5") + 0.5
    assert len(entries()) == 3


def test_editing_the_last_step_runs_only_that(three) -> None:
    three.run("first")
    three.edit("value: 5", "value: 6")
    three.ran()
    three.run("second")
    assert three.ran() == ["add 6", "weigh"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: three", "name: other\ndescription: the same steps"),
        ("relu", "first"),  # the step's id
    ],
)
def test_names_do_not_matter(three, old: str, new: str) -> None:
    three.run("first")
    three.ran()
    three.edit(old, new)
    three.run("second")
    assert three.ran() == []


def test_the_content_of_a_file_that_an_option_names_matters(three) -> None:
    Path("t.txt").write_text("one")
    three.edit("value: 3", "value: 3, table: t.txt")
    three.run("first")
    three.ran()
    Path("t.txt").rename("moved.txt")
    three.edit("t.txt", "moved.txt")
    three.run("second")
    assert three.ran() == []
    Path("moved.txt").write_text("two")
    three.run("third")
    assert three.ran() == ALL
    assert Path("third/snn/model.keras").read_text() == "made 3 two, added 5"


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [
        "tables: [t.txt]",
        "constraint: {steps: {table: t.txt}}",
        "constraint: {steps: {more: [u.txt, t.txt]}}",
        "data: listed, data_opt: {list: t.txt}",
    ],
)
def test_the_content_of_files_deeper_in_options_matters(three, options: str) -> None:
    for name in ("t.txt", "u.txt"):
        Path(name).write_text("one")
    before = os.stat("t.txt")
    three.edit("value: 3", f"value: 3, {options}")
    three.run("first")
    three.ran()
    three.run("again")
    assert three.ran() == []
    Path("t.txt").write_text("two")
    os.utime("t.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    three.run("second")
    assert three.ran() == ["make 3", "add 5", "weigh"]


def test_the_order_of_chosen_things_matters(three) -> None:
    three.edit("value: 3", "value: 3, constraint: {steps: {}, halves: {}}")
    three.run("first")
    three.ran()
    three.edit("{steps: {}, halves: {}}", "{halves: {}, steps: {}}")
    with pytest.raises(OutputError, match=r"relu\.make\.constraint \(another order\)"):
        three.run("first", resume=True)
    three.run("second")
    assert three.ran() == ["make 3", "add 5", "weigh"]


def test_the_data_matters(three) -> None:
    three.edit("value: 3", "value: 3, data: lines")
    three.run("first")
    assert Path("lines.txt").read_text() == "fetched"
    three.ran()
    three.run("second")
    assert three.ran() == []
    Path("lines.txt").write_text("changed")
    three.run("third")
    assert three.ran()[0] == "make 3"


def test_data_made_in_code_depends_on_nothing_else(three) -> None:
    three.edit("value: 3", "value: 3, data: coded")
    three.run("first")
    three.ran()
    three.run("second")
    assert three.ran() == []


def test_the_plugin_s_code_matters(three, plugin_folder: Path) -> None:
    three.run("first")
    three.ran()
    file = plugin_folder / f"{counted_steps.MODULE}.py"
    text = file.read_text()
    try:
        file.write_text(text + "\n# edited\n")
        three.run("second")
        assert three.ran() == ALL
    finally:
        file.write_text(text)
    three.run("third")
    assert three.ran() == []


def test_snnctl_s_own_code_and_the_device_matter(three, monkeypatch: pytest.MonkeyPatch) -> None:
    three.run("first")
    three.ran()
    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.inputs.own_code", lambda: "edited")
        three.run("second")
    assert three.ran() == ALL
    with monkeypatch.context() as patch:
        patch.setattr("snnctl.recipes.inputs.device_kind", lambda: "gpu")
        three.run("third")
    assert three.ran() == ALL


def test_steps_that_do_not_depend_on_the_matrix_are_shared(grid) -> None:
    outcome = grid.run("out")
    made = ["make 1", "add 5", "add 10", "weigh", "add 20", "weigh", "add 30", "weigh"]
    assert grid.ran() == [*made, *(name.replace("make 1", "make 2") for name in made)]
    assert len(outcome.metrics) == 24
    first, second = (Path("out", name, "snn/run.json") for name in ("value=1-more=10", "value=1-more=30"))
    assert first.stat().st_ino == second.stat().st_ino
    assert Path("out/value=2-more=30/tuned/model.keras").read_text() == "made 2 , added 5, added 30"


@pytest.mark.long
def test_they_are_shared_without_a_cache_too(grid) -> None:
    grid.run("out", cache=None)
    assert len(grid.ran()) == 16
    assert not Path("runs").exists()


def test_force_runs_each_step_once_and_replaces_entries(grid) -> None:
    grid.run("first")
    times = {path: (path / "run/run.json").stat().st_mtime_ns for path in entries()}
    grid.ran()
    grid.run("second", force=True)
    assert len(grid.ran()) == 16
    assert all((path / "run/run.json").stat().st_mtime_ns > before for path, before in times.items())
    assert entries() == list(times)


@pytest.mark.parametrize("cache", [None, Path("runs/.cache")])
def test_a_result_that_misses_what_is_required_is_not_taken_for_a_success(three, cache: Path | None) -> None:
    three.edit("value: 5", "value: 5, require: true")
    for out in ("first", "second"):
        outcome = three.run(out, cache=cache)
        assert outcome.failure is not None
        assert three.ran()[-1] == "add 5"
        assert not Path(out, "summary.json").exists()


def truncate(entry: Path) -> None:
    """As a full disk or a power cut does."""
    os.truncate(entry / "run/model.keras", 3)


def garble(entry: Path) -> None:
    """The same size, another content."""
    (entry / "run/model.keras").write_text("M" + (entry / "run/model.keras").read_text()[1:])


def lose(entry: Path) -> None:
    """A file less."""
    (entry / "run/metrics.json").unlink()


def add(entry: Path) -> None:
    """A file more."""
    (entry / "run/extra").touch()


def blur(entry: Path) -> None:
    """The list of files is no list."""
    (entry / "entry.json").write_text('{"files": 3}')


def empty(entry: Path) -> None:
    """Nothing but the folder."""
    (entry / "entry.json").unlink()


@pytest.mark.parametrize("damage", [truncate, garble, lose, add, blur, empty])
def test_a_damaged_entry_is_not_trusted(three, damage: Callable[[Path], None]) -> None:
    three.run("first")
    three.ran()
    sound = {path: path.read_bytes() for path in Path("first").rglob("*.keras")}
    for path, before in sound.items():  # no links any more, so that only the cache is damaged
        path.unlink()
        path.write_bytes(before)
    [entry] = [
        each
        for each in entries()
        if (each / "run/model.keras").exists() and "add" in (each / "run/run.json").read_text()
    ]
    damage(entry)
    three.run("second")
    assert three.ran() == ["add 5"]
    assert len(three.reporter.warnings) == 1
    assert "damaged" in three.reporter.warnings[0]
    assert Path("second/snn/model.keras").read_bytes() == sound[Path("first/snn/model.keras")]
    three.run("third")
    assert three.ran() == []


def test_files_are_copied_where_they_cannot_be_linked(three, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    three.run("first")
    three.ran()
    three.run("second")
    assert three.ran() == []
    assert content("first") == content("second")
    first, second = (Path(out, "relu/run.json").stat() for out in ("first", "second"))
    assert (first.st_mtime_ns, first.st_nlink) == (second.st_mtime_ns, 1)


def test_a_cache_that_cannot_be_written_costs_only_itself(three, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("snnctl.recipes.cache.link_folder", refuse)
    outcome = three.run("out")
    assert len(outcome.metrics) == 3
    assert len(three.reporter.warnings) == 3
    assert "No space left on device" in three.reporter.warnings[0]
    assert entries() == []


def test_a_file_is_no_cache(three) -> None:
    Path("taken").touch()
    with pytest.raises(OutputError, match="the cache taken/inside cannot be used"):
        three.run("out", cache=Path("taken/inside"))
    assert three.ran() == []
    assert not Path("out").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_if_the_first_step_fails_nothing_has_changed(three, overwrite: bool) -> None:
    three.edit("{value: 3}", "{value: 3, table: folder}")
    Path("folder").mkdir()
    if overwrite:
        Path("out").mkdir()
        Path("out/summary.json").touch()
    before = {*Path().rglob("*"), Path("calls.log")}
    with pytest.raises((IsADirectoryError, PluginError), match="directory"):  # the step's own, not one of the output
        three.run("out", overwrite=overwrite)
    assert set(Path().rglob("*")) == before


def test_two_processes_with_the_same_step_run_it_once(three) -> None:
    three.edit("value: 5", "value: 5, wait: go")
    failures: list[BaseException] = []
    waiting = threading.Event()

    def note(message: str) -> None:
        if "waiting for its result" in message:
            waiting.set()

    def second() -> None:
        try:
            three.run("second")
        except BaseException as error:
            failures.append(error)

    first = threading.Thread(target=lambda: three.run("first"))
    first.start()
    while not Path("calls.log").exists() or "add 5" not in Path("calls.log").read_text():
        assert first.is_alive()
    three.reporter.note = note
    other = threading.Thread(target=second)
    other.start()
    assert waiting.wait(30)
    Path("go").touch()
    for thread in (first, other):
        thread.join()
    assert failures == []
    assert three.ran() == ALL
    assert content("first") == content("second")
    assert not [entry for entry in entries() if entry.name.startswith(".")]


def test_a_step_that_fails_lets_the_next_process_try(three) -> None:
    three.edit("value: 5", "value: 5, fail: true")
    for out in ("first", "second"):
        with pytest.raises(TrainingError):
            three.run(out)
    assert three.ran() == ["make 3", "add 5", "add 5"]
    assert not [entry for entry in entries() if entry.name.startswith(".")]


def test_entries_tell_what_they_were_made_from(three) -> None:
    three.run("out")
    found = [json.loads((entry / "entry.json").read_text()) for entry in entries()]
    keys = {entry.name for entry in entries()}
    assert sorted(entry["source"] in keys for entry in found) == [False, True, True]


def test_a_file_that_an_option_names_counts_by_content_wherever_it_is_told(three) -> None:
    three.edit("value: 3", "value: 3, data: listed, data_opt: {list: t.txt}")
    Path("t.txt").write_text("one")
    three.run("first")
    assert three.ran() == ALL
    os.utime("t.txt", (1, 1))
    three.run("second")
    assert three.ran() == []
    Path("t.txt").write_text("two")
    three.run("third")
    assert three.ran() == ALL


def test_an_entry_that_cannot_be_read_is_written_again(three) -> None:
    three.run("first")
    three.ran()
    for entry in entries():
        (entry / "entry.json").write_text("[" * 100_000)
    three.run("second")
    assert three.ran() == ALL
    assert all("is damaged (entry.json cannot be read)" in told for told in three.reporter.warnings)
    three.run("third")
    assert three.ran() == []


def test_what_is_no_entry_is_replaced(three) -> None:
    three.run("first")
    three.ran()
    found = entries()
    for number, entry in enumerate(found):
        shutil.rmtree(entry)
        if number:
            entry.write_text("a file")
        else:
            entry.symlink_to("nowhere")
    three.run("second")
    assert three.ran() == ALL
    assert entries() == found
    three.run("third")
    assert three.ran() == []


def test_what_was_read_while_it_changed_is_not_kept(three) -> None:
    three.edit("value: 5", "value: 5, wait: go")
    three.edit("value: 3", "value: 3, table: table.txt")
    Path("table.txt").write_text("old")
    note = three.reporter.note
    notes: list[str] = []

    def change(message: str) -> None:
        notes.append(message)
        if "relu" in message:
            Path("table.txt").write_text("new")
        Path("go").touch()

    three.reporter.note = change
    three.run("first")
    three.reporter.note = note
    [told] = three.reporter.warnings
    assert "relu: data, files, plugins or code have changed while it was run" in told
    assert len(entries()) == 0, "nor what builds on it"
    Path("table.txt").write_text("old")
    three.run("second")
    assert three.ran()[3:] == ALL
