"""The data set ``imagefolder``: images in folders named by their classes, of any size, read as they are needed."""

from __future__ import annotations

from collections.abc import Callable

from snnctl.plugins import Dataset, hookimpl
from snnctl_imagefolder.dataset import ImageFolder


@hookimpl
def register_datasets(register: Callable[[Dataset], None]) -> None:
    """Add ``imagefolder``."""
    register(ImageFolder())
