"""``snnctl run``: a recipe from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from snnctl.cli.complete import path_of
from snnctl.cli.recipe_files import recipe_paths


def run(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file.", autocompletion=recipe_paths)],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="STEP.KEY=VALUE", help="Set an option or a variable (NAME=VALUE). Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check everything and show what there is to do; run nothing."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", parser=path_of("--out"), help="Folder to write to; a new one in runs/ by default."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what --out holds, once the first step is complete.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on where this recipe was interrupted, in --out or the newest such folder in runs/."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Run steps again whose results the cache holds.")] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", parser=path_of("--cache"), help="Folder of the cache of steps; runs/.cache by default."
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither take results from the cache nor keep them there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
) -> None:
    """Check the recipe, then run its steps; those whose results are known already are not run again."""
    from snnctl.cli.session import start
    from snnctl.cli.streams import result_kept_in
    from snnctl.errors import UsageError
    from snnctl.recipes import cache_folder, make_plan, parse_settings

    if cache is not None and no_cache:
        raise UsageError("--cache and --no-cache are both given", todo="leave out one of them")
    folder = cache_folder(cache or not no_cache)
    with start() as session:
        plan = make_plan(recipe, parse_settings(settings or []), session.run.registry)
        from snnctl.cli.recipe_tables import show_outcome, show_plan  # a recipe that is wrong needs none of these
        from snnctl.cli.tables import print_json
        from snnctl.recipes import Cache, as_data, execute_plan, forecast, summary

        outcome = None
        if dry_run:
            known = Cache(folder, session.reporter) if folder is not None else None
            steps = forecast(plan, session.run.registry, out=out, resume=resume, force=force, cache=known)
        else:
            outcome = execute_plan(
                plan,
                session.run,
                out=out,
                overwrite=overwrite,
                resume=resume,
                force=force,
                cache=folder,
                command=["snnctl", *sys.argv[1:]],
                before_start=session.import_tensorflow,
            )
    with result_kept_in(outcome.folder if outcome else None):
        if outcome is None:
            print_json({**plan.resolved(), "plan": as_data(steps)}) if as_json else show_plan(plan, steps)
        elif as_json:
            print_json({**summary(outcome), "out": str(outcome.folder)})
        else:
            show_outcome(outcome)
    if outcome is not None and outcome.failure is not None:
        raise outcome.failure
