"""``snnctl run``: a recipe from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML file.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="STEP.KEY=VALUE", help="Set an option or a variable (NAME=VALUE). Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and show the plan; run nothing.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; a new one in runs/ by default.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what --out holds, once the first step is complete.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")] = False,
) -> None:
    """Check the recipe, then run its steps."""
    from snnctl.cli.recipe_tables import show_outcome, show_plan
    from snnctl.cli.session import start
    from snnctl.cli.streams import result_kept_in
    from snnctl.cli.tables import print_json
    from snnctl.recipes import execute_plan, make_plan, parse_settings, summary

    with start() as session:
        plan = make_plan(recipe, parse_settings(settings or []), session.run.registry)
        outcome = None
        if not dry_run:
            outcome = execute_plan(
                plan,
                session.run,
                out=out,
                overwrite=overwrite,
                command=["snnctl", *sys.argv[1:]],
                before_start=session.import_tensorflow,
            )
    with result_kept_in(outcome.folder if outcome else None):
        if as_json:
            print_json(plan.resolved() if outcome is None else {**summary(outcome), "out": str(outcome.folder)})
        elif outcome is None:
            show_plan(plan)
        else:
            show_outcome(outcome)
    if outcome is not None and outcome.failure is not None:
        raise outcome.failure
