"""What a run of a plan would do, without doing it: which steps are there already, and how much work the others are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.options import check_options
from snnctl.recipes.cache import Cache
from snnctl.recipes.data_sets import configured, context_of
from snnctl.recipes.inputs import samples as samples_of
from snnctl.recipes.keys import Keys, step_keys
from snnctl.recipes.places import all_steps, source_of
from snnctl.recipes.plan import Plan, Step
from snnctl.recipes.resume import complete_steps, kept_steps, newest_interrupted, refuse_other
from snnctl.recipes.run import RUNS
from snnctl.recipes.timings import Job, Network, estimate, past_jobs, recorded_network, trained
from snnctl.recipes.work import COUNTS, samples_shown
from snnctl.runs import expanded, plain

COMPLETE, CACHED, SHARED, TO_RUN = "complete", "cached", "shared", "to run"
NO_LIKE_IT = "no step of this kind has been run"


@dataclass(frozen=True)
class Forecast:
    """What would become of a step.

    Args:
        variant: the variant's name; empty without a matrix.
        id: of the step.
        folder: of the step, within that of the recipe.
        verb: its name.
        status: "complete" in the folder that is resumed, "cached", "shared" with an earlier step, or "to run".
        same_as: the folder of the step that it is shared with.
        samples: how many would pass through its network; None if not known.
        seconds: how long it may take; None if not known.
        key: of the step; None if not known.
        unknown: of a step to run, why the samples, or the time, or its key are not known; None if all of them are.
    """

    variant: str
    id: str
    folder: str
    verb: str
    status: str
    same_as: str | None = None
    samples: int | None = None
    seconds: float | None = None
    key: str | None = None
    unknown: str | None = None


def forecast(
    plan: Plan,
    registry: Registry,
    *,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
    cache: Cache | None = None,
) -> list[Forecast]:
    """What :func:`~snnctl.recipes.run.execute_plan` would do with each step. Writes and downloads nothing.

    Args:
        plan: a checked recipe.
        registry: knows the data sets and architectures.
        out: the folder to write.
        resume: whether to go on there.
        force: whether cached steps are run again.
        cache: None for none.

    Raises:
        OutputError: there is nothing to resume, or it is not this recipe's.
    """
    complete = _complete(plan, out) if resume else {}
    keys = {**step_keys(plan, registry, complete), **complete}
    past = past_jobs(RUNS, cache, {name: dataset.sizes for name, dataset in registry.datasets.items()})
    done = {key: where for where in complete if (key := keys[where]) is not None}
    networks = _networks(plan, registry)
    found = []
    for variant, step, where in all_steps(plan):
        status, same = _status(where, keys, complete, done, None if force else cache)
        job, unknown = _job(step, networks[where], registry) if status == TO_RUN else (None, None)
        seconds = estimate(job, past) if job else None
        if job and seconds is None:
            unknown = NO_LIKE_IT
        if status == TO_RUN and keys[where] is None:
            unknown = _hindrance(step, registry) or unknown
        found.append(
            Forecast(
                variant=variant.name,
                id=step.id,
                folder=where,
                verb=step.verb.name,
                status=status,
                same_as=same,
                samples=job.samples if job else None,
                seconds=_rounded(seconds),
                key=keys[where],
                unknown=unknown,
            )
        )
        if (key := keys[where]) is not None:
            done.setdefault(key, where)
    return found


def as_data(found: list[Forecast]) -> dict[str, Any]:
    """The forecast and its totals, as plain data; totals leave out what is not known."""
    waiting = [each for each in found if each.status == TO_RUN]
    return plain(
        {
            "steps": [asdict(each) for each in found],
            "to_run": len(waiting),
            "samples": sum(each.samples or 0 for each in waiting),
            "samples_unknown": sum(each.samples is None for each in waiting),
            "seconds": round(sum(each.seconds or 0.0 for each in waiting), 1),
            "seconds_unknown": sum(each.seconds is None for each in waiting),
        }
    )


def _complete(plan: Plan, out: Path | None) -> Keys:
    """The keys under which complete steps were run, by their folders."""
    folder = expanded(out) if out is not None else newest_interrupted(plan, RUNS)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return {}
    refuse_other(plan, folder, folder)
    return kept_steps(folder, complete_steps(plan, folder)).keys


def _status(
    where: str, keys: Keys, complete: Keys, done: Mapping[str, str], cache: Cache | None
) -> tuple[str, str | None]:
    key = keys[where]
    if where in complete:
        return COMPLETE, None
    if key is not None and key in done:
        return SHARED, done[key]
    return (CACHED if cache is not None and key is not None and cache.holds(key) else TO_RUN), None


def _networks(plan: Plan, registry: Registry) -> dict[str, Network]:
    """What each step works on: what it makes, or what it takes."""
    found: dict[str, Network] = {}
    for variant, step, where in all_steps(plan):
        source = source_of(variant, step)
        found[where] = _made_from_nothing(step, registry) if source is None else found[source].after(step.verb.name)
    return found


def _made_from_nothing(step: Step, registry: Registry) -> Network:
    """The network of a step that takes that of no other."""
    options = step.options.model_dump(mode="json")
    model = options.get("model")
    if options.get("arch") is None:
        return recorded_network(expanded(model)).after(step.verb.name) if isinstance(model, str) else Network()
    try:
        architecture = registry.architecture(options["arch"])
        return trained({**options, "arch_opt": check_options(architecture, options.get("arch_opt") or {})})
    except SnnctlError:
        return trained(options)


def _job(step: Step, network: Network, registry: Registry) -> tuple[Job | None, str | None]:
    """The job; None and the reason if it is not known how many samples pass through the network."""
    uncounted = f"how much work {step.verb.name} does is not known beforehand"
    if step.data is None or step.verb.name not in COUNTS:
        return None, uncounted
    try:
        dataset = configured(step, registry)
    except SnnctlError as error:
        return None, _of_step(step, error)
    count = samples_shown(step.verb.name, step.options.model_dump(mode="json"), dataset.sizes or {})
    if count is None:
        return None, uncounted if dataset.sizes else f"data set {dataset.name} states no sizes"
    return Job(step.verb.name, dataset.name, network, count), None


def _hindrance(step: Step, registry: Registry) -> str | None:
    """Why a step has no key, if that lies in its data."""
    if step.data is None:
        return None
    try:
        dataset = configured(step, registry)
        here = samples_of(dataset, context_of(step), step.data_opt) is not None
    except (OSError, SnnctlError) as error:
        return _of_step(step, error)
    return None if here else f"data set {dataset.name} is not on this machine"


def _of_step(step: Step, error: Exception) -> str:
    return f"step '{step.id}': {error.what if isinstance(error, SnnctlError) else error}"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
