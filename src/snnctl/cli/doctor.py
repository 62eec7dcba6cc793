"""``snnctl doctor``: is this installation in order?"""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Print versions, devices, oneDNN, where data sets are found, and broken plugins."""
    from snnctl.cli.tables import listing, print_json, stdout

    findings = examine()
    if as_json:
        print_json(findings)
        return
    console = stdout()
    for title, part in findings.items():
        rows = part.items() if isinstance(part, dict) else [(item,) for item in part or ["none"]]
        console.print(listing((title, "") if isinstance(part, dict) else (title,), rows))


def examine() -> dict[str, Any]:
    """Everything ``doctor`` shows, as plain data."""
    from snnctl.cli.data import as_data, place_of
    from snnctl.cli.installed import installed
    from snnctl.runs import versions

    registry = installed()
    return {
        "versions": versions(),
        "devices": _devices(),
        "oneDNN": onednn(),
        "data sets": {name: place_of(as_data(name, data, registry)) for name, data in registry.datasets.items()},
        "plugin problems": [str(problem) for problem in registry.problems],
    }


def onednn() -> dict[str, str]:
    """What TensorFlow is told about oneDNN, and by whom."""
    from snnctl import ONEDNN, ONEDNN_SET_BY

    value = os.environ[ONEDNN]
    state = {"1": "on", "true": "on", "0": "off", "false": "off"}.get(value.lower(), "as TensorFlow chooses")
    return {"state": state, ONEDNN: value, "set by": ONEDNN_SET_BY}


def _devices() -> list[str]:
    """What TensorFlow can compute on, or why it cannot be imported."""
    from snnctl.cli.quiet_tensorflow import import_tensorflow

    try:
        import_tensorflow()
        import tensorflow as tf

        return [f"{device.device_type} {device.name}" for device in tf.config.list_physical_devices()]
    except Exception as error:
        return [f"TensorFlow cannot be used: {type(error).__name__}: {error}"]
