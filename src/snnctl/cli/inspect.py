"""``snnctl inspect``: a network's layers on stdout."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from snnctl.cli.complete import architecture_names, dataset_names

Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Run folder, .keras file, full .h5, or weights-only .h5 with --arch."),
]
Arch = Annotated[
    str | None,
    typer.Option(
        "--arch",
        help="Architecture of a weights-only .h5 file (see `snnctl archs list`).",
        autocompletion=architecture_names,
    ),
]
ArchOpt = Annotated[
    list[str] | None,
    typer.Option("--arch-opt", metavar="NAME=VALUE", help="Option of the architecture, name=value. May be repeated."),
]
Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Data set a weights-only .h5 file was trained on: it says the input's shape and the classes.",
        autocompletion=dataset_names,
    ),
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Run code that the model file holds (Lambda layers); only for files you trust."),
]
All = Annotated[bool, typer.Option("--all", help="List wiring too: the layers of a spiking network without neurons.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, nothing else.")]


def inspect(
    model: Model,
    arch: Arch = None,
    arch_opt: ArchOpt = None,
    data: Data = None,
    allow_code: AllowCode = False,
    wiring: All = False,
    as_json: AsJson = False,
) -> None:
    """Print the table of ``model``."""
    from snnctl.cli import flags
    from snnctl.cli.inspect_tables import show_network
    from snnctl.cli.session import start
    from snnctl.cli.tables import print_json
    from snnctl.verbs.inspect import inspect as inspected
    from snnctl.verbs.options import ModelSourceOptions
    from snnctl.verbs.validation import check_names, make_options

    given = {"model": model, "arch": arch, "arch_opt": arch_opt or [], "data": data, "allow_code": allow_code}
    values = flags.mapping(ModelSourceOptions, {**dict.fromkeys(ModelSourceOptions.model_fields), **given})
    options = make_options(ModelSourceOptions, values, label=flags.flag)
    with start() as session:
        check_names(options, session.run.registry, needs_data=False)
        session.import_tensorflow()
        found = inspected(options, session.run)
    if as_json:
        print_json(found)
    else:
        show_network(found, _plan_command(given), wiring)


def _plan_command(given: dict[str, Any]) -> str:
    """``snnctl convert`` with what ``given`` says about the network, for a shell."""
    words = ["snnctl", "convert", given["model"]]
    for name in ("arch", "data"):
        words += [f"--{name}", given[name]] if given[name] else []
    for option in given["arch_opt"]:
        words += ["--arch-opt", option]
    words += ["--allow-code"] if given["allow_code"] else []
    return shlex.join([*words, "--plan"])
