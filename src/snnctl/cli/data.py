"""``snnctl data``: what data sets there are, where they are found, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnctl.cli.complete import dataset_names

if TYPE_CHECKING:
    from snnctl.data.dataset import Dataset

app = typer.Typer(help="List, show and fetch data sets.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Data set.", autocompletion=dataset_names)]
DataDir = Annotated[Path | None, typer.Option(help="Folder in which data sets are looked for first.")]


@app.command("list", help="List the data sets and where each is found.")
def list_datasets(data_dir: DataDir = None) -> None:
    """Print one line per data set."""
    from snnctl.cli.tables import listing, stdout
    from snnctl.plugins import load_registry

    registry = load_registry()
    rows = [
        (name, _size(data.input_shape), data.classes, locate(data, data_dir), data.summary)
        for name, data in registry.datasets.items()
    ]
    stdout().print(listing(("name", "input", "classes", "found in", "summary"), rows))


@app.command("show", help="Show one data set.")
def show_dataset(name: Name, data_dir: DataDir = None) -> None:
    """Print everything known about ``name``."""
    from snnctl.cli.tables import listing, stdout
    from snnctl.plugins import load_registry

    registry = load_registry()
    data = registry.dataset(name)
    rows = [
        ("name", data.name),
        ("summary", data.summary),
        ("input shape", _size(data.input_shape)),
        ("classes", data.classes),
        ("class names", ", ".join(data.class_names) or "none"),
        ("raw range", f"{data.raw_range[0]:g} .. {data.raw_range[1]:g}"),
        ("standard", f"mean={data.standard[0]:g},std={data.standard[1]:g}" if data.standard else "none"),
        ("licence", data.licence),
        ("provided by", registry.owners["data set", data.name]),
        ("found in", locate(data, data_dir)),
    ]
    stdout().print(listing(("", ""), rows))


@app.command("fetch", help="Download a data set unless it is here already.")
def fetch_dataset(name: Name, data_dir: DataDir = None) -> None:
    """Make the files of ``name`` available and print where they are."""
    from snnctl.cli.console import make_reporter
    from snnctl.data.dataset import DataContext
    from snnctl.plugins import load_registry

    data = load_registry().dataset(name)
    print(data.fetch(DataContext(data_dir=data_dir, reporter=make_reporter())))


def locate(data: Dataset, data_dir: Path | None = None) -> str:
    """Where ``data`` would be read from, or that it is not here; a plugin's failure is told, not raised."""
    from snnctl.data.dataset import DataContext

    try:
        return data.where(DataContext(data_dir=data_dir, download=False)) or "not here"
    except Exception as error:
        return f"error: {' '.join(str(error).split())}"


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape)
