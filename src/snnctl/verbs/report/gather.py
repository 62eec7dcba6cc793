"""Runs as their folders say."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from snnctl.errors import ModelError, UsageError
from snnctl.reports.facts import ReportedRun, text
from snnctl.runs import RunRecord, expanded, read_run

SUMMARY, RECIPE, RECORD, HISTORY = "summary.json", "recipe.yaml", "run.json", "history.csv"
STEPS = "trajectory.csv"
Missing = list[tuple[str, str]]


def gather(folders: Sequence[str]) -> tuple[list[ReportedRun], Missing]:
    """The runs in ``folders``, each once, and what of them is not there.

    Args:
        folders: of runs, and of recipes, which stand for all their steps.

    Raises:
        ModelError: a folder that is neither, or whose record is damaged.
        UsageError: an empty path.
    """
    runs: list[ReportedRun] = []
    missing: Missing = []
    seen: set[Path] = set()
    for given in folders:
        for folder in _run_folders(given, missing):
            if folder.resolve() not in seen:
                seen.add(folder.resolve())
                runs.append(_reported(folder, missing))
    if not runs:
        raise ModelError(f"{', '.join(folders)} holds no run", todo="Name run folders, or the folder of a recipe.")
    return _with_sources(_named_apart(runs)), missing


def recipe_name(folder: str) -> str | None:
    """The name of the recipe whose folder it is; None if it is none that is complete."""
    path = expanded(folder) / SUMMARY
    name = _read_summary(path).get("name") if path.is_file() else None
    return name if isinstance(name, str) and name else None


def _run_folders(given: str, missing: Missing) -> Iterator[Path]:
    if not given:
        raise UsageError("the path of a run is empty", todo="Name run folders, or the folder of a recipe.")
    folder = expanded(given)
    try:
        found = folder.is_dir()
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot look for a run: {error}", where=given) from error
    if not found:
        what = "is a file, not a run folder" if folder.exists() else "does not exist"
        raise ModelError(f"{given} {what}", todo="Name run folders, or the folder of a recipe.")
    if (folder / RECORD).is_file():
        yield folder
    elif (folder / SUMMARY).is_file():
        yield from _finished_steps(folder, missing)
    elif (folder / RECIPE).is_file():
        missing.append((given, "The recipe is not finished: only its complete steps are shown."))
        yield from _steps_so_far(folder)
    else:
        raise ModelError(
            f"{given} is neither a run folder nor that of a recipe: it holds no {RECORD} and no {SUMMARY}",
            todo="Name a folder that `snnctl` has written.",
        )


def _finished_steps(folder: Path, missing: Missing) -> Iterator[Path]:
    steps = _read_summary(folder / SUMMARY).get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise ModelError("it lists no steps", where=str(folder / SUMMARY), todo="Run the recipe again.")
    for step in steps:
        name = step.get("folder")
        if isinstance(name, str) and (folder / name / RECORD).is_file():
            yield folder / name
        else:
            missing.append((f"{folder}: step '{step.get('id')}'", "Its folder is not there."))


def _steps_so_far(folder: Path) -> Iterator[Path]:
    entries = [entry for entry in folder.iterdir() if entry.is_dir()]
    steps = [*entries, *(step for entry in entries for step in entry.iterdir())]  # a matrix has a folder for each run
    runs = [entry for entry in steps if (entry / RECORD).is_file()]
    yield from sorted(runs, key=lambda run: (_record(run).started, run.name))


def _reported(folder: Path, missing: Missing) -> ReportedRun:
    record = _record(folder)
    return ReportedRun(
        name=folder.resolve().name,
        folder=str(folder),
        verb=record.verb,
        metrics=record.metrics,
        history=_curves(folder / HISTORY, missing),
        steps=_curves(folder / STEPS, missing),
        options=record.options,
        settings=record.settings,
        seed=record.seed,
        versions=record.versions,
        plugins=record.plugins,
        command=record.command,
        started=record.started,
        duration=record.duration,
    )


def _record(folder: Path) -> RunRecord:
    record = read_run(folder)
    if record is None:  # removed since it was seen
        raise ModelError(f"{folder} is no run folder any more")
    return record


def _curves(path: Path, missing: Missing) -> list[dict[str, float | None]]:
    if not path.is_file():
        return []
    try:
        return list(_read_history(path))
    except (OSError, ValueError, csv.Error) as error:
        missing.append((f"{path.parent}: curves of training", f"{path.name} cannot be read: {error}."))
        return []


def _read_history(path: Path) -> Iterator[dict[str, float | None]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name: _number(value) for name, value in row.items() if isinstance(name, str) and name != "epoch"}


def _number(written: str | None) -> float | None:
    if not written:
        return None
    value = float(written)
    return value if math.isfinite(value) else None


def _read_summary(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot be read: {error}", where=str(path), todo="Run the recipe again.") from error
    if not isinstance(content, dict):
        raise ModelError("is not a JSON object", where=str(path), todo="Run the recipe again.")
    return content


def _with_sources(runs: list[ReportedRun]) -> list[ReportedRun]:
    """Each with the name of the run whose model it took, which may have moved along with it."""
    by_folder = {Path(run.folder).resolve(): run.name for run in runs}
    return [replace(run, source=_source(run, by_folder)) for run in runs]


def _source(run: ReportedRun, by_folder: Mapping[Path, str]) -> str:
    named = text(run.settings, "model")
    if not named:
        return ""
    try:
        places = (expanded(named).resolve(), Path(run.folder).resolve().parent / Path(named).name)
    except (OSError, RuntimeError, ValueError):
        return ""
    return next((name for place in places if (name := by_folder.get(place)) and name != run.name), "")


def _named_apart(runs: list[ReportedRun]) -> list[ReportedRun]:
    """Each with the end of its path for a name: of as many folders as tell all apart, below the folder of them all."""
    paths = [Path(run.folder).resolve() for run in runs]
    shared = Path(os.path.commonpath([path.parent for path in paths]))
    own = [path.relative_to(shared).parts for path in paths]
    depth = next(depth for depth in count(1) if len({path[-depth:] for path in own}) == len(own))
    return [replace(run, name="/".join(path[-depth:])) for run, path in zip(runs, own, strict=True)]
