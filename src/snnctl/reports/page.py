"""A report as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.svg import escape
from snnctl.reports.facts import Absent, Facts, Section
from snnctl.reports.markup import Html, join, tag
from snnctl.reports.sections import SECTIONS
from snnctl.reports.sections.summary import comparison, key_figures, lede
from snnctl.reports.style import style_sheet

GENERATOR = '<meta name="generator" content="snnctl report">'
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Page:
    """A report.

    Args:
        html: the whole file, from ``<!doctype html>`` on.
        left_out: what it does not show, and why.
    """

    html: str
    left_out: Sequence[tuple[str, str]]


def report_page(facts: Facts) -> Page:
    """The report; the same facts give the same text.

    Whatever the facts hold is shown as text. The page names no other file, runs no script, and forbids both.

    Args:
        facts: with at least one run.
    """
    found = [section(facts) for section in SECTIONS]
    sections = [part for part in found if isinstance(part, Section)]
    left_out = _left_out(facts, [part for part in found if isinstance(part, Absent)])
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(GENERATOR),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", Html(escape(facts.title))),
        tag("style", Html(style_sheet())),
    )
    body = tag(
        "body",
        _header(facts),
        _contents(sections),
        tag("main", *(_section(section) for section in sections), *_reasons(left_out)),
        _footer(facts),
    )
    return Page(f"<!doctype html>\n{tag('html', head, body, lang='en')}\n", left_out)


def is_report(beginning: str) -> bool:
    """Whether a file that begins so is a report."""
    return beginning.startswith("<!doctype html>") and GENERATOR in beginning


def _header(facts: Facts) -> Html:
    return tag(
        "header",
        tag("h1", facts.title),
        tag("p", lede(facts), class_="lede"),
        key_figures(facts),
        comparison(facts),
    )


def _contents(sections: list[Section]) -> Html:
    links = (tag("li", tag("a", section.title, href=f"#{section.id}")) for section in sections)
    return tag("nav", tag("ul", *links), aria_label="Contents")


def _section(section: Section) -> Html:
    heading = f"{section.id}-heading"
    return tag("section", tag("h2", section.title, id=heading), section.body, id=section.id, aria_labelledby=heading)


def _left_out(facts: Facts, absent: Sequence[Absent]) -> list[tuple[str, str]]:
    named = {part.title for part in absent}
    reasons = [(part.title, part.reason) for part in absent]
    return reasons + [(what, why) for what, why in facts.missing if what not in named]


def _reasons(left_out: Sequence[tuple[str, str]]) -> list[Html]:
    """What the report does not show, and why."""
    if not left_out:
        return []
    lines = (tag("li", tag("strong", what), ": ", why) for what, why in left_out)
    return [_section(Section("absent", "Left out", tag("ul", *lines, class_="absent")))]


def _footer(facts: Facts) -> Html:
    made = " on ".join(part for part in (f"Made by snnctl {facts.version}".strip(), facts.made) if part)
    return tag("footer", join([made, "."]))
