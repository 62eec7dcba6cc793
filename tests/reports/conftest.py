"""Reports of run folders, and reading them."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.run_folders import traced_image, write_full_set
from snnctl.plugins import load_registry
from snnctl.reports.facts import Facts
from snnctl.reports.page import report_page
from snnctl.verbs.report.gather import gather
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.report.report import Report, report
from snnctl.verbs.result import Run

VOID = {"br", "hr", "img", "link", "meta"}


class Reader(HTMLParser):
    """Elements, attributes and texts of a page; complains about elements that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).replace("\u202f", " ").split())


@pytest.fixture(scope="session")
def report_of() -> Callable[..., Report]:
    """``report_of(folder, ..., title=None)``: a report of run folders, without an image."""
    run = Run(load_registry())

    def make(*folders: Path, title: str | None = None) -> Report:
        options = {"runs": [str(folder) for folder in folders], "image": None, "title": title}
        return report(ReportOptions.model_validate(options), run, made="2 January 2026")

    return make


@pytest.fixture(scope="session")
def read(report_of: Callable[..., Report]) -> Callable[..., Reader]:
    """``read(folder, ...)``: the same report, read."""
    return lambda *folders: Reader(report_of(*folders).html)


@pytest.fixture(scope="session")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all its parts."""
    folder = tmp_path_factory.mktemp("report")
    runs, _ = gather([str(run) for run in write_full_set(folder)])
    facts = Facts("A report", runs, "2 January 2026", "1.0", {"mnist-mini": ("cat", "dog")}, traced_image())
    file = folder / "report.html"
    file.write_text(report_page(facts).html, encoding="utf-8")
    return file
