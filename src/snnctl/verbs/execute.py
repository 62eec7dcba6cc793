"""Do what a verb means and write down what came out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from snnctl import errors
from snnctl.errors import OutputError, SnnctlError, UsageError
from snnctl.plugins.verb import Verb
from snnctl.runs import RunRecord, expanded, prepare_output, third_party, versions, write_run
from snnctl.verbs.interruptions import Interruptions
from snnctl.verbs.options import Options
from snnctl.verbs.plugin_verbs import call
from snnctl.verbs.result import Result, Run
from snnctl.verbs.unbounded import warn_of_unbounded
from snnctl.verbs.unfinished import Unfinished, told_if_interrupted


def inputs(options: Options) -> list[Path]:
    """The files and folders that a verb with these options reads."""
    named = (getattr(options, key, None) for key in ("model", "data_dir", "calibrate"))
    return [Path(path) for path in named if path is not None]


def check_output(verb: Verb, options: Options, out: Path, overwrite: bool = False) -> Path:
    """Find out, before the work starts, whether ``execute`` can write to ``out``; returns its absolute path.

    Rows that a complete run there was made of are removed, if they are still beside it.

    Raises:
        OutputError: see :func:`snnctl.runs.prepare_output`.
    """
    try:
        return prepare_output(out, overwrite, inputs(options))
    except OutputError:
        if verb.resumes and expanded(out).is_dir():
            folder = expanded(out).resolve()
            Unfinished.beside(folder, out, anew=False).discard_finished(folder, verb.name)
        raise


def execute(
    verb: Verb,
    options: Options,
    run: Run,
    *,
    out: Path | None = None,
    overwrite: bool = False,
    command: Sequence[str] = (),
) -> tuple[Result, Path | None]:
    """Run ``verb`` and write its run folder.

    Args:
        verb: one that is registered.
        options: an instance of ``verb.options``.
        run: the registry and the reporter; what a verb that can be resumed has found is kept beside ``out`` if it names
            no other place.
        out: the folder to write; None writes nothing.
        overwrite: whether ``out`` may hold something already.
        command: the command line, for the record.

    Returns:
        The result, and the absolute path of the folder it was written to. A result that misses what was required holds
        the error in ``failure``; the caller raises it when everything is shown.

    Raises:
        UsageError: Keras computes with something else than TensorFlow.
        OutputError: ``out`` is in use or cannot be written; known before the work starts.
        Interrupted: Ctrl-C; what has been found is kept.
    """
    require_tensorflow()
    folder = check_output(verb, options, out, overwrite) if out is not None else None
    kept = None
    if verb.resumes and out is not None and folder is not None:
        kept = run.unfinished or Unfinished.beside(folder, out, overwrite)
    with told_if_interrupted(kept):
        result, written = _execute(verb, options, replace(run, unfinished=kept), folder, overwrite, command)
    if kept is not None:
        kept.discard()
    return result, written


def require_tensorflow() -> None:
    """Refuses Keras on JAX or PyTorch, on which saved networks run, but no verb; lets it be imported on TensorFlow.

    Raises:
        UsageError: names the backend.
    """
    keras = sys.modules.get("keras")
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow") if keras is None else keras.backend.backend()
    if backend != "tensorflow":
        raise UsageError(
            f"Keras computes with {backend} here, and snnctl with TensorFlow",
            todo="Unset KERAS_BACKEND, or set it to tensorflow. Saved networks themselves open under any backend: "
            "docs/python-api.md, With plain Keras.",
        )


def _execute(
    verb: Verb, options: Options, run: Run, folder: Path | None, overwrite: bool, command: Sequence[str]
) -> tuple[Result, Path | None]:
    started = datetime.now().astimezone()
    clock = time.monotonic()
    with Interruptions() as interruptions:
        result = call(verb, options, run)
        interruptions.check()
    warn_of_unbounded(result, run.reporter)
    if folder is None:
        return result, None
    record = RunRecord(
        verb=verb.name,
        options=options.model_dump(mode="json"),
        settings=result.settings,
        seed=_seed(options),
        versions=versions(),
        plugins=third_party(run.registry),
        command=list(command),
        started=started.isoformat(timespec="seconds"),
        duration=round(time.monotonic() - clock, 3),
        failure={} if result.failure is None else recorded_failure(result.failure),
    )
    with told_of_kept(run.unfinished):
        return result, write_run(folder, result, record, overwrite)


def _seed(options: Options) -> int | None:
    """The seed, if there is one; a plugin's step may call something else so."""
    seed = getattr(options, "seed", None)
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


@contextmanager
def told_of_kept(kept: Unfinished | None) -> Iterator[None]:
    """If the run folder cannot be written, says that what was found is kept, and how to go on.

    Raises:
        OutputError: with that added.
    """
    try:
        yield
    except OutputError as error:
        if kept is not None and kept.rows:
            error.todo = (
                f"The {kept.rows:,} rows found are kept in {kept.shown}. Make room and give the command again, with "
                f"{kept.again}: it goes on from them."
            )
        raise


def recorded_failure(error: SnnctlError) -> dict[str, str]:
    """What ``run.json`` says of something that was required and not reached."""
    return {"kind": type(error).__name__, "what": error.what, "todo": error.todo}


def failure_of(record: RunRecord, folder: Path) -> SnnctlError | None:
    """The failure that a run folder records, as :func:`failure` told it; None if nothing was missed."""
    if not record.failure:
        return None
    kind = getattr(errors, record.failure.get("kind", ""), SnnctlError)
    known = isinstance(kind, type) and issubclass(kind, SnnctlError)
    error = (kind if known else SnnctlError)(record.failure.get("what", "a requirement is missed"))
    error.todo = f"It is written all the same, to {folder}. {record.failure.get('todo', '')}".strip()
    return error


def failure(result: Result, folder: Path | None) -> SnnctlError | None:
    """What to raise when the result is written to ``folder`` and shown; None if nothing that was required is missed."""
    if result.failure is not None and folder is not None:
        result.failure.todo = f"It is written all the same, to {folder}. {result.failure.todo}"
    return result.failure
