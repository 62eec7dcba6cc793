"""What an interrupted run of a recipe has left: whether its folder is this recipe's, and which steps are complete."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from snnctl.errors import ModelError, OutputError
from snnctl.recipes.locks import is_claimed
from snnctl.recipes.places import RECIPE, SUMMARY, all_steps
from snnctl.recipes.plan import Plan
from snnctl.runs import RunRecord, plain, read_run

RUN_MODEL = "model.keras"
MOST_DIFFERENCES = 5
MOST_SHOWN = 30  # characters of a value
ABSENT = "not given"


def recipe_text(plan: Plan) -> str:
    """What ``recipe.yaml`` holds: the recipe with settings and bases in it."""
    return yaml.safe_dump(plain(plan.resolved()), sort_keys=False, allow_unicode=True)


def is_complete(folder: Path) -> bool:
    """Whether a recipe's folder holds everything: the summary is written last."""
    return (folder / SUMMARY).is_file()


def newest_interrupted(plan: Plan, runs: Path) -> Path:
    """The youngest folder in ``runs`` in which this very recipe was begun and not finished.

    Raises:
        OutputError: there is none.
    """
    found = [folder for folder in _begun(runs) if _recorded(folder) == _wanted(plan)]
    interrupted = [folder for folder in found if not is_complete(folder) and not is_claimed(folder)]
    if interrupted:
        return max(interrupted, key=lambda folder: ((folder / RECIPE).stat().st_mtime_ns, folder.name))
    known = f" {max(found)} is complete." if any(map(is_complete, found)) else ""
    raise OutputError(
        f"there is no interrupted run of {plan.path} with these settings in {runs}",
        todo=f"Leave out --resume to start anew, or name the folder with --out.{known}",
    )


def refuse_other(plan: Plan, folder: Path, shown: Path) -> None:
    """The folder must be of this recipe, with these settings.

    Args:
        plan: what is to go on.
        folder: holds something.
        shown: what the user calls it.

    Raises:
        OutputError: it is of another recipe, or of none; names what differs.
    """
    recorded = _recorded(folder)
    if recorded is None:
        raise OutputError(
            f"{shown} holds no run of a recipe: {RECIPE} is missing or damaged",
            todo="name the folder of an interrupted run with --out, or leave out --resume",
        )
    differences = list(_differences("", recorded, _wanted(plan)))
    if differences:
        told = "; ".join(differences[:MOST_DIFFERENCES])
        more = f"; and {len(differences) - MOST_DIFFERENCES} more" if len(differences) > MOST_DIFFERENCES else ""
        raise OutputError(
            f"{shown} was begun with another recipe or other settings: {told}{more}",
            todo="go on with those, name another folder with --out, or start anew with --overwrite",
        )


def complete_steps(plan: Plan, folder: Path) -> dict[str, RunRecord]:
    """The records of the steps that are complete, by their folders within ``folder``."""
    found = {}
    for _, step, place in all_steps(plan):
        record = _record(folder / place)
        whole = not step.verb.makes_model or (folder / place / RUN_MODEL).is_file()
        if record is not None and record.verb == step.verb.name and whole:
            found[place] = record
    return found


def _record(folder: Path) -> RunRecord | None:
    """None if the folder is not there, or damaged."""
    try:
        return read_run(folder) if (folder / "metrics.json").is_file() else None
    except ModelError:
        return None


def _begun(runs: Path) -> Iterator[Path]:
    try:
        folders = sorted(runs.iterdir())
    except OSError:
        return
    yield from (folder for folder in folders if (folder / RECIPE).is_file())


def _recorded(folder: Path) -> dict[str, Any] | None:
    """The recipe that a folder was begun with; None if there is none that can be read."""
    try:
        found = yaml.safe_load((folder / RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def _wanted(plan: Plan) -> dict[str, Any]:
    return yaml.safe_load(recipe_text(plan))


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    """One phrase for each value that differs, such as ``relu.train.epochs (was 3, is 5)``."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(f"{place}.{key}" if place else str(key), old.get(key, ABSENT), new.get(key, ABSENT))
    elif _are_steps(old) and _are_steps(new):
        yield from _differences(place.removesuffix("steps").rstrip("."), _by_id(old), _by_id(new))
    elif old != new:
        texts = [_shown(value) for value in (old, new)]
        yield f"{place} (was {texts[0]}, is {texts[1]})" if max(map(len, texts)) <= MOST_SHOWN else f"another {place}"


def _are_steps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(step, Mapping) and "id" in step for step in value)


def _by_id(steps: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(step["id"]): {key: value for key, value in step.items() if key != "id"} for step in steps}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
