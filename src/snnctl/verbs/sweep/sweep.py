"""``snnctl sweep``: a spiking network under hardware constraints, value by value."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.runs import to_json, versions
from snnctl.verbs.interruptions import Interruptions
from snnctl.verbs.opening import Opened, open_model
from snnctl.verbs.recorded import require_spiking
from snnctl.verbs.result import Result, Run
from snnctl.verbs.sweep.chart import to_svg
from snnctl.verbs.sweep.grid import AXES, given_axes, points
from snnctl.verbs.sweep.jobs import UNCONSTRAINED, Job, Plan
from snnctl.verbs.sweep.options import SweepOptions
from snnctl.verbs.sweep.table import FIGURES, SUMMARY, point_rows, sound, summarised, to_csv
from snnctl.verbs.unfinished import Row, Rows, open_rows

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Samples
    from snnctl.verbs.sweep.trial import Bench

WHICH_POINTS = {*AXES, "grid", "repeats", "seed"}
"""Options that say which rows there are and change none of them."""
PLACES = {"model", "data_dir"}


def sweep(options: SweepOptions, run: Run) -> Result:
    """Measures the network under each point's constraints; with fine-tuning also after it.

    Rows that an interrupted sweep has left in ``run.unfinished`` are taken over.

    Raises:
        OutputError: the rows found so far cannot be written, or belong to another sweep.
        ModelError: a ReLU network.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.ttfs.constraints import Constraints
    from snnctl.ttfs.hardware import constrained, constraints_of
    from snnctl.verbs.sweep.trial import Bench

    opened = open_model(options, run)
    require_spiking(opened.kind, options.model)
    if carried := constraints_of(opened.model).in_force():
        names = ", ".join(name for name in carried if name != "seed")
        run.reporter.note(f"the network carries constraints of its own ({names}); the sweep is made without them")
        opened = replace(opened, model=constrained(opened.model, Constraints()))
    training = opened.source.split("train") if options.finetune_epochs else None
    bench = Bench(opened, options, opened.source.split(options.split), training, run)
    with open_rows(run.unfinished, identity(opened, bench), sound) as rows:
        found = measured(bench, rows, run)
    metrics = summary(options, found, len(bench.samples))
    files = {"sweep.csv": to_csv(metrics["rows"]), "sweep.json": to_json(metrics), "sweep.svg": to_svg(drawn(metrics))}
    return Result("sweep", metrics, opened.settings, files=files)


def plan_of(options: SweepOptions) -> Plan:
    """How often each point is measured."""
    return Plan(options.seed, options.repeats, options.finetune_epochs > 0)


def measured(bench: Bench, rows: Rows, run: Run) -> dict[Job, Row]:
    """The figures of every job; those that are among ``rows`` are not measured again."""
    options = bench.options
    jobs = plan_of(options).all_jobs(points(given_axes(options), options.grid))
    known = {job: row for job in jobs if (row := rows.get(job.key)) is not None}
    if known:
        run.reporter.note(f"{len(known):,} of {len(jobs):,} rows are there already; going on with the rest")
    found: dict[Job, Row] = {}
    with run.reporter.task("sweep", len(jobs) - len(known)) as task, Interruptions() as interruptions:
        for job in jobs:
            if job in known:
                found[job] = known[job]
                continue
            found[job] = rows.add(job.key, bench.figures(job))
            interruptions.collect_garbage()  # networks and their graphs refer to each other, and would pile up
            accuracy = found[job]["accuracy"]
            task.advance(**({} if accuracy is None else {"accuracy": accuracy}))
    return found


def summary(options: SweepOptions, found: dict[Job, Row], images: int) -> dict[str, Any]:
    """The figures of the sweep, as in ``metrics.json`` and ``sweep.json``."""
    axes, plan = given_axes(options), plan_of(options)
    places = [UNCONSTRAINED, *points(axes, options.grid)]
    groups = [point_rows(point, stage, plan, found) for point in places for stage in plan.stages]
    free = [summarised(group) for group in groups[: len(plan.stages)]]
    return {
        "type": "snn",
        "split": options.split,
        "images": images,
        "axes": {axis: list(values) for axis, values in axes.items()},
        "mode": "grid" if options.grid else "axes",
        "repeats": options.repeats,
        "finetune_epochs": options.finetune_epochs,
        "unconstrained": {name: free[0][name] for name in FIGURES},
        "unconstrained_after": {name: free[1][name] for name in SUMMARY} if len(free) > 1 else None,
        "points": [*free, *(summarised(group) for group in groups[len(free) :])],
        "rows": [row for group in groups for row in group],
    }


def drawn(metrics: dict[str, Any]) -> dict[str, Any]:
    """The same without the points of the unconstrained network, which have no place on an axis of constraints."""
    constrained = [point for point in metrics["points"] if any(point[axis] is not None for axis in AXES)]
    return {**metrics, "points": constrained}


def identity(opened: Opened, bench: Bench) -> dict[str, Any]:
    """What a row depends on besides its own point and seed; rows of another identity are not taken over."""
    kept = {name: value for name, value in opened.settings.items() if name not in WHICH_POINTS | PLACES}
    images = {"set of images": bench.samples, "set of training images": bench.training}
    shown = {name: content(samples) for name, samples in images.items() if samples is not None}
    return {"network": digest(opened.model), **kept, **shown, **versions()}


def content(samples: Samples) -> str:
    """SHA-256 of the labels and of up to a thousand samples: another folder's files under the same name are noticed."""
    some = samples.inputs[:: max(1, len(samples) // 1000)]
    sha = hashlib.sha256(f"{samples.inputs.shape} {samples.inputs.dtype}".encode())
    for values in (samples.labels, some):
        sha.update(np.ascontiguousarray(values).tobytes())
    return sha.hexdigest()


def digest(model: keras.Model) -> str:
    """SHA-256 of the layers and weights of a network."""
    sha = hashlib.sha256(model.to_json().encode())
    for weight in model.get_weights():
        sha.update(weight.tobytes())
    return sha.hexdigest()
