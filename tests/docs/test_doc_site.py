"""The documentation builds as a site, without a warning, and the site needs no network."""

import os
import re
import subprocess
import sys
from pathlib import Path

from doc_blocks import ROOT

LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)\"|<link\b[^>]*\bhref=\"([^\"]+)\"")
REFERENCE = re.compile(r"href=\"([^\"#:]+)(?:#[^\"]*)?\"")


def test_the_site_is_complete_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(tmp_path): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")}
    error = pages.pop(Path("404.html"))
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert {path.with_suffix(".md") for path in pages} == sources
    for page, text in pages.items():
        missing = [target for target in REFERENCE.findall(text) if not (tmp_path / page.parent / target).exists()]
        assert not missing, page
    for text in (error, *pages.values()):
        loaded = [first or second for first, second in LOADED.findall(text)]
        assert loaded
        assert not [target for target in loaded if re.match(r"(?:[a-z]+:)?//", target)]
    reference = re.sub(r"<[^>]+>", "", pages[Path("reference/api.html")])
    for wanted in ("convert", "Turn a trained ReLU network into a spiking network", "TrainingCallback", "UsageError"):
        assert wanted in reference
    assert ":class:" not in reference
    assert ":::" not in reference
