"""What the run of a network says about it, and refusals of networks and data that need no network to be open. Light."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnctl.errors import ModelError, UsageError
from snnctl.runs import damaged_record, read_run

DEFAULT_DATA = "mnist-mini"  # of verbs that make a network; what is made of it takes the data set from its record


def recorded_settings(model: Path) -> dict[str, Any]:
    """The resolved options of the run that made the network; empty for a bare file.

    Raises:
        ModelError: the run's record is damaged.
    """
    record = read_run(model) if model.is_dir() else None
    if record is None:
        return {}
    for key in ("data", "preprocess"):
        if not isinstance(record.settings.get(key), str | None):
            raise damaged_record(model, f"'{key}' in its settings is not a text")
    return record.settings


def no_data_set(model: str, calibrates: bool = False) -> UsageError:
    """The error that neither the options nor the record of ``model`` name a data set.

    Args:
        model: what the network was called.
        calibrates: whether data of one's own would do.
    """
    own = ", or --calibrate with data of your own: an .npz or .npy file or a folder of images" if calibrates else ""
    return UsageError(
        f"no data set is named, and {model} does not record one",
        todo=f"Add --data NAME (`snnctl data list` shows all){own}.",
    )


def require_spiking(kind: str | None, model: str) -> None:
    """Some verbs take a spiking network; ``kind`` is None if it is not known.

    Raises:
        ModelError: it is a ReLU network.
    """
    if kind == "relu":
        raise ModelError(f"{model} is a ReLU network", todo="Convert it first: `snnctl convert`.")
