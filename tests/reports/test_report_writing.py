from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

import snnctl
from reports.run_folders import write_run
from snnctl.errors import OutputError, UsageError
from snnctl.reports.page import GENERATOR
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.report.report import spelled
from snnctl.verbs.report.writing import default_file, prepare_file, write_file
from snnctl.verbs.validation import make_options

REPORT = f"<!doctype html>\n<html><head>{GENERATOR}"


def test_a_report_is_replaced_without_asking(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "report.html"
    write_file(prepare_file(file), REPORT)
    write_file(prepare_file(file), REPORT + "anew")
    assert file.read_text(encoding="utf-8").endswith("anew")
    assert [entry.name for entry in file.parent.iterdir()] == ["report.html"]


def test_other_files_are_replaced_on_request_only(tmp_path: Path) -> None:
    file = tmp_path / "notes.html"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="is no report"):
        prepare_file(file)
    assert prepare_file(file, overwrite=True) == file


def test_files_of_a_run_are_never_replaced(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    for name in ("run.json", "metrics.json"):
        with pytest.raises(OutputError, match="belongs to a run"):
            prepare_file(run / name, overwrite=True)
    assert prepare_file(run / "report.html") == run / "report.html"


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "r.html", "file"),
        (tmp_path / "a\0b", "null byte"),
    ):
        with pytest.raises(OutputError, match=words):
            prepare_file(path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text(REPORT, encoding="utf-8")
    (tmp_path / "link.html").symlink_to("real.html")
    write_file(prepare_file(tmp_path / "link.html"), REPORT + "anew")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").read_text(encoding="utf-8").endswith("anew")


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write_file(prepare_file(tmp_path / "report.html"), REPORT)

    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_file(target, "half")
    assert target.read_text(encoding="utf-8") == REPORT
    assert len(list(tmp_path.iterdir())) == 1


def test_a_single_run_gets_its_report_into_its_folder() -> None:
    assert default_file(["runs/a"]) == Path("runs/a/report.html")
    assert default_file(["runs/a", "runs/b"]) == Path("report.html")


@pytest.mark.parametrize(
    ("given", "image"), [("0", 0), ("12", 12), ("none", None), (" None", None), (3, 3), (None, None)]
)
def test_an_image_is_a_number_or_none(given: object, image: int | None) -> None:
    assert ReportOptions.model_validate({"runs": ["a"], "image": given}).image == image


@pytest.mark.parametrize("image", ["", "first", "-1", -1, "1.5", "١", 1.5])
def test_another_image_is_refused(image: object) -> None:
    with pytest.raises(UsageError, match="image"):
        make_options(ReportOptions, {"runs": ["a"], "image": image})


def test_the_function_writes_and_tells_where(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name) for name in "ab"]
    file = snnctl.report(*runs, out=tmp_path / "r.html", image=None, title="Mine")
    assert file == tmp_path / "r.html"
    assert "<h1>Mine</h1>" in file.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="imag"):
        snnctl.report(*runs, imag=3)


def test_dates_are_spelled_in_english() -> None:
    assert spelled(date(2026, 3, 9)) == "9 March 2026"


def test_a_report_needs_runs() -> None:
    with pytest.raises(UsageError, match="runs"):
        make_options(ReportOptions, {"runs": []})
