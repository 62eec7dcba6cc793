"""The report in Chromium: nothing fails, nothing is fetched, everybody can read it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reports.run_folders import traced_image, write_full_set
from snnctl.reports.charts import Series, alone, line_panel
from snnctl.reports.facts import Facts
from snnctl.reports.page import report_page
from snnctl.verbs.report.gather import gather

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
pytestmark = pytest.mark.long


@dataclass
class Visit:
    """A page in the browser.

    Args:
        page: of playwright.
        requests: addresses that were asked for.
        complaints: of the console, and errors.
    """

    page: object
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Chromium of the system."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs a Chromium: none of {', '.join(NAMES)} is there")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = started.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all its parts."""
    folder = tmp_path_factory.mktemp("report")
    runs, _ = gather([str(run) for run in write_full_set(folder)])
    facts = Facts("A report", runs, "2 January 2026", "1.0", {"mnist-mini": ("cat", "dog")}, traced_image())
    file = folder / "report.html"
    file.write_text(report_page(facts).html, encoding="utf-8")
    return file


def visit(browser, file: Path, **settings: object) -> Visit:
    """Open a file, with everything in it that can be opened."""
    page = browser.new_context(**settings).new_page()
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(file.as_uri(), wait_until="networkidle")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return seen


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_quiet_asks_for_nothing_and_is_accessible(browser, report_file: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    seen = visit(browser, report_file, color_scheme=scheme, viewport={"width": width, "height": 800})
    found = axe.Axe().run(seen.page).response
    checked = {"color-contrast", "svg-img-alt"} | ({"scrollable-region-focusable"} if width < 600 else set())
    assert {rule["id"] for rule in found["passes"]} >= checked
    problems = [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found["violations"]]
    assert not problems
    assert not seen.complaints
    assert [url for url in seen.requests if not url.startswith("data:")] == [report_file.as_uri()]


def test_dark_mode_is_dark(browser, report_file: Path) -> None:
    def brightness(scheme: str) -> int:
        page = visit(browser, report_file, color_scheme=scheme).page
        return page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)"
        )

    assert brightness("dark") < 150
    assert brightness("light") > 600


@pytest.mark.parametrize("width", [360, 1200])
def test_charts_are_whole_and_their_letters_can_be_read(browser, report_file: Path, width: int) -> None:
    page = visit(browser, report_file, viewport={"width": width, "height": 800}).page
    charts = page.evaluate(
        "[...document.querySelectorAll('svg.chart')].map(each => [each.getBoundingClientRect().right, "
        "each.getScreenCTM().a])"
    )
    assert len(charts) > 5
    assert max(right for right, _ in charts) <= width
    assert min(12 * scale for _, scale in charts) > 8  # pixels


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_does_not_scroll_sideways(browser, report_file: Path, width: int) -> None:
    page = visit(browser, report_file, viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # What is wider than the screen lies in something that scrolls.
    assert (
        page.evaluate(
            """width => [...document.querySelectorAll('main *, header *')].filter(each =>
            each.getBoundingClientRect().right > width + 1 && !each.closest('.scroll, pre')).length""",
            width,
        )
        == 0
    )


def test_a_link_to_a_run_opens_it(browser, report_file: Path) -> None:
    page = visit(browser, report_file).page
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    page.click("header table a >> nth=1")
    assert page.evaluate("document.querySelector('#run-2').closest('details').open")


def test_it_prints_with_everything_open(browser, report_file: Path) -> None:
    page = visit(browser, report_file, color_scheme="dark").page
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = false)")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('#run-1').getBoundingClientRect().height") > 100
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_chart_is_a_file_of_its_own(browser, tmp_path: Path) -> None:
    file = tmp_path / "chart.svg"
    chart = line_panel("Accuracy", "noise (τ_c)", "accuracy", [Series("a", [0, 1], [0.5, 1])])
    file.write_text(alone(chart), encoding="utf-8")
    seen = visit(browser, file, color_scheme="dark")
    assert not seen.complaints
    assert seen.requests == [file.as_uri()]
    colours = "[...document.querySelectorAll('.paper, text')].map(each => getComputedStyle(each).fill)"
    assert len(set(seen.page.evaluate(colours))) >= 3  # the paper, texts and quieter texts
    size = "['width', 'height'].map(each => document.documentElement.getBoundingClientRect()[each])"
    wide, high = seen.page.evaluate(size)
    narrow, low = visit(browser, file, viewport={"width": 300, "height": 800}).page.evaluate(size)
    assert narrow == 300
    assert low / high == pytest.approx(narrow / wide, rel=0.02)
