"""Reading networks: from run folders, ``.keras`` files and HDF5 files of Keras 2 and 3, in the precision wanted.

Keras is imported when one of the names below is first used, so that :mod:`snnctl.models.source` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnctl.models.checks import check_finite, check_fits, check_savable, kind_of
    from snnctl.models.dtype import as_dtype, dtype_of, precision
    from snnctl.models.load import LoadedModel, load_model

__all__ = [
    "LoadedModel",
    "as_dtype",
    "check_finite",
    "check_fits",
    "check_savable",
    "dtype_of",
    "kind_of",
    "load_model",
    "precision",
]

HOMES = {
    "LoadedModel": "load",
    "as_dtype": "dtype",
    "check_finite": "checks",
    "check_fits": "checks",
    "check_savable": "checks",
    "dtype_of": "dtype",
    "kind_of": "checks",
    "load_model": "load",
    "precision": "dtype",
}


def __getattr__(name: str) -> Any:
    """The function or class called ``name``, from the module it lives in."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
