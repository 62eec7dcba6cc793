"""Checks of a command."""

from __future__ import annotations

from snnctl.plugins.checks import check_command as check_declared
from snnctl.plugins.command import Command
from snnctl.testing.findings import Checks, Finding, require


def examine_command(command: Command) -> list[Finding]:
    """Whether Typer can make a command of its code, and that has help."""
    checks = Checks(f"command '{command.name}'")
    with checks.that("is declared well"):
        check_declared(command)
    with checks.that("has a line of help"):
        require(command.summary.strip(), "its summary is empty; `snnctl --help` shows it")
    with checks.that("shows its help"):
        _require_help(command)
    return checks.findings


def _require_help(command: Command) -> None:
    import typer
    from typer.testing import CliRunner

    code = command.code
    app = code
    if not isinstance(code, typer.Typer):
        require(callable(code), f"{command.path} is neither a function nor a typer.Typer")
        app = typer.Typer(add_completion=False)
        app.command(command.name, help=command.summary)(code)
    done = CliRunner().invoke(app, ["--help"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    require(done.exit_code == 0, f"--help ends with exit code {done.exit_code}: {done.output[-200:]}")
    require("--help" in done.output, "--help shows nothing")
