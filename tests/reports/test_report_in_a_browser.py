"""The report in Chromium: nothing fails, nothing is fetched, everybody can read it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from snnctl.reports.charts import Series, alone, line_panel

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BRIGHTNESS = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)"
CHARTS = """[...document.querySelectorAll('svg.chart')].map(each =>
    [each.getBoundingClientRect().right, each.getScreenCTM().a])"""
TOO_WIDE = """width => [...document.querySelectorAll('main *, header *')].filter(each =>
    each.getBoundingClientRect().right > width + 1 && !each.closest('.scroll, pre')).length"""
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the system."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = next((file for name in NAMES if (file := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"needs a Chromium: none of {', '.join(NAMES)} is there")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield chromium
        chromium.close()


def visit(browser: Any, file: Path, scheme: str, width: int) -> Any:
    """The page of a file, which is quiet and asks for nothing."""
    page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri(), wait_until="networkidle")
    assert not complaints
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    return page


def all_details(page: Any, opened: bool) -> None:
    page.evaluate(f"document.querySelectorAll('details').forEach(each => each.open = {str(opened).lower()})")


@pytest.mark.parametrize("width", [360, 1280], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report(browser: Any, report_file: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = visit(browser, report_file, scheme, width)
    brightness = page.evaluate(BRIGHTNESS)
    assert brightness < 150 if scheme == "dark" else brightness > 600
    all_details(page, opened=True)
    result = axe.Axe().run(page).response
    checked = {"color-contrast", "svg-img-alt"} | ({"scrollable-region-focusable"} if width < 600 else set())
    assert {rule["id"] for rule in result["passes"]} >= checked
    assert not [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in result["violations"]]
    # Charts are whole, and their letters can be read.
    charts = page.evaluate(CHARTS)
    assert len(charts) > 5
    assert max(right for right, _ in charts) <= width
    assert min(12 * scale for _, scale in charts) > 8  # pixels
    # The page does not scroll sideways: what is wider than the screen lies in something that scrolls.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TOO_WIDE, width) == 0
    # A link to a run opens it.
    all_details(page, opened=False)
    page.click("header table a >> nth=1")
    assert page.evaluate("document.querySelector('#run-2').closest('details').open")
    # It prints on white, with everything open.
    all_details(page, opened=False)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('#run-1').getBoundingClientRect().height") > 100
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_chart_is_a_file_of_its_own(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "chart.svg"
    chart = line_panel("Accuracy", "noise (τ_c)", "accuracy", [Series("a", [0, 1], [0.5, 1])])
    file.write_text(alone(chart), encoding="utf-8")
    page = visit(browser, file, "dark", 1280)
    colours = "[...document.querySelectorAll('.paper, text')].map(each => getComputedStyle(each).fill)"
    assert len(set(page.evaluate(colours))) >= 3  # the paper, texts and quieter texts
    size = "['width', 'height'].map(each => document.documentElement.getBoundingClientRect()[each])"
    wide, high = page.evaluate(size)
    narrow, low = visit(browser, file, "light", 300).evaluate(size)
    assert narrow == 300
    assert low / high == pytest.approx(narrow / wide, rel=0.02)
