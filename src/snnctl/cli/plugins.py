"""``snnctl plugins``: what is installed, what it adds, what is broken; new plugins, and checks of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnctl.cli.complete import plugin_names
from snnctl.cli.data import DataDir

if TYPE_CHECKING:
    from snnctl.plugins import PluginInfo
    from snnctl.testing import Finding

app = typer.Typer(help="List, show, begin and check plugins.", no_args_is_help=True)

WITHOUT_TENSORFLOW = {"datasets", "commands"}
"""Kinds that are checked without it."""


def kind_names(incomplete: str) -> list[tuple[str, str]]:
    """Kinds of things that start with ``incomplete``, for completion."""
    from snnctl.scaffold import SCAFFOLDS

    return [(kind, each.words) for kind, each in SCAFFOLDS.items() if kind.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(
        help="Plugin, its package, or the name of something it adds.", autocompletion=plugin_names, metavar="NAME"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="What it adds; may be repeated.", autocompletion=kind_names, metavar="KIND"),
]
Opts = Annotated[
    list[str] | None,
    typer.Option("--opt", metavar="NAME=VALUE", help="Option for what the plugin adds. May be repeated."),
]
Samples = Annotated[
    list[Path] | None,
    typer.Option("--sample", metavar="FILE", help="A file that its readers should be able to read. May be repeated."),
]


@app.command("list", help="List the plugins, what each adds, and what is wrong with it.")
def list_plugins(as_json: AsJson = False) -> None:
    """Print a few lines for each plugin."""
    from snnctl.cli.installed import installed
    from snnctl.cli.plugin_data import listed
    from snnctl.cli.plugin_texts import list_text
    from snnctl.runs import to_json

    registry = installed()
    plugins = [listed(plugin, registry) for plugin in registry.plugins]
    print(to_json({"plugins": plugins}) if as_json else list_text(plugins), end="")


@app.command("show", help="Show a plugin and everything it adds, or one thing that a plugin adds.")
def show_plugin(name: Name, as_json: AsJson = False) -> None:
    """Print package, hooks, problems, and all things with their options."""
    from snnctl.cli.installed import installed, quiet_plugins
    from snnctl.cli.plugin_data import shown
    from snnctl.cli.plugin_texts import show_text
    from snnctl.runs import to_json

    with quiet_plugins():
        found = shown(name, installed())
    print(to_json(found) if as_json else show_text(found), end="")


@app.command("new", help="Begin a plugin: a package that installs, works, and tests itself.")
def new_plugin(
    name: Annotated[str, typer.Argument(help="Of the package, and of what it adds: lower case, digits and dashes.")],
    kind: Kinds = None,
    out: Annotated[Path, typer.Option("--out", metavar="PATH", help="Folder in which it is made.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a new package and tell what to do with it."""
    from shlex import quote

    from snnctl.cli.installed import installed, quiet_plugins
    from snnctl.cli.plugin_texts import new_text
    from snnctl.cli.tables import shorten
    from snnctl.runs import to_json
    from snnctl.scaffold import Names, check_names, commands_to_try, new_package, write_package

    scaffolds = [_scaffold(each) for each in dict.fromkeys(kind or [])]
    if not scaffolds:
        from snnctl.errors import UsageError
        from snnctl.scaffold import SCAFFOLDS

        raise UsageError("--kind is missing: what should the plugin add?", todo=f"one of {', '.join(SCAFFOLDS)}")
    names = Names.of(name, scaffolds)
    with quiet_plugins():
        check_names(names, scaffolds, installed())
    files = new_package(names, scaffolds)
    folder = write_package(out.expanduser() / name, files)
    place = shorten(folder.resolve())
    commands = [f"pip install {quote(place if Path(place).is_absolute() else f'./{place}')}"]
    commands += [f"snnctl plugins check {name}", *commands_to_try(scaffolds, names)]
    made = {"folder": str(folder.resolve()), "files": list(files), "commands": commands}
    shown = [f"{commands[0]}  # with -e, what you change in it holds at once", *commands[1:]]
    print(to_json(made) if as_json else new_text(place, list(files), shown), end="")


@app.command("check", help="Check whether a plugin is what snnctl asks for; exit code 7 if it is not.")
def check_plugin(
    name: Name,
    opt: Opts = None,
    sample: Samples = None,
    download: Annotated[bool, typer.Option("--download", help="Let data sets download what is not here.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print every check and what came of it."""
    from snnctl.cli.session import start
    from snnctl.cli.tables import print_json
    from snnctl.errors import PluginError
    from snnctl.testing.findings import as_document, failures
    from snnctl.testing.lookup import find_plugin
    from snnctl.testing.plugin import examine_plugin
    from snnctl.testing.trial import Trial

    with start() as session:
        registry = session.run.registry
        plugin = find_plugin(name, registry)
        trial = Trial(_options(opt or ()), download, data_dir, tuple(sample or ()), session.reporter)
        if not set(plugin.adds) <= WITHOUT_TENSORFLOW or plugin.late:
            session.import_tensorflow()
        with session.reporter.wait(f"checking plugin {plugin.name}"):
            findings = list(examine_plugin(plugin, registry, trial))
    if as_json:
        print_json({"plugin": plugin.name, "package": plugin.package, **as_document(findings)})
    else:
        _show_findings(plugin, findings)
    if failed := failures(findings):
        raise PluginError(
            f"{len(failed)} of {len(findings)} checks of plugin {plugin.name} ({plugin.package}) failed",
            todo=f"the first: {failed[0].subject}: {failed[0].check}",
        )


def _scaffold(kind: str) -> Any:
    from snnctl.errors import UsageError
    from snnctl.plugins.nearest import did_you_mean
    from snnctl.scaffold import SCAFFOLDS

    if kind not in SCAFFOLDS:
        todo = did_you_mean(kind, SCAFFOLDS) or f"one of {', '.join(SCAFFOLDS)}"
        raise UsageError(f"there is no kind '{kind}'", todo=todo)
    return SCAFFOLDS[kind]


def _options(texts: list[str] | tuple[str, ...]) -> dict[str, str]:
    from snnctl.errors import UsageError

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--opt {text} is not NAME=VALUE", todo="for example --opt root=photos")
        found[name.strip()] = value.strip()
    return found


def _show_findings(plugin: PluginInfo, findings: list[Finding]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from snnctl.cli.tables import stdout
    from snnctl.testing.findings import counted

    console = stdout()
    styles = {"passed": "green", "failed": "bold red", "warned": "yellow", "skipped": "dim"}
    subject = ""
    for finding in findings:
        if finding.subject != subject:
            subject = finding.subject
            console.print(subject, style="bold")
        line = Text(f"{finding.state:8}", styles[finding.state]) + Text(f" {finding.check}")
        console.print(Padding(line, (0, 0, 0, 2), expand=False))
        if finding.message:
            console.print(Padding(Text(finding.message), (0, 0, 0, 13), expand=False))
    numbers = ", ".join(f"{number} {state}" for state, number in counted(findings).items())
    console.print(f"{plugin.name} ({plugin.package} {plugin.version}): {numbers}", soft_wrap=True)
    if needed := _needed(findings):
        console.print(f"Not all of it is checked: it needs options. `snnctl plugins check {plugin.name} {needed}`")


def _needed(findings: list[Finding]) -> str:
    """The options without which something was not checked, as they are given; empty if there are none."""
    import re

    skipped = [finding.message for finding in findings if finding.state == "skipped"]
    return " ".join(dict.fromkeys(option for text in skipped for option in re.findall(r"--opt \w+=VALUE", text)))
