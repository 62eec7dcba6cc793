"""The data of all steps, brought here before the first one starts."""

from __future__ import annotations

from collections.abc import Iterable

from snnctl.data.dataset import DataContext, Dataset
from snnctl.data.fingerprint import digest
from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard, origin
from snnctl.recipes.places import all_steps
from snnctl.recipes.plan import Plan, Step
from snnctl.runs import plain
from snnctl.verbs.result import Run


def absent(plan: Plan, registry: Registry) -> list[tuple[Step, Dataset]]:
    """The data sets that are not on this machine, each with the first step that needs it; nothing is read.

    A data set that cannot tell where it is (a plugin's) counts as present.
    """
    return _absent((step for _, step, _ in all_steps(plan)), registry)


def fetch_all(steps: Iterable[Step], run: Run) -> None:
    """Download the data sets of the steps that are not on this machine.

    Raises:
        DataError: one cannot be had; names the step that needs it.
        PluginError: a data set's own code fails.
    """
    for step, dataset in _absent(steps, run.registry):
        run.reporter.note(f"data set {dataset.name} is not here; it is fetched for step '{step.id}'")
        try:
            with guard("fetch failed", where=origin(dataset)):
                dataset.fetch(context_of(step, run))
        except SnnctlError as error:
            error.where = f"step '{step.id}'" + (f", {error.where}" if error.where else "")
            raise


def configured(step: Step, registry: Registry) -> Dataset:
    """The data set of a step that has one, with its options.

    Raises:
        SnnctlError: see :meth:`snnctl.plugins.registry.Registry.dataset`.
    """
    return registry.dataset(step.data or "", step.data_opt)


def context_of(step: Step, run: Run | None = None) -> DataContext:
    """Where the files of the step's data set are looked for."""
    folder = getattr(step.options, "data_dir", None)
    return DataContext(folder, reporter=run.reporter) if run else DataContext(folder)


def data_identity(step: Step) -> str:
    """Tells the data of steps apart: the data set, its options, and the folder in which it is looked for first."""
    return digest([step.data, plain(step.data_opt), str(context_of(step).data_dir)])


def _absent(steps: Iterable[Step], registry: Registry) -> list[tuple[Step, Dataset]]:
    found: dict[str, tuple[Step, Dataset] | None] = {}
    for step in steps:
        if step.data is None or (key := data_identity(step)) in found:
            continue
        dataset = configured(step, registry)
        found[key] = (step, dataset) if _is_absent(dataset, context_of(step)) else None
    return [each for each in found.values() if each is not None]


def _is_absent(dataset: Dataset, context: DataContext) -> bool:
    if type(dataset).where is Dataset.where:
        return False
    with guard("where failed", where=origin(dataset)):
        return dataset.where(context) is None
