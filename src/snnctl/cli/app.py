"""The Typer application: one command per verb, and groups for what is installed."""

from __future__ import annotations

from typing import Annotated

import typer

from snnctl.cli import archs, data, doctor, inspect, plugins, recipe, report
from snnctl.cli.verb_command import VerbGroup, add_verbs


def make_app() -> typer.Typer:
    """The whole command line; verbs get their flags only when they are called."""
    app = typer.Typer(
        name="snnctl",
        cls=VerbGroup,
        help="Turn ReLU networks into time-to-first-spike spiking networks, train and fine-tune them, measure them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    add_verbs(app)
    app.command("inspect", help=inspect.HELP)(inspect.inspect)
    app.command("run", help="Run a YAML recipe: several verbs, one after the other.")(recipe.run)
    app.command("report", help=report.HELP)(report.report)
    app.add_typer(data.app, name="data")
    app.add_typer(archs.app, name="archs")
    app.add_typer(plugins.app, name="plugins")
    app.command("doctor", help="Show versions, devices, where data sets are found, and broken plugins.")(doctor.doctor)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"snnctl {version('snnctl')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error (any command).")] = False,
) -> None:
    """Declares the options of ``snnctl`` itself; ``--debug`` is read in :mod:`snnctl.cli.entry`."""
