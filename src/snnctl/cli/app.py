"""The Typer application: one command per verb, and the further commands that are registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from snnctl.cli.late_commands import add_commands, group_of

if TYPE_CHECKING:
    from snnctl.plugins import Registry


def make_app(registry: Registry) -> typer.Typer:
    """The whole command line; a command's code is imported, and gets its flags, only when it is called.

    Args:
        registry: the verbs and commands there are.
    """
    app = typer.Typer(
        name="snnctl",
        cls=group_of(registry),
        help="Turn ReLU networks into time-to-first-spike spiking networks, train and fine-tune them, measure them.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    add_commands(app, registry)
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
    no_plugins: Annotated[
        bool, typer.Option("--no-plugins", help="Leave out the plugins of other packages (any command).")
    ] = False,
) -> None:
    """Declares the options of ``snnctl`` itself; all but the first are read in :mod:`snnctl.cli.entry`."""
