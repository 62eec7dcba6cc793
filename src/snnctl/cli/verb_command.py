"""The commands of the verbs. Until one is called it is a name and a line of help: pydantic stays unimported."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from snnctl.verbs.catalog import VERBS, Verb

if TYPE_CHECKING:
    from snnctl.plugins import Registry


class VerbGroup(TyperGroup):
    """Replaces the stub of a verb by the real command at the moment it is called or completed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command called by ``args``."""
        name, command, rest = super().resolve_command(ctx, args)
        verb = VERBS.get(name or "")
        return name, make_command(verb) if verb else command, rest


def add_verbs(app: typer.Typer) -> None:
    """Add a stub for each verb."""
    for verb in VERBS.values():
        app.command(verb.name, help=verb.summary)(_stub)


def make_command(verb: Verb) -> Any:
    """The command of ``verb``, with one flag for each of its options."""
    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["--help", "-h"]})
    app.command(verb.name, help=verb.summary)(command_function(verb))
    return typer.main.get_command(app)


def _stub() -> None:
    """Never called."""


def command_function(verb: Verb) -> Callable[..., None]:
    """A function whose signature Typer turns into the flags of ``verb``."""
    from snnctl.cli.flags import output_parameters, parameters

    def command(*, out: Path | None, overwrite: bool, as_json: bool, plan: bool = False, **given: Any) -> None:
        if plan:
            _show_plan(verb, given, as_json)
        else:
            _run(verb, given, out, overwrite, as_json)

    signature = [*parameters(verb.options), *output_parameters(verb.writes, plans=bool(verb.plan_path))]
    command.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in signature}
    return command


def _run(verb: Verb, given: dict[str, Any], out: Path | None, overwrite: bool, as_json: bool) -> None:
    from snnctl.cli import flags
    from snnctl.cli.session import start
    from snnctl.cli.streams import result_kept_in
    from snnctl.cli.tables import show_json, show_result
    from snnctl.runs import default_folder
    from snnctl.verbs.execute import check_output, execute, failure
    from snnctl.verbs.validation import check_names, make_options

    values = flags.mapping(verb.options, given)
    options = make_options(verb.options, values, label=flags.flag)
    if out is None and verb.writes:
        out = default_folder(verb.name, values)
    with start() as session:
        check_names(options, session.run.registry)
        if out is not None:
            check_output(verb, options, out, overwrite)
        session.import_tensorflow()
        result, folder = execute(
            verb, options, session.run, out=out, overwrite=overwrite, command=["snnctl", *sys.argv[1:]]
        )
    with result_kept_in(folder):
        if as_json:
            show_json(result, folder)
        else:
            show_result(result, folder, _summaries(session.run.registry) if result.metrics.get("plugins") else None)
    if (missed := failure(result, folder)) is not None:
        raise missed


def _summaries(registry: Registry) -> dict[str, str]:
    """One line for each metric, by name."""
    return {name: entry.metric.summary for name, entry in registry.metrics().items()}


def _show_plan(verb: Verb, given: dict[str, Any], as_json: bool) -> None:
    from snnctl.cli import flags
    from snnctl.cli.inspect_tables import show_network
    from snnctl.cli.session import start
    from snnctl.cli.tables import print_json
    from snnctl.verbs.validation import check_names, make_options

    options = make_options(verb.options, flags.mapping(verb.options, given), label=flags.flag)
    with start() as session:
        check_names(options, session.run.registry, needs_data=False)
        session.import_tensorflow()
        found = verb.plan(options, session.run)
    if as_json:
        print_json(found)
    else:
        show_network(found)
