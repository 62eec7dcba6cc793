"""``snnctl plugins``: what is installed, what it adds, and what is broken."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from snnctl.plugins import PluginInfo

app = typer.Typer(help="List plugins.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps ``list`` a subcommand: Typer would make a single command the group itself."""


@app.command("list", help="List the plugins, what each adds, and what is wrong with it.")
def list_plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Print one line per plugin."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import listing, print_json, stdout

    plugins = installed().plugins
    if as_json:
        print_json({"plugins": [asdict(plugin) for plugin in plugins]})
        return
    rows = [
        (
            plugin.name,
            f"{plugin.package} {plugin.version}",
            ", ".join(plugin.datasets),
            ", ".join(plugin.architectures),
            "\n".join(_called_late(plugin)),
            f"broken: {plugin.error}" if plugin.error else "ok",
        )
        for plugin in plugins
    ]
    stdout().print(listing(("plugin", "package", "data sets", "architectures", "further", "state"), rows))


def _called_late(plugin: PluginInfo) -> list[str]:
    """What a plugin adds that is not asked for before it is needed."""
    kinds = {"layer rules": plugin.layer_rules, "metrics": plugin.metrics}
    return [kind for kind, added in kinds.items() if added]
