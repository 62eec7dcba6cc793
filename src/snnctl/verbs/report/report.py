"""The report: facts are gathered here, and told by :mod:`snnctl.reports`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from snnctl.errors import SnnctlError
from snnctl.reports.facts import Facts, ReportedRun, text
from snnctl.reports.numbers import enumerated
from snnctl.reports.page import report_page
from snnctl.reports.sections.image import TITLE as IMAGE
from snnctl.verbs.report.gather import Missing, gather, recipe_name
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.report.writing import default_file, prepare_file, write_file
from snnctl.verbs.result import Run

MOST_NAMED = 4  # runs in a title
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Report:
    """A report.

    Args:
        html: the whole file.
        runs: names of the runs in it.
        left_out: what it does not show, and why.
        missing: those of them that could not be had.
    """

    html: str
    runs: list[str]
    left_out: Sequence[tuple[str, str]]
    missing: Sequence[tuple[str, str]]


def report(
    options: ReportOptions, run: Run, *, made: str = "", before_model: Callable[[], object] = lambda: None
) -> Report:
    """Compare runs.

    Args:
        options: the runs, and what is shown.
        run: knows the data sets; holds the reporter.
        made: the date, as it is shown; the report depends on nothing else but the runs.
        before_model: called before TensorFlow is imported, which happens only if an image is shown.

    Raises:
        ModelError: a run that is not there or is damaged.
        UsageError: an image that does not exist.
    """
    runs, missing = gather(options.runs)
    facts = Facts(
        title=options.title or _title(options.runs, runs),
        runs=runs,
        made=made,
        version=version("snnctl"),
        class_names=_class_names(runs, run),
        missing=missing,
    )
    if options.image is not None:
        facts = _with_image(facts, options, run, before_model, missing)
    page = report_page(facts)
    return Report(page.html, [one.name for one in runs], page.left_out, facts.missing)


def write_report(
    options: ReportOptions,
    run: Run,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    before_model: Callable[[], object] = lambda: None,
) -> tuple[Report, Path]:
    """Make a report of today and write it.

    Args:
        options: see :func:`report`.
        run: see :func:`report`; its reporter is warned of what could not be had.
        out: the file; ``report.html`` in the folder of a single run, or else in the working folder, when not given.
        overwrite: whether it may be another file than a report.
        before_model: see :func:`report`.

    Returns:
        The report, and the absolute path of its file.

    Raises:
        OutputError: the file cannot be written; known before the work starts.
        ModelError, UsageError: see :func:`report`.
    """
    target = prepare_file(default_file(options.runs) if out is None else out, overwrite)
    made = report(options, run, made=spelled(date.today()), before_model=before_model)
    for what, why in made.missing:
        run.reporter.warn(f"left out: {what}: {why}")
    return made, write_file(target, made.html)


def spelled(day: date) -> str:
    """``2 January 2026``, whatever the language of the machine."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _with_image(
    facts: Facts, options: ReportOptions, run: Run, before_model: Callable[[], object], missing: Missing
) -> Facts:
    from snnctl.verbs.report.tracing import ImageNumberError, image_of

    try:
        return replace(facts, traced=image_of(facts.runs, options, run, before_model))
    except ImageNumberError:
        raise
    except SnnctlError as error:
        return replace(facts, missing=[*missing, (IMAGE, error.what)])


def _title(given: Sequence[str], runs: Sequence[ReportedRun]) -> str:
    if len(given) == 1 and (name := recipe_name(given[0])):
        return name
    names = [run.name for run in runs]
    return enumerated(names) if len(names) <= MOST_NAMED else f"{len(names)} runs"


def _class_names(runs: Sequence[ReportedRun], run: Run) -> dict[str, Sequence[str]]:
    names = {text(one.settings, "data") for one in runs}
    found = {name: run.registry.datasets.get(name) for name in sorted(names)}
    return {name: [str(each) for each in data.class_names] for name, data in found.items() if data is not None}
