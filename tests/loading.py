"""Opening models as commands do, with the readers that come with snnctl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnctl import models
from snnctl.plugins import load_registry


def load_model(path: Path | str, **options: Any) -> models.LoadedModel:
    """See :func:`snnctl.models.load_model`."""
    return models.load_model(path, readers=load_registry(entry_points=False).readers, **options)
