"""Run a plan: each step into a folder of its own, complete or absent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from snnctl.errors import SnnctlError
from snnctl.recipes.data_sets import fetch_all
from snnctl.recipes.plan import Plan, Step
from snnctl.runs import new_folder, plain, prepare_output, publish, staging_folder, to_json, versions
from snnctl.verbs.execute import execute, failure, inputs
from snnctl.verbs.result import Run
from snnctl.verbs.unfinished import Unfinished

RECIPE = "recipe.yaml"
SUMMARY = "summary.json"


@dataclass
class Outcome:
    """What a recipe came to.

    Args:
        plan: what was run.
        folder: absolute path; holds a folder per step, ``recipe.yaml`` and, at the end, ``summary.json``.
        started: local time with offset, ISO 8601.
        command: the command line.
        metrics: figures by step id.
        durations: seconds by step id.
        failure: why it ended early though the last step is complete: something that was required is not reached.
    """

    plan: Plan
    folder: Path
    started: str
    command: list[str]
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    failure: SnnctlError | None = None


def execute_plan(
    plan: Plan,
    run: Run,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
    before_start: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run the steps of ``plan``, one after the other.

    The first step is written to a staging folder that takes the place of ``out`` as soon as the step is complete;
    what ``out`` held before is kept until then. If a later step fails, those before it stay. A step that misses what is
    required of it stays as well; it is the last one, the outcome's ``failure`` is its error, and there is no summary.
    What a step keeps when it is interrupted lies beside ``out``, so that it outlasts the staging folder.

    Args:
        plan: a checked recipe.
        run: the registry and the reporter.
        out: the folder to write; a new one in ``runs/`` by default.
        overwrite: whether ``out`` may hold something already.
        command: the command line, for the record.
        before_start: called when ``out`` is known to be usable and all data sets are here.

    Raises:
        OutputError: ``out`` is in use or cannot be written.
        DataError: the data of some step cannot be had; known before the first step.
        SnnctlError: a step failed; the message names it.
    """
    named = out or new_folder(Path("runs"), plan.name.replace("/", "-"))
    folder = prepare_output(named, overwrite, _inputs(plan))
    fetch_all(plan, run)
    before_start()
    outcome = Outcome(plan, folder, datetime.now().astimezone().isoformat(timespec="seconds"), list(command))
    run = replace(run, unfinished=Unfinished.beside(folder, named, overwrite))
    _run_first(outcome, run, overwrite)
    for step in plan.steps[1:]:
        if outcome.failure is None:
            _run_step(step, outcome, run, outcome.folder)
    if outcome.failure is None:
        _write_summary(outcome)
    return outcome


def _inputs(plan: Plan) -> list[Path]:
    """The recipe, and what its steps read that no step makes."""
    options = [
        step.options if step.source is None else step.options.model_copy(update={"model": None}) for step in plan.steps
    ]
    return [plan.path, *(path for given in options for path in inputs(given))]


def summary(outcome: Outcome) -> dict[str, Any]:
    """The outcome as plain data, as written to ``summary.json``; steps that were not run are left out."""
    steps = [
        {
            "id": step.id,
            "verb": step.verb.name,
            "folder": step.id,
            "duration": outcome.durations[step.id],
            "metrics": outcome.metrics[step.id],
        }
        for step in outcome.plan.steps
        if step.id in outcome.metrics
    ]
    return plain(
        {
            "name": outcome.plan.name,
            "started": outcome.started,
            "duration": round(sum(outcome.durations.values()), 3),
            "command": outcome.command,
            "versions": versions(),
            "steps": steps,
        }
    )


def _run_first(outcome: Outcome, run: Run, overwrite: bool) -> None:
    """The first step, published together with the resolved recipe."""
    with staging_folder(outcome.folder) as staging:
        _run_step(outcome.plan.steps[0], outcome, run, staging)
        text = yaml.safe_dump(plain(outcome.plan.resolved()), sort_keys=False, allow_unicode=True)
        (staging / RECIPE).write_text(text, encoding="utf-8")
        outcome.folder = publish(staging, outcome.folder, overwrite)


def _run_step(step: Step, outcome: Outcome, run: Run, folder: Path) -> None:
    number = [other.id for other in outcome.plan.steps].index(step.id) + 1
    run.reporter.note(f"step {number} of {len(outcome.plan.steps)}: {step.id} ({step.verb.name})")
    options = step.options
    if step.source is not None:
        options = options.model_copy(update={"model": str(outcome.folder / step.source)})
    if run.unfinished is not None:
        run = replace(run, unfinished=run.unfinished.of_step(step.id, published=folder == outcome.folder))
    clock = time.monotonic()
    try:
        result, _ = execute(step.verb, options, run, out=folder / step.id, command=outcome.command)
    except SnnctlError as error:
        _name_step(error, step)
        raise
    if (missed := failure(result, outcome.folder / step.id)) is not None:
        _name_step(missed, step)
        outcome.failure = missed
    outcome.metrics[step.id] = result.metrics
    outcome.durations[step.id] = round(time.monotonic() - clock, 3)


def _name_step(error: SnnctlError, step: Step) -> None:
    """Put the step in front of the error's place."""
    error.where = f"step '{step.id}'" + (f", {error.where}" if error.where else "")


def _write_summary(outcome: Outcome) -> None:
    """Written last, and in one go: a folder with a summary is complete."""
    unfinished = outcome.folder / f".{SUMMARY}"
    unfinished.write_text(to_json(summary(outcome)), encoding="utf-8")
    unfinished.rename(outcome.folder / SUMMARY)
