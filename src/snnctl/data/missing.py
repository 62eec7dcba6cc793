"""The error for a data set that is nowhere to be found, with everything needed to find it."""

from __future__ import annotations

from collections.abc import Iterable

from snnctl.data.layouts import Layout
from snnctl.data.locate import DATA_DIR, ENVIRONMENT, Place
from snnctl.errors import DataError


def missing(name: str, reason: str, layouts: Iterable[Layout], searched: Iterable[Place]) -> DataError:
    """The error that the data set ``name`` is not on this machine.

    Args:
        name: the data set.
        reason: why it was not downloaded, one sentence with the address.
        layouts: what was looked for.
        searched: where it was looked for.
    """
    files = "; or ".join(layout.expects for layout in layouts)
    folders = ", ".join(str(place) for place in searched)
    return DataError(
        f"The data set {name} is not on this machine. {reason}",
        todo=f"Looked in {folders}, each time also in its subfolder {name}/, for: {files}.\n"
        f"Put the files there, or name their folder with {DATA_DIR} or {ENVIRONMENT}. "
        "`--data mnist-mini` needs no files.",
    )
