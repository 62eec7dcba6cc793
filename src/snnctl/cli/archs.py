"""``snnctl archs``: what architectures there are and the options of each."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from snnctl.cli.complete import architecture_names

app = typer.Typer(help="List and show architectures.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Architecture.", autocompletion=architecture_names)]


@app.command("list", help="List the architectures.")
def list_architectures() -> None:
    """Print one line per architecture."""
    from snnctl.cli.tables import listing, stdout
    from snnctl.plugins import load_registry
    from snnctl.plugins.options import declared_options

    rows = [
        (name, ", ".join(declared_options(architecture)), architecture.summary)
        for name, architecture in load_registry().architectures.items()
    ]
    stdout().print(listing(("name", "options", "summary"), rows))


@app.command("show", help="Show one architecture and its options.")
def show_architecture(name: Name) -> None:
    """Print summary and options of ``name``."""
    from snnctl.cli.tables import listing, stdout
    from snnctl.plugins import load_registry
    from snnctl.plugins.options import declared_options

    architecture = load_registry().architecture(name)
    options = declared_options(architecture)
    console = stdout()
    console.print(f"{architecture.name}: {architecture.summary}", soft_wrap=True)
    if not options:
        console.print("no options")
        return
    rows = [(key, type_name(kind), spell(default)) for key, (kind, default) in options.items()]
    console.print(listing(("option", "type", "default"), rows))
    key, (_, default) = next(iter(options.items()))
    console.print(f"for example: --arch {architecture.name} --arch-opt {key}={spell(default)}", soft_wrap=True)


def spell(value: Any) -> str:
    """A default as it is given on the command line."""
    from snnctl.runs import plain

    return value if isinstance(value, str) else json.dumps(plain(value), separators=(",", ":"))


def type_name(kind: Any) -> str:
    """A type as a person writes it."""
    return (
        kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind).replace("typing.", "")
    )
