"""``snnctl archs``: what architectures there are and the options of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnctl.cli.complete import architecture_names
from snnctl.cli.option_data import options_data, spell

if TYPE_CHECKING:
    from snnctl.plugins import Architecture, Registry

app = typer.Typer(help="List and show architectures.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Architecture.", autocompletion=architecture_names)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command("list", help="List the architectures.")
def list_architectures(as_json: AsJson = False) -> None:
    """Print one line per architecture."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import listing, print_json, stdout

    registry = installed()
    architectures = [as_data(name, architecture, registry) for name, architecture in registry.architectures.items()]
    if as_json:
        print_json({"architectures": architectures})
        return
    rows = [(each["name"], ", ".join(each["options"]), each["summary"]) for each in architectures]
    stdout().print(listing(("name", "options", "summary"), rows))


@app.command("show", help="Show one architecture and its options.")
def show_architecture(name: Name, as_json: AsJson = False) -> None:
    """Print summary and options of ``name``."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import listing, print_json, stdout

    registry = installed()
    architecture = as_data(name, registry.architecture(name), registry)
    if as_json:
        print_json(architecture)
        return
    console = stdout()
    called, summary, options = architecture["name"], architecture["summary"], architecture["options"]
    console.print(f"{called}: {summary}" if summary else called, soft_wrap=True)
    if not options:
        console.print("no options")
        return
    rows = [(key, option["type"], spell(option["default"]), option["help"]) for key, option in options.items()]
    console.print(listing(("option", "type", "default", ""), rows))
    key, option = next(iter(options.items()))
    console.print(f"for example: --arch {called} --arch-opt {key}={spell(option['default'])}", soft_wrap=True)


def as_data(name: str, architecture: Architecture, registry: Registry) -> dict[str, Any]:
    """Everything known about ``architecture``, called ``name``."""
    return {
        "name": name,
        "summary": architecture.summary,
        "package": registry.owner("architectures", name),
        "options": options_data(architecture),
    }
