"""``snnctl data``: what data sets there are, where they are found, and fetching them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnctl.cli.complete import dataset_names, dataset_options, path_of
from snnctl.cli.option_data import option_text, options_data

if TYPE_CHECKING:
    from snnctl.data.dataset import Dataset
    from snnctl.plugins import Registry

app = typer.Typer(help="List, show and fetch data sets.", no_args_is_help=True)

MISSING = "not here"
OPTIONAL = "depends on its options"

Name = Annotated[str, typer.Argument(help="Data set.", autocompletion=dataset_names)]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="PATH",
        parser=path_of("--data-dir"),
        help="Folder in which data sets are looked for first.",
    ),
]
DataOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--data-opt",
        metavar="NAME=VALUE",
        help="Option of the data set. May be repeated.",
        autocompletion=dataset_options,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


@app.command("list", help="List the data sets and where each is found.")
def list_datasets(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print one line per data set."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import listing, print_json, stdout

    registry = installed()
    datasets = [as_data(name, data, registry, data_dir) for name, data in registry.datasets.items()]
    if as_json:
        print_json({"datasets": datasets})
        return
    rows = [
        (each["name"], _size(each["input_shape"]), each["classes"] or "", place_of(each), each["summary"])
        for each in datasets
    ]
    console = stdout()
    console.print(listing(("name", "input", "classes", "found in", "summary"), rows))
    if any(place_of(data) == MISSING for data in datasets):
        console.print(f"{MISSING}: `snnctl data fetch NAME` gets it", soft_wrap=True)
    if any(data["needs"] for data in datasets):
        console.print(f"{OPTIONAL}: `snnctl data show NAME` tells which", soft_wrap=True)


@app.command("show", help="Show one data set.")
def show_dataset(name: Name, data_opt: DataOpt = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print everything known about ``name``, with the options that are given."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import pairs, print_json, stdout

    registry = installed()
    options = _given(data_opt)
    dataset = registry.dataset(name, options) if options else registry.find("datasets", name)
    data = as_data(name, dataset, registry, data_dir, options)
    if as_json:
        print_json(data)
        return
    low, high = data["raw_range"]
    mean, std = data["standard"] or (None, None)
    place = place_of(data)
    rows = [
        ("name", data["name"]),
        ("summary", data["summary"]),
        ("input shape", _size(data["input_shape"]) or OPTIONAL),
        ("classes", data["classes"] or OPTIONAL),
        ("class names", ", ".join(data["class_names"]) or "none"),
        ("raw range", f"{low:g} .. {high:g}"),
        ("standard", "none" if mean is None else f"mean={mean:g},std={std:g}"),
        ("licence", data["licence"]),
        ("provided by", data["package"]),
        ("found in", f"{MISSING}; `snnctl data fetch {data['name']}` gets it" if place == MISSING else place),
        *((f"option {option}", option_text(each)) for option, each in data["options"].items()),
    ]
    console = stdout()
    console.print(pairs(rows))
    if data["needs"]:
        wanted = " ".join(f"--data-opt {option}=VALUE" for option in data["needs"])
        console.print(f"needs its options: `snnctl data show {data['name']} {wanted}`", soft_wrap=True)


@app.command("fetch", help="Download a data set unless it is here already.")
def fetch_dataset(name: Name, data_opt: DataOpt = None, data_dir: DataDir = None) -> None:
    """Make the files of ``name`` available and print where they are."""
    from snnctl.cli.console import make_reporter
    from snnctl.cli.installed import installed
    from snnctl.cli.streams import stdout_to_stderr
    from snnctl.data.dataset import DataContext
    from snnctl.plugins.guard import guard, origin

    data = installed().dataset(name, _given(data_opt))
    context = DataContext(data_dir=data_dir, reporter=make_reporter())
    with stdout_to_stderr(), guard("fetch failed", where=origin(data)):
        place = str(data.fetch(context))
    print(place)


def as_data(
    name: str,
    data: Dataset,
    registry: Registry,
    data_dir: Path | None = None,
    given: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Everything known about ``data``, called ``name``; a plugin's failure to find it is its ``error``.

    Args:
        name: what it is called.
        data: with the options ``given``; as registered if there are none.
        registry: that has it.
        data_dir: folder in which it is looked for first.
        given: its options. Those that it ``needs`` besides are named, and it is not looked for without them.
    """
    from snnctl.errors import SnnctlError

    options = options_data(registry.find("datasets", name))
    needs = [option for option, each in options.items() if each.get("required")] if not given else []
    try:
        found, error = None if needs else find(data, data_dir), None
    except SnnctlError as failure:
        found, error = None, " ".join(str(failure).split())
    return {
        "name": name,
        "summary": data.summary,
        "input_shape": list(data.input_shape),
        "classes": data.classes,
        "class_names": list(data.class_names),
        "raw_range": list(data.raw_range),
        "standard": list(data.standard) if data.standard else None,
        "licence": data.licence,
        "package": registry.owner("datasets", name),
        "options": options,
        "needs": needs,
        "found_in": found,
        "error": error,
    }


def find(data: Dataset, data_dir: Path | None = None) -> str | None:
    """Where ``data`` would be read from; None if it is not here.

    Raises:
        SnnctlError: it cannot be found out.
    """
    from snnctl.cli.installed import quiet_plugins
    from snnctl.data.dataset import DataContext
    from snnctl.errors import SnnctlError
    from snnctl.plugins.guard import guard

    with quiet_plugins(), guard("where failed", todo="", passed=(SnnctlError,)):
        place = data.where(DataContext(data_dir=data_dir, download=False))
        return str(place) if place else None


def place_of(data: dict[str, Any]) -> str:
    """Where it is, that it is not here or cannot be known without options, or what went wrong."""
    if data["needs"]:
        return OPTIONAL
    return f"error: {data['error']}" if data["error"] else data["found_in"] or MISSING


def _given(texts: list[str] | None) -> dict[str, str]:
    """``name=value`` texts as options.

    Raises:
        UsageError: one is none.
    """
    from snnctl.errors import UsageError

    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--data-opt {text} is not NAME=VALUE", todo="for example --data-opt root=photos")
        found[name.strip()] = value.strip()
    return found


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
