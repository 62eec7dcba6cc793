"""The style sheet of a report: ``report.css``, colours and fonts."""

from __future__ import annotations

from importlib.resources import files

from snnctl.reports.charts.palette import DARK, FONT, LIGHT, STYLE

MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace'


def style_sheet() -> str:
    """Everything that stands in the page's ``<style>``."""
    rules = files("snnctl.reports").joinpath("report.css").read_text(encoding="utf-8")
    root = f":root{{color-scheme:light dark;--font:{FONT};--mono:{MONO};{LIGHT}}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK}}}}}"
    return f"{root}\n{dark}\n{rules}\n{STYLE}"
