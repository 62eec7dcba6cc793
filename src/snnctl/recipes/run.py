"""Run a plan: each step into a folder of its own, complete or absent, or taken from where it was run before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from snnctl.data.fingerprint import digest
from snnctl.errors import Interrupted, OutputError, SnnctlError, UsageError
from snnctl.leftovers import clear_leftovers
from snnctl.progress import Reporter
from snnctl.recipes.cache import Cache, place
from snnctl.recipes.data_sets import configured, data_identity, fetch_all
from snnctl.recipes.keys import key_now, step_keys
from snnctl.recipes.locks import claimed
from snnctl.recipes.outcome import Outcome, summary, summary_table
from snnctl.recipes.places import KEYS, RECIPE, SUMMARY, TABLE, all_steps, place_of, source_of
from snnctl.recipes.plan import Plan, Step, Variant
from snnctl.recipes.resume import (
    StepKeys,
    complete_steps,
    is_complete,
    is_interrupted,
    kept_steps,
    newest_interrupted,
    recipe_text,
    refuse_other,
    result_of,
)
from snnctl.runs import (
    expanded,
    make_durable,
    new_folder,
    prepare_output,
    publish,
    read_run,
    staging_folder,
    to_json,
)
from snnctl.verbs.execute import execute, failure, failure_of, inputs
from snnctl.verbs.fresh import start_afresh
from snnctl.verbs.result import Run
from snnctl.verbs.unfinished import Unfinished

RUNS = Path("runs")
LONGEST_NAME = 100  # of a step, in the name of the folder of what it keeps
MOST_LISTED = 5
LONGEST_FOLDER = 100  # bytes of a recipe's name, in that of its folder; the time and hidden names beside it need room


def execute_plan(
    plan: Plan,
    run: Run,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    force: bool = False,
    cache: Path | None = None,
    command: Sequence[str] = (),
    before_start: Callable[[], object] = lambda: None,
) -> Outcome:
    """Run the steps of ``plan``, variant by variant, one after the other.

    ``out`` holds the recipe from the beginning, each step as soon as it is complete, and the summary at the end. What
    it held before is kept until the first step is complete. If a step fails, those before it stay; if it is the first
    one, nothing does. A step that misses what is required of it stays as well; it is the last one, the outcome's
    ``failure`` is its error, and there is no summary. What a step keeps when it is interrupted lies beside ``out``.

    Steps with the same key are run once: the result of the first one, of this run or of an earlier one that has kept it
    in the cache, is linked into the places of the others.

    Args:
        plan: a checked recipe.
        run: the registry and the reporter.
        out: the folder to write; a new one in ``runs/`` by default.
        overwrite: whether ``out`` may hold something already.
        resume: go on in ``out``, where this very recipe was interrupted; by default in the youngest such folder in
            ``runs/``. Complete steps are left alone.
        force: whether steps are run again that the cache holds.
        cache: the folder of the cache; None for none.
        command: the command line, for the record.
        before_start: called before the first step that is run, when ``out`` is known to be usable and all data sets are
            here.

    Raises:
        OutputError: ``out`` is in use, cannot be written, or is not this recipe's.
        DataError: the data of some step cannot be had; known before the first step.
        SnnctlError: a step failed; the message names it.
    """
    if resume and overwrite:
        raise UsageError("--resume keeps what is there, and --overwrite replaces it", todo="leave out one of them")
    kept = Cache(cache, run.reporter) if cache is not None else None
    named = out or (newest_interrupted(plan, RUNS) if resume else new_folder(RUNS, _folder_name(plan.name)))
    started = _Started(plan, run, kept, force, list(command), before_start)
    begun = _begun_folder(plan, named) if resume else None
    if begun is not None:
        return started.go_on(begun, named)
    return started.begin(_usable(plan, named, overwrite), named, overwrite)


def _usable(plan: Plan, named: Path, overwrite: bool) -> Path:
    """The absolute path of the folder to write; if it is this recipe's own, a refusal says how to go on there."""
    try:
        return prepare_output(named, overwrite, _inputs(plan))
    except OutputError as error:
        if not overwrite and is_interrupted(plan, expanded(named)):
            error.what = f"{named} holds an unfinished run of this recipe"
            error.todo = "add --resume to go on there, or --overwrite to replace it, or name another folder with --out"
        raise


def _folder_name(recipe: str) -> str:
    """A recipe's name as part of a folder's."""
    return recipe.replace("/", "-").encode("utf-8")[:LONGEST_FOLDER].decode("utf-8", "ignore").rstrip()


def _begun_folder(plan: Plan, named: Path) -> Path | None:
    """The folder in which to go on; None if nothing is there.

    Raises:
        OutputError: what is there is not this recipe's.
    """
    folder = Path(os.path.realpath(expanded(named)))
    with suppress(OSError):
        clear_leftovers(folder)
    if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return None
    refuse_other(plan, folder, named)
    return folder


