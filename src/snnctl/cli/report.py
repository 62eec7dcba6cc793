"""``snnctl report``: runs side by side, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnctl.cli.complete import path_of

Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help="Run folders, and folders of recipes.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="PATH",
        parser=path_of("--out"),
        help="File to write; report.html in the folder of a single RUN, or else in the working folder.",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]
Image = Annotated[
    str,
    typer.Option(
        "--image",
        metavar="N",
        help="Image of the test split whose spikes are shown, by number; none: no model is opened, TensorFlow not "
        "started.",
    ),
]
Title = Annotated[str | None, typer.Option("--title", help="Title; made from the runs when not given.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="PATH",
        parser=path_of("--data-dir"),
        help="Folder in which the data set of that image is looked for first.",
    ),
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Run code that a model file holds (Lambda layers); only for files you trust."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the file at --out even if it is no report of snnctl.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, nothing else.")]


def report(
    runs: Runs,
    out: Out = None,
    open_: Open = False,
    image: Image = "0",
    title: Title = None,
    data_dir: DataDir = None,
    allow_code: AllowCode = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write the report and say where it is."""
    import webbrowser

    from snnctl.cli import flags
    from snnctl.cli.session import start
    from snnctl.cli.streams import result_kept_in
    from snnctl.cli.tables import print_json, shorten, stdout
    from snnctl.errors import OutputError
    from snnctl.verbs.report.options import ReportOptions
    from snnctl.verbs.report.report import write_report
    from snnctl.verbs.validation import make_options

    given = {"runs": runs, "image": image, "title": title, "data_dir": data_dir, "allow_code": allow_code}
    options = make_options(ReportOptions, given, label=flags.flag)
    with start() as session:
        made, target = write_report(
            options,
            session.run,
            out=out,
            overwrite=overwrite,
            before_model=session.import_tensorflow,
        )
    with result_kept_in(target):
        if as_json:
            left_out = [{"what": what, "why": why} for what, why in made.left_out]
            print_json({"out": str(target), "runs": made.runs, "left_out": left_out})
        else:
            stdout().print(f"written to {shorten(target)}", soft_wrap=True)
    if open_ and not webbrowser.open(target.as_uri()):
        raise OutputError(f"no browser could be started; the report is {target}")
