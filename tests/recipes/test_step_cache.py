"""A step is run again if anything its result depends on has changed, and only then."""

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

from snnctl.errors import OutputError

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
    assert three.runs("first") == ALL
    outcome = three.run("second", before_start=lambda: pytest.fail("started"))
    assert three.ran() == []
    assert content("first") == content("second")
    assert Path("first/relu/model.keras").stat().st_ino == Path("second/relu/model.keras").stat().st_ino
    assert sum("taken from the cache" in note for note in three.reporter.notes) == 3
    assert outcome.metrics["score"]["latency"] == len("made 3 , added 5") + 0.5
    keys = {entry.name for entry in entries()}
    sources = [json.loads((entry / "entry.json").read_text())["source"] for entry in entries()]
    assert sorted(source in keys for source in sources) == [False, True, True]


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("value: 5", "value: 6", ["add 6", "weigh"]),
        ("name: three", "name: other\ndescription: the same steps", []),
        ("relu", "first", []),  # the step's id
        ("value: 3", "value: 3, constraint: {halves: {}, steps: {}}", ALL),
    ],
)
def test_options_matter_and_names_do_not(three, old: str, new: str, again: list[str]) -> None:
    three.run("first")
    three.edit(old, new)
    assert three.runs("second") == again


@pytest.mark.parametrize(
    "options",
    [
        "table: t.txt",
        "tables: [t.txt]",
        "constraint: {steps: {table: t.txt}}",
        "constraint: {steps: {more: [u.txt, t.txt]}}",
        "data: listed, data_opt: {list: t.txt}",
    ],
)
def test_the_content_of_files_that_options_name_matters(three, options: str) -> None:
    for name in ("t.txt", "u.txt"):
        Path(name).write_text("one")
    before = os.stat("t.txt")
    three.edit("value: 3", f"value: 3, {options}")
    three.run("first")
    os.utime("t.txt", (1, 1))
    assert three.runs("again") == []
    Path("t.txt").write_text("two")
    os.utime("t.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert three.runs("second") == ALL


def test_of_a_folder_that_options_name_sizes_and_times_matter(three) -> None:
    Path("folder/below").mkdir(parents=True)
    Path("folder/below/t.txt").write_text("one")
    three.edit("value: 3", "value: 3, tables: [folder]")
    three.run("first")
    assert three.runs("again") == []
    Path("folder/below/t.txt").write_text("three")
    assert three.runs("second") == ALL


def test_the_order_of_chosen_things_matters(three) -> None:
    three.edit("value: 3", "value: 3, constraint: {steps: {}, halves: {}}")
    three.run("first")
    three.edit("{steps: {}, halves: {}}", "{halves: {}, steps: {}}")
    with pytest.raises(OutputError, match=r"relu\.make\.constraint \(another order\)"):
        three.run("first", resume=True)
    assert three.runs("second") == ALL


def test_the_data_matters(three) -> None:
    three.edit("value: 3", "value: 3, data: lines")
    three.run("first")
    assert Path("lines.txt").read_text() == "fetched"
    assert three.runs("second") == []
    Path("lines.txt").write_text("changed")
    assert three.runs("third") == ALL
    three.edit("data: lines", "data: coded")  # made in code, depends on nothing else
    three.run("fourth")
    assert three.runs("fifth") == []


def test_code_and_the_device_matter(three, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three.run("first")
    file = plugin_folder / f"{counted_steps.MODULE}.py"
    text = file.read_text()
    try:
        file.write_text(text + "\n# edited\n")
        assert three.runs("second") == ALL
    finally:
        file.write_text(text)
    for function in ("own_code", "device_kind"):
        with monkeypatch.context() as patch:
            patch.setattr(f"snnctl.recipes.inputs.{function}", lambda: "edited")
            assert three.runs(function) == ALL
    assert three.runs("third") == []


@pytest.mark.parametrize("cache", [None, CACHE])
def test_steps_that_do_not_depend_on_the_matrix_are_shared(grid, cache: Path | None) -> None:
    outcome = grid.run("out", cache=cache)
    steps = ["make 1", "add 5", "add 10", "weigh", "add 20", "weigh", "add 30", "weigh"]
    assert grid.ran() == [*steps, *(name.replace("make 1", "make 2") for name in steps)]
    assert len(outcome.metrics) == 24
    first, second = (Path("out", name, "snn/run.json") for name in ("value=1-more=10", "value=1-more=30"))
    assert first.stat().st_ino == second.stat().st_ino
    assert Path("out/value=2-more=30/tuned/model.keras").read_text() == "made 2 , added 5, added 30"
    assert Path("runs").exists() == (cache is not None)


def test_force_runs_each_step_once_and_replaces_entries(grid) -> None:
    grid.run("first")
    times = {path: (path / "run/run.json").stat().st_mtime_ns for path in entries()}
    assert len(grid.runs("second", force=True)) == 16
    assert all((path / "run/run.json").stat().st_mtime_ns > before for path, before in times.items())
    assert entries() == list(times)


@pytest.mark.parametrize("cache", [None, CACHE])
def test_a_result_that_misses_what_is_required_is_not_taken_for_a_success(three, cache: Path | None) -> None:
    three.edit("value: 5", "value: 5, require: true")
    for out in ("first", "second"):
        assert three.run(out, cache=cache).failure is not None
        assert three.ran()[-1] == "add 5"
        assert not Path(out, "summary.json").exists()


def replace_by_link(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.symlink_to("nowhere")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off, as by a full disk": lambda entry: os.truncate(entry / "run/model.keras", 3),
    "of the same size": lambda entry: (entry / "run/model.keras").write_text("made 3 , added 6"),
    "a file less": lambda entry: (entry / "run/metrics.json").unlink(),
    "a file more": lambda entry: (entry / "run/extra").touch(),
    "no list of files": lambda entry: (entry / "entry.json").write_text('{"files": 3}'),
    "nested deeply": lambda entry: (entry / "entry.json").write_text("[" * 100_000),
    "nothing but the folder": lambda entry: (entry / "entry.json").unlink(),
    "a link": replace_by_link,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_not_trusted(three, damage: str) -> None:
    three.run("first")
    sound = {path: path.read_bytes() for path in Path("first").rglob("*.keras")}
    for path, before in sound.items():  # no links any more, so that only the cache is damaged
        path.unlink()
        path.write_bytes(before)
    [entry] = [entry for entry in entries() if '"verb": "add"' in (entry / "run/run.json").read_text()]
    DAMAGE[damage](entry)
    assert three.runs("second") == ["add 5"]
    assert damage == "a link" or ["damaged" in told for told in three.reporter.warnings] == [True]
    assert Path("second/snn/model.keras").read_bytes() == sound[Path("first/snn/model.keras")]
    assert three.runs("third") == []


def refusing(code: int) -> Callable[..., None]:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    return refuse


def test_files_are_copied_where_they_cannot_be_linked(three, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", refusing(errno.EXDEV))
    three.run("first")
    assert three.runs("second") == []
    assert content("first") == content("second")
    first, second = (Path(out, "relu/run.json").stat() for out in ("first", "second"))
    assert (first.st_mtime_ns, first.st_nlink) == (second.st_mtime_ns, 1)


def test_a_cache_that_cannot_be_written_costs_only_itself_and_a_file_is_none(three, monkeypatch):
    monkeypatch.setattr("snnctl.recipes.cache.link_folder", refusing(errno.ENOSPC))
    assert len(three.run("out").metrics) == 3
    assert ["No space left on device" in told for told in three.reporter.warnings] == [True] * 3
    assert (entries(), three.ran()) == ([], ALL)
    Path("taken").touch()
    with pytest.raises(OutputError, match="the cache taken/inside cannot be used"):
        three.run("other", cache=Path("taken/inside"))
    assert three.ran() == []
    assert not Path("other").exists()


def test_two_processes_with_the_same_step_run_it_once(three) -> None:
    three.edit("value: 5", "value: 5, wait: go")
    failures: list[BaseException] = []
    waiting = threading.Event()

    def note(message: str) -> None:
        if "waiting for its result" in message:
            waiting.set()

    def run(out: str) -> None:
        try:
            three.run(out)
        except BaseException as error:
            failures.append(error)

    first, second = (threading.Thread(target=run, args=(out,)) for out in ("first", "second"))
    first.start()
    while not Path("calls.log").exists() or "add 5" not in Path("calls.log").read_text():
        assert first.is_alive()
    three.reporter.note = note
    second.start()
    assert waiting.wait(30)
    Path("go").touch()
    for thread in (first, second):
        thread.join()
    assert failures == []
    assert three.ran() == ALL
    assert content("first") == content("second")
    assert not [entry for entry in entries() if entry.name.startswith(".")]


def test_what_was_read_while_it_changed_is_not_kept(three) -> None:
    three.edit("value: 5", "value: 5, wait: go")
    three.edit("value: 3", "value: 3, table: table.txt")
    Path("table.txt").write_text("old")

    def change(message: str) -> None:
        if "relu" in message:
            Path("table.txt").write_text("new")
        Path("go").touch()

    three.reporter.note = change
    three.run("first")
    [told] = three.reporter.warnings
    assert "relu: data, files, plugins or code have changed while it was run" in told
    assert entries() == [], "nor what builds on it"
    del three.reporter.note
    Path("table.txt").write_text("old")
    assert three.runs("second") == ALL