def _inputs(plan: Plan) -> list[Path]:
    """The recipe and what it extends, and what its steps read that no step makes."""
    steps = [step for _, step, _ in all_steps(plan)]
    options = [
        step.options if step.source is None else step.options.model_copy(update={"model": None}) for step in steps
    ]
    read = [path for given in options for path in inputs(given)]
    return [plan.path, *plan.bases, *dict.fromkeys(read)]


class _Started:
    """One run of a plan."""

    def __init__(
        self,
        plan: Plan,
        run: Run,
        cache: Cache | None,
        force: bool,
        command: list[str],
        before_start: Callable[[], object],
    ) -> None:
        self._plan = plan
        self._run = run
        self._cache = cache
        self._force = force
        self._command = command
        self._before_start: Callable[[], object] | None = before_start
        self._keys: dict[str, str | None] = {}
        self._results: dict[str, str] = {}  # checksums of what complete steps have written, by their folders
        self._done: dict[str, str] = {}  # the folder of a step that is complete here, by key

    def begin(self, folder: Path, named: Path, overwrite: bool) -> Outcome:
        """In a new folder, or, with ``overwrite``, in place of what it holds."""
        self._prepare({})
        with ExitStack() as claims:
            if replaces := folder.is_dir() and any(folder.iterdir()):
                claims.enter_context(claimed(folder))  # nobody is running a recipe there
            made = [parent for parent in folder.parents if not parent.exists()]
            self._run = replace(self._run, unfinished=Unfinished.beside(folder, named, overwrite))
            outcome = self._published(folder, replaces, claims)
            with _withdrawn_if_empty(outcome, made):
                self._rest(outcome, named if outcome.folder == folder else outcome.folder)
        return outcome

    def _published(self, folder: Path, replaces: bool, claims: ExitStack) -> Outcome:
        """The recipe's folder with the recipe in it; if it replaces another one, the first step is complete, too."""
        failed: OSError | None = None
        with staging_folder(folder) as staging:
            claims.enter_context(claimed(staging))  # it stays so under its name
            (staging / RECIPE).write_text(recipe_text(self._plan), encoding="utf-8")
            (staging / KEYS).write_text(self._recorded(), encoding="utf-8")
            make_durable(staging)
            outcome = self._outcome(staging, folder)
            try:
                if replaces:
                    self._next(outcome, staging, published=False)
            except OSError as error:  # the step's own, not one of the folder's
                failed = error
            else:
                outcome.folder = publish(staging, folder, overwrite=replaces)
        if failed is not None:
            raise failed
        return outcome

    def go_on(self, folder: Path, named: Path) -> Outcome:
        """In a folder in which the recipe was begun."""
        with claimed(folder):
            outcome = self._outcome(folder, folder)
            complete = complete_steps(self._plan, folder)
            for where, record in complete.items():
                outcome.add(where, record)
                outcome.failure = outcome.failure or self._missed(where, failure_of(record, folder / where))
            if is_complete(self._plan, folder):
                self._run.reporter.note(f"{named} is complete; nothing is run")
            elif outcome.failure is None:
                self._run.reporter.note(f"{_count(outcome)} are complete in {named}")
                kept = kept_steps(folder, complete)
                self._tell_of_changed(kept.changed)
                self._results = dict(kept.results)
                self._prepare(kept.keys)
                _write(folder / KEYS, self._recorded())
                (folder / SUMMARY).unlink(missing_ok=True)  # of steps of which some are gone
                self._run = replace(self._run, unfinished=Unfinished.beside(folder, named, anew=False))
                self._tidy(folder, complete)
                self._rest(outcome, named)
        return outcome

    def _recorded(self) -> str:
        return StepKeys(self._keys, self._results).text()

    def _tidy(self, folder: Path, complete: Container[str]) -> None:
        """Remove what a process that was killed has left beside complete steps; beside others that is done later."""
        for _, step, where in all_steps(self._plan):
            if where not in complete:
                continue
            self._drop_unfinished(step, where)
            with suppress(OSError):
                clear_leftovers(folder / where)
            if self._cache is not None and (key := self._keys.get(where)) is not None:
                self._cache.tidy(key, where)

    def _outcome(self, written: Path, folder: Path) -> Outcome:
        begun = datetime.fromtimestamp((written / RECIPE).stat().st_mtime).astimezone()
        return Outcome(self._plan, folder, begun.isoformat(timespec="seconds"), self._command)

    def _prepare(self, complete: Mapping[str, str | None]) -> None:
        """All data, then the keys, which may depend on it.

        Args:
            complete: the keys under which complete steps were run; None where that is not known.
        """
        waiting = [(where, step) for _, step, where in all_steps(self._plan) if where not in complete]
        self._require_data_sets(waiting)
        fetch_all((step for _, step in waiting), self._run)
        today = step_keys(self._plan, self._run.registry, complete)
        self._tell_of_older(complete, today)
        self._keys = {**today, **complete}
        for where, key in complete.items():
            if key is not None:
                self._done.setdefault(key, where)

    def _require_data_sets(self, waiting: Sequence[tuple[str, Step]]) -> None:
        """Raises what is wrong with the options of a data set, with the step in front."""
        seen = set()
        for where, step in waiting:
            if step.data is None or (identity := data_identity(step)) in seen:
                continue
            seen.add(identity)
            try:
                configured(step, self._run.registry)
            except SnnctlError as error:
                _name_step(error, where)
                raise

    def _tell_of_older(self, complete: Mapping[str, str | None], today: Mapping[str, str | None]) -> None:
        """Complete steps are kept, also those that would be made from something else today."""
        older = [where for where, key in complete.items() if key is not None and today[where] != key]
        unknown = [where for where, key in complete.items() if key is None and today[where] is not None]
        if older:
            self._run.reporter.note(
                f"kept as complete, though code, plugins, data or versions have changed since: {_listed(older)}; "
                "to run again, delete its folder or start anew"
            )
        if unknown and self._cache is not None:
            self._run.reporter.note(
                f"it is not recorded what these were made from: {_listed(unknown)}; results that build on them are "
                "not kept for later runs"
            )

    def _tell_of_changed(self, changed: Sequence[str]) -> None:
        if changed:
            self._run.reporter.warn(
                f"kept as complete, though somebody has changed what was written: {_listed(changed)}; to run again, "
                "delete its folder"
            )

    def _rest(self, outcome: Outcome, named: Path) -> None:
        """All steps that are not complete, and the summary."""
        with _told_how_to_go_on(outcome, named, self._run.reporter):
            while outcome.failure is None and self._next(outcome, outcome.folder, published=True):
                pass
            if outcome.failure is None:
                _write_summary(outcome)

    def _next(self, outcome: Outcome, base: Path, published: bool) -> bool:
        """The next step that is not complete; False if all are.

        Args:
            outcome: what is complete.
            base: the folder in which the steps' folders lie now.
            published: whether that is the recipe's own.
        """
        for variant, step, where in all_steps(self._plan):
            if where not in outcome.metrics:
                self._step(variant, step, outcome, base, published)
                return True
        return False

    def _step(self, variant: Variant, step: Step, outcome: Outcome, base: Path, published: bool) -> None:
        where = place_of(variant, step)
        key = self._keys.get(where)
        try:
            with self._locked(key, where):
                how = self._shared(key, where, base) or self._cached(key, where, base)
                self._tell(variant, step, how)
                if how:
                    self._drop_unfinished(step, where)
                else:
                    missed = self._execute(variant, step, outcome, base, published)
                    outcome.failure = self._missed(where, missed)
                    self._keep(key, variant, step, base, outcome.failure)
            record = read_run(base / where)
        except SnnctlError as error:
            _name_step(error, where)
            raise
        if record is None:
            raise OutputError(f"{base / where} has disappeared", todo="go on with --resume")
        outcome.add(where, record)
        self._results[where] = result_of(base / where)
        _write(base / KEYS, self._recorded())
        if (known := self._keys.get(where)) is not None:
            self._done.setdefault(known, where)

    def _locked(self, key: str | None, where: str) -> AbstractContextManager[None]:
        return nullcontext() if self._cache is None or key is None else self._cache.lock(key, where)

    def _shared(self, key: str | None, where: str, base: Path) -> str:
        """Take the result of a step of this run that has the same key; returns what to say of it, if anything."""
        same = self._done.get(key) if key is not None else None
        if same is None:
            return ""
        try:
            place(base / same, base / where)
        except FileNotFoundError:  # somebody has deleted it
            return ""
        return f"the same as {same}"

    def _cached(self, key: str | None, where: str, base: Path) -> str:
        """Take the result of an earlier run; returns what to say of it, if anything."""
        if self._cache is None or key is None or self._force:
            return ""
        return "unchanged, taken from the cache" if self._cache.take(key, base / where) else ""

    def _keep(self, key: str | None, variant: Variant, step: Step, base: Path, missed: SnnctlError | None) -> None:
        """For later runs, under its key, if that is still true: what the step has read may not be what it was."""
        if key is None or missed is not None:
            return
        where, source = place_of(variant, step), source_of(variant, step)
        taken = self._keys.get(source) if source else None
        if key_now(step, taken, self._run.registry) != key:
            self._run.reporter.warn(
                f"{where}: data, files, plugins or code have changed while it was run; its result is not kept for "
                "later runs"
            )
            self._forget(where)
        elif self._cache is not None:
            self._cache.store(key, base / where, taken)

    def _forget(self, where: str) -> None:
        """It is not known any more what a step, and all that build on it, are made from."""
        self._keys[where] = None
        for variant, step, place_ in all_steps(self._plan):
            source = source_of(variant, step)
            if source is not None and self._keys.get(source, "") is None:
                self._keys[place_] = None

    def _execute(
        self, variant: Variant, step: Step, outcome: Outcome, base: Path, published: bool
    ) -> SnnctlError | None:
        """Run a step; returns what it misses of what is required."""
        if self._before_start is not None:
            self._before_start()
            self._before_start = None
        options, run, where = step.options, self._run, place_of(variant, step)
        if (source := source_of(variant, step)) is not None:
            options = options.model_copy(update={"model": str(outcome.folder / source)})
        if run.unfinished is not None:
            run = replace(run, unfinished=run.unfinished.of_step(_short(where), published))
        start_afresh(getattr(options, "seed", 0))
        result, _ = execute(step.verb, options, run, out=base / where, overwrite=True, command=self._command)
        return failure(result, outcome.folder / where)

    def _drop_unfinished(self, step: Step, where: str) -> None:
        """Of a step whose result is there, what an interrupted run of it has kept is of no use any more."""
        if step.verb.resumes and self._run.unfinished is not None:
            self._run.unfinished.of_step(_short(where), published=True).discard()

    def _missed(self, where: str, error: SnnctlError | None) -> SnnctlError | None:
        if error is not None:
            _name_step(error, where)
        return error

    def _tell(self, variant: Variant, step: Step, how: str) -> None:
        number = [other.id for other in variant.steps].index(step.id) + 1
        text = f"step {number} of {len(variant.steps)}: {step.id} ({step.verb.name})"
        if variant.name:
            position = [other.name for other in self._plan.variants].index(variant.name) + 1
            text = f"variant {position} of {len(self._plan.variants)}, {variant.name}, {text}"
        self._run.reporter.note(f"{text}: {how}" if how else text)


