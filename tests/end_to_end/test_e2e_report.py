"""``snnctl report`` by the installed command."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl

from reports.run_folders import write_recipe, write_run


@pytest.mark.long
def test_the_spikes_of_an_image_are_in_the_report(
    snnctl: Snnctl, run_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    lost = write_run(tmp_path / "lost", settings={"data": "mnist-mini", "model": "nowhere"})
    exported = write_run(tmp_path / "file", "export", settings={"model": str(run_folder("snn"))})
    runs = [run_folder("relu"), run_folder("snn"), lost, exported]
    done = snnctl("report", *runs, "--image", "3", "--json", "--out", tmp_path / "r.html")
    said = done.json()
    assert said["out"] == str(tmp_path / "r.html")
    assert said["runs"] == ["relu", "snn", "lost", "file"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Image 3 of the test split, seen by snn" in page
    assert "data:image/png;base64," in page
    assert 'class="dots' in page
    assert "neuron" in page
    assert len(page) < 2_000_000


def test_without_an_image_it_takes_the_runs_folder_and_no_model(snnctl: Snnctl, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "score")
    assert snnctl("report", folder, "--image", "none").out.startswith("written to ")
    assert (folder / "report.html").is_file()
    two = write_run(tmp_path / "other")
    snnctl("report", folder, two, "--image", "none", "--title", "A & B")
    assert "<h1>A &amp; B</h1>" in (snnctl.cwd / "report.html").read_text(encoding="utf-8")


def test_an_image_that_cannot_be_had_is_told_and_the_report_is_made(snnctl: Snnctl, tmp_path: Path) -> None:
    done = snnctl("report", write_recipe(tmp_path / "recipe", ["one", "two"]), "--json")
    assert {"what": "One image", "why": "The model of two is not there. The model of one is not there."} in done.json()[
        "left_out"
    ]
    assert "warning: left out: One image" in done.err
    assert "The model of two is not there." in (tmp_path / "recipe" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report"], 2, "RUN"),
        (["report", "nowhere"], 3, "nowhere does not exist"),
        (["report", "run", "--image", "-1"], 2, "--image"),
        (["report", "run", "--image", "none", "--out", ""], 2, "--out is empty"),
        (["report", "run", "--image", "none", "--out", "notes.html"], 8, "notes.html is there already"),
        (["report", "damaged"], 3, "run.json"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else None,
)
def test_mistakes_are_told_and_nothing_is_written(snnctl: Snnctl, arguments: list[str], code: int, words: str) -> None:
    write_run(snnctl.cwd / "run")
    (write_run(snnctl.cwd / "damaged") / "run.json").write_text('{"verb": 3}', encoding="utf-8")
    (snnctl.cwd / "notes.html").write_text("mine", encoding="utf-8")
    before = {path: path.read_bytes() for path in snnctl.cwd.rglob("*") if path.is_file()}
    assert words in snnctl.fail(code, *arguments)
    assert {path: path.read_bytes() for path in snnctl.cwd.rglob("*") if path.is_file()} == before


@pytest.mark.long
def test_runs_that_were_moved_find_each_other(
    snnctl: Snnctl, run_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    work = tmp_path / "before"
    work.mkdir()
    shutil.copytree(run_folder("snn"), work / "snn")
    snnctl("eval", work / "snn", "--limit", "50", "--noise", "0.1", "--out", work / "score")
    work.rename(tmp_path / "after")
    done = snnctl("report", tmp_path / "after" / "score", "--json")
    assert "One image" not in [each["what"] for each in done.json()["left_out"]]
    message = snnctl.fail(2, "report", tmp_path / "after" / "score", "--image", "1000000")
    assert "there is no image 1000000" in message
