"""The data of all steps, brought here before the first one starts."""

from __future__ import annotations

from snnctl.data.dataset import DataContext, Dataset
from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard, origin
from snnctl.recipes.plan import Plan, Step
from snnctl.verbs.result import Run


def absent(plan: Plan, registry: Registry) -> list[tuple[Step, Dataset]]:
    """The data sets that are not on this machine, each with the first step that needs it; nothing is read.

    A data set that cannot tell where it is (a plugin's) counts as present.
    """
    found: dict[tuple[str, str], tuple[Step, Dataset]] = {}
    for step in plan.steps:
        if step.data is None:
            continue
        dataset = registry.dataset(step.data)
        key = (dataset.name, str(_context(step).data_dir))
        if key not in found and _is_absent(dataset, _context(step)):
            found[key] = (step, dataset)
    return list(found.values())


def fetch_all(plan: Plan, run: Run) -> None:
    """Download the data sets of all steps that are not on this machine.

    Raises:
        DataError: one cannot be had; names the step that needs it.
        PluginError: a data set's own code fails.
    """
    for step, dataset in absent(plan, run.registry):
        run.reporter.note(f"data set {dataset.name} is not here; it is fetched for step '{step.id}'")
        try:
            with guard("fetch failed", where=origin(dataset)):
                dataset.fetch(_context(step, run))
        except SnnctlError as error:
            error.where = f"step '{step.id}'" + (f", {error.where}" if error.where else "")
            raise


def _context(step: Step, run: Run | None = None) -> DataContext:
    folder = getattr(step.options, "data_dir", None)
    return DataContext(folder, reporter=run.reporter) if run else DataContext(folder)


def _is_absent(dataset: Dataset, context: DataContext) -> bool:
    if type(dataset).where is Dataset.where:
        return False
    with guard("where failed", where=origin(dataset)):
        return dataset.where(context) is None