@contextmanager
def _told_how_to_go_on(outcome: Outcome, named: Path, reporter: Reporter) -> Iterator[None]:
    """If a step fails or is interrupted, what is complete is kept, and the user is told how to go on."""
    again = f"--out {shlex.quote(str(named))} --resume"
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt as interruption:
        if not outcome.metrics:
            raise
        raise Interrupted(
            f"interrupted; {_count(outcome)} are complete in {named}",
            todo=f"Give the command again, with {again}, and it goes on with the rest.",
        ) from interruption
    except BaseException:
        if outcome.metrics:
            reporter.note(f"{_count(outcome)} are complete in {named}; {again} goes on from there")
        raise


def _listed(steps: Sequence[str]) -> str:
    more = f" and {len(steps) - MOST_LISTED} more" if len(steps) > MOST_LISTED else ""
    return ", ".join(steps[:MOST_LISTED]) + more


def _count(outcome: Outcome) -> str:
    return f"{len(outcome.metrics)} of {sum(1 for _ in all_steps(outcome.plan))} steps"


@contextmanager
def _withdrawn_if_empty(outcome: Outcome, made: list[Path]) -> Iterator[None]:
    """If the first step comes to nothing, nothing is left, as if it had not been begun."""
    try:
        yield
    except BaseException:
        if not outcome.metrics:
            folder = outcome.folder
            with suppress(OSError):
                for name in (KEYS, RECIPE):
                    (folder / name).unlink(missing_ok=True)
                for place in (*(entry for entry in folder.iterdir() if entry.is_dir()), folder, *made):
                    place.rmdir()
        raise


def _name_step(error: SnnctlError, where: str) -> None:
    """Put the step, and the variant if there are several, in front of the error's place."""
    variant, _, step = where.rpartition("/")
    named = f"variant '{variant}', step '{step}'" if variant else f"step '{step}'"
    error.where = named + (f", {error.where}" if error.where else "")


def _short(where: str) -> str:
    """A name for what belongs to a step, short enough for a file's."""
    name = where.replace("/", ".")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 17]}-{digest(where)[:16]}"


def _write_summary(outcome: Outcome) -> None:
    """Written last, and in one go: a folder with a summary is complete."""
    if outcome.plan.has_matrix:
        _write(outcome.folder / TABLE, summary_table(outcome))
    _write(outcome.folder / SUMMARY, to_json(summary(outcome)))


def _write(path: Path, text: str) -> None:
    """A file that is whole or not there, even after a power cut."""
    unfinished = path.with_name(f".{path.name}")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}", todo="make room, and go on with --resume"
        ) from error
