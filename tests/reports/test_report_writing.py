"""Options of the report, and the file it is written to."""

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
    (tmp_path / "link.html").symlink_to("deep/report.html")
    write_file(prepare_file(tmp_path / "link.html"), REPORT + "anew")
    assert (tmp_path / "link.html").is_symlink()
    assert file.read_text(encoding="utf-8").endswith("anew")
    assert [entry.name for entry in file.parent.iterdir()] == ["report.html"]


def test_other_files_are_replaced_on_request_and_those_of_a_run_never(tmp_path: Path) -> None:
    file = tmp_path / "notes.html"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="is no report"):
        prepare_file(file)
    assert prepare_file(file, overwrite=True) == file
    run = write_run(tmp_path / "run")
    for name in ("run.json", "metrics.json"):
        with pytest.raises(OutputError, match="belongs to a run"):
            prepare_file(run / name, overwrite=True)
    assert prepare_file(run / "report.html") == run / "report.html"


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, words in (("", "is a folder"), ("file/r.html", "file"), ("a\0b", "null byte")):
        with pytest.raises(OutputError, match=words):
            prepare_file(tmp_path / path)


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = write_file(prepare_file(tmp_path / "report.html"), REPORT)

    def full(*arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_file(target, "half")
    assert target.read_text(encoding="utf-8") == REPORT
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("value", "image"), [("12", 12), (" None", None), (3, 3), (None, None)])
def test_an_image_is_a_number_or_none(value: object, image: int | None) -> None:
    assert ReportOptions.model_validate({"runs": ["a"], "image": value}).image == image


@pytest.mark.parametrize(
    ("options", "word"),
    [*(({"image": image}, "image") for image in ("", "first", "-1", "1.5", "١", 1.5)), ({"runs": []}, "runs")],
)
def test_other_options_are_refused(options: dict, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        make_options(ReportOptions, {"runs": ["a"], **options})


def test_the_function_writes_and_tells_where(tmp_path: Path) -> None:
    assert default_file(["runs/a"]) == Path("runs/a/report.html")
    assert default_file(["runs/a", "runs/b"]) == Path("report.html")
    runs = [write_run(tmp_path / name) for name in "ab"]
    file = snnctl.report(*runs, out=tmp_path / "r.html", image=None, title="Mine")
    assert file == tmp_path / "r.html"
    assert "<h1>Mine</h1>" in file.read_text(encoding="utf-8")
    assert spelled(date(2026, 3, 9)) == "9 March 2026"
