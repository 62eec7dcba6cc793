"""Reading networks: from run folders, ``.keras`` files and HDF5 files of Keras 2 and 3, in the precision wanted.

Keras is imported when one of the names below is first used, so that :mod:`snnctl.models.source` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnctl.models.checks import check_finite as check_finite
    from snnctl.models.checks import check_fits as check_fits
    from snnctl.models.checks import check_savable as check_savable
    from snnctl.models.checks import kind_of as kind_of
    from snnctl.models.dtype import as_dtype as as_dtype
    from snnctl.models.dtype import dtype_of as dtype_of
    from snnctl.models.dtype import precision as precision
    from snnctl.models.load import LoadedModel as LoadedModel
    from snnctl.models.load import load_model as load_model

HOMES = {
    "checks": ("check_finite", "check_fits", "check_savable", "kind_of"),
    "dtype": ("as_dtype", "dtype_of", "precision"),
    "load": ("LoadedModel", "load_model"),
}


def __getattr__(name: str) -> Any:
    """The function or class called ``name``, from the module it lives in."""
    for module, names in HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
