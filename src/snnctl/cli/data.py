"""``snnctl data``: what data sets there are, where they are found, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnctl.cli.complete import dataset_names

if TYPE_CHECKING:
    from snnctl.data.dataset import Dataset
    from snnctl.plugins import Registry

app = typer.Typer(help="List, show and fetch data sets.", no_args_is_help=True)

MISSING = "not here"

Name = Annotated[str, typer.Argument(help="Data set.", autocompletion=dataset_names)]
DataDir = Annotated[Path | None, typer.Option(help="Folder in which data sets are looked for first.")]
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
        (each["name"], _size(each["input_shape"]), each["classes"], place_of(each), each["summary"])
        for each in datasets
    ]
    console = stdout()
    console.print(listing(("name", "input", "classes", "found in", "summary"), rows))
    if any(place_of(data) == MISSING for data in datasets):
        console.print(f"{MISSING}: `snnctl data fetch NAME` gets it", soft_wrap=True)


@app.command("show", help="Show one data set.")
def show_dataset(name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print everything known about ``name``."""
    from snnctl.cli.installed import installed
    from snnctl.cli.tables import pairs, print_json, stdout

    registry = installed()
    data = as_data(name, registry.find("datasets", name), registry, data_dir)
    if as_json:
        print_json(data)
        return
    low, high = data["raw_range"]
    mean, std = data["standard"] or (None, None)
    place = place_of(data)
    rows = [
        ("name", data["name"]),
        ("summary", data["summary"]),
        ("input shape", _size(data["input_shape"])),
        ("classes", data["classes"]),
        ("class names", ", ".join(data["class_names"]) or "none"),
        ("raw range", f"{low:g} .. {high:g}"),
        ("standard", "none" if mean is None else f"mean={mean:g},std={std:g}"),
        ("licence", data["licence"]),
        ("provided by", data["package"]),
        ("found in", f"{MISSING}; `snnctl data fetch {data['name']}` gets it" if place == MISSING else place),
    ]
    stdout().print(pairs(rows))


@app.command("fetch", help="Download a data set unless it is here already.")
def fetch_dataset(name: Name, data_dir: DataDir = None) -> None:
    """Make the files of ``name`` available and print where they are."""
    from snnctl.cli.console import make_reporter
    from snnctl.cli.installed import installed
    from snnctl.cli.streams import stdout_to_stderr
    from snnctl.data.dataset import DataContext
    from snnctl.plugins.guard import guard, origin

    data = installed().dataset(name)
    context = DataContext(data_dir=data_dir, reporter=make_reporter())
    with stdout_to_stderr(), guard("fetch failed", where=origin(data)):
        place = str(data.fetch(context))
    print(place)


def as_data(name: str, data: Dataset, registry: Registry, data_dir: Path | None = None) -> dict[str, Any]:
    """Everything known about ``data``, called ``name``; a plugin's failure to find it is its ``error``."""
    from snnctl.errors import SnnctlError

    try:
        found, error = find(data, data_dir), None
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
    """Where it is, that it is not here, or what went wrong."""
    return f"error: {data['error']}" if data["error"] else data["found_in"] or MISSING


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
