"""The commands of the verbs, made of their options when one is called."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnctl.plugins import Registry, Verb


def command_function(verb: Verb, registry: Registry) -> Callable[..., None]:
    """A function whose signature Typer turns into the flags of ``verb``.

    Args:
        verb: what the command does.
        registry: what the help of options that name plugins lists.
    """
    from snnctl.cli.flags import output_parameters, parameters

    def command(*, out: Path | None, overwrite: bool, as_json: bool, plan: bool = False, **given: Any) -> None:
        if plan:
            _show_plan(verb, given, as_json)
        else:
            _run(verb, given, out, overwrite, as_json)

    signature = [*parameters(verb.options, registry), *output_parameters(verb.writes, plans=bool(verb.plan_path))]
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
    from snnctl.cli.tables import plain_table, print_json, stdout
    from snnctl.plugins.own import OWN
    from snnctl.verbs.plugin_verbs import call_plan, package_of
    from snnctl.verbs.validation import check_names, make_options

    options = make_options(verb.options, flags.mapping(verb.options, given), label=flags.flag)
    with start() as session:
        check_names(options, session.run.registry, needs_data=False)
        session.import_tensorflow()
        found = call_plan(verb, options, session.run)
        own = package_of(verb, session.run.registry) == OWN
    if as_json:
        print_json(found)
    elif own:
        show_network(found)
    else:
        stdout().print(plain_table(found))
