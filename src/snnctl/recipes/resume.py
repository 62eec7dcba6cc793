"""What an interrupted run of a recipe has left: whether its folder is this recipe's, and which steps are complete."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from snnctl.data.fingerprint import content_of, digest
from snnctl.errors import ModelError, OutputError
from snnctl.recipes.keys import Keys
from snnctl.recipes.load import MOST_VALUES, Loader
from snnctl.recipes.locks import is_claimed
from snnctl.recipes.places import KEYS, RECIPE, SUMMARY, all_steps
from snnctl.recipes.plan import Plan
from snnctl.runs import RunRecord, plain, read_run, to_json
from snnctl.verbs.naming import CHOOSES, mark

RUN_MODEL = "model.keras"
RESULTS = ("run.json", "metrics.json", RUN_MODEL)
MOST_DIFFERENCES = 5
LARGEST_RECIPE = 1_000_000  # characters
MOST_SHOWN = 30  # characters of a value
ABSENT = "not given"


def recipe_text(plan: Plan) -> str:
    """What ``recipe.yaml`` holds: the recipe with settings and bases in it."""
    return yaml.safe_dump(plain(plan.resolved()), sort_keys=False, allow_unicode=True)


def is_complete(plan: Plan, folder: Path) -> bool:
    """Whether a recipe's folder holds everything: the summary, which is written last, and still every step."""
    return (folder / SUMMARY).is_file() and len(complete_steps(plan, folder)) == sum(1 for _ in all_steps(plan))


def is_interrupted(plan: Plan, folder: Path) -> bool:
    """Whether this very recipe was begun in a folder and not finished."""
    recorded = _recorded(folder)
    return recorded is not None and not _differs(recorded, plan) and not is_complete(plan, folder)


@dataclass(frozen=True)
class StepKeys:
    """What ``step-keys.json`` holds.

    Args:
        keys: of the steps, by their folders; written before a step is run under its key.
        results: the checksums of what complete steps have written, by the same; see :func:`result_of`.
    """

    keys: Keys
    results: Mapping[str, str]

    def text(self) -> str:
        """The file's content."""
        return to_json({"keys": self.keys, "results": self.results})


def recorded_keys(folder: Path) -> StepKeys:
    """What is recorded in a recipe's folder; empty if that cannot be read."""
    try:
        found = json.loads((folder / KEYS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        found = {}
    return StepKeys(_texts(found, "keys"), _texts(found, "results"))


@dataclass(frozen=True)
class Kept:
    """What is known of complete steps.

    Args:
        keys: under which they were run, by their folders; None where that is not known, or not true any more.
        results: checksums of what they have written, as it is now.
        changed: those whose files are not what they have written.
    """

    keys: dict[str, str | None]
    results: dict[str, str]
    changed: list[str]


def kept_steps(folder: Path, complete: Iterable[str]) -> Kept:
    """What is known of the complete steps in a recipe's folder.

    Raises:
        OSError: something cannot be read.
    """
    recorded = recorded_keys(folder)
    results = {where: result_of(folder / where) for where in complete}
    changed = [where for where, result in results.items() if recorded.results.get(where, result) != result]
    return Kept({where: None if where in changed else recorded.keys.get(where) for where in results}, results, changed)


def _texts(found: Any, name: str) -> dict[str, str]:
    held = found.get(name) if isinstance(found, Mapping) else None
    return {key: text for key, text in held.items() if isinstance(text, str)} if isinstance(held, Mapping) else {}


def result_of(run: Path) -> str:
    """The SHA-256 of the files of a run folder that snnctl writes: record, figures and network.

    Raises:
        OSError: one cannot be read.
    """
    return digest([[name, content_of(run / name)] for name in RESULTS if (run / name).exists()])


def newest_interrupted(plan: Plan, runs: Path) -> Path:
    """The youngest folder in ``runs`` in which this very recipe was begun and not finished.

    Raises:
        OutputError: there is none.
    """
    found = [folder for folder in _begun(runs) if (told := _recorded(folder)) is not None and not _differs(told, plan)]
    complete = [folder for folder in found if is_complete(plan, folder)]
    interrupted = [folder for folder in found if folder not in complete and not is_claimed(folder)]
    if interrupted:
        return max(interrupted, key=lambda folder: ((folder / RECIPE).stat().st_mtime_ns, folder.name))
    known = f" {max(complete)} is complete." if complete else ""
    raise OutputError(
        f"there is no interrupted run of {plan.path} with these settings in {runs}",
        todo="Leave out --resume to start anew, or name the folder with --out. A run whose first step was not complete "
        f"has left nothing.{known}",
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
    differences = _differs(recorded, plan)
    if differences:
        told = "; ".join(differences[:MOST_DIFFERENCES])
        more = f"; and {len(differences) - MOST_DIFFERENCES} more" if len(differences) > MOST_DIFFERENCES else ""
        raise OutputError(
            f"{shown} was begun with another recipe or other settings: {told}{more}",
            todo="go on with those, or start anew: in another folder with --out, or here with --overwrite; steps that "
            "are finished and unchanged are taken from the cache",
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


class _Recorded(Loader):
    """Of a recipe with all that it extends; what somebody else has put there is refused as quickly as a recipe is."""

    most_values = 100 * MOST_VALUES


def _recorded(folder: Path) -> dict[str, Any] | None:
    """The recipe that a folder was begun with; None if there is none that can be read."""
    try:
        with (folder / RECIPE).open(encoding="utf-8") as file:
            text = file.read(LARGEST_RECIPE + 1)
        found = yaml.load(text, _Recorded) if len(text) <= LARGEST_RECIPE else None
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return found if isinstance(found, dict) else None


def _wanted(plan: Plan) -> dict[str, Any]:
    return yaml.safe_load(recipe_text(plan))


def _differs(recorded: Mapping[str, Any], plan: Plan) -> list[str]:
    """In what a recipe that was begun differs from the plan."""
    return list(_differences("", recorded, _wanted(plan), _chosen(plan)))


def _chosen(plan: Plan) -> frozenset[str]:
    """Options that choose things one after the other, so that their order counts."""
    models = {type(step.options) for _, step, _ in all_steps(plan)}
    return frozenset(
        name for model in models for name, field in model.model_fields.items() if mark(field, CHOOSES) is not None
    )


def _differences(place: str, old: Any, new: Any, chosen: frozenset[str]) -> Iterator[str]:
    """One phrase for each value that differs, such as ``relu.train.epochs (was 3, is 5)``."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            inner = f"{place}.{key}" if place else str(key)
            yield from _differences(inner, old.get(key, ABSENT), new.get(key, ABSENT), chosen)
        if place.rpartition(".")[2] in chosen and set(old) == set(new) and list(old) != list(new):
            yield f"{place} (another order)"
    elif _are_steps(old) and _are_steps(new):
        yield from _differences(place.removesuffix("steps").rstrip("."), _by_id(old), _by_id(new), chosen)
    elif old != new:
        texts = [_shown(value) for value in (old, new)]
        yield f"{place} (was {texts[0]}, is {texts[1]})" if max(map(len, texts)) <= MOST_SHOWN else f"another {place}"


def _are_steps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(step, Mapping) and "id" in step for step in value)


def _by_id(steps: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(step["id"]): {key: value for key, value in step.items() if key != "id"} for step in steps}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
