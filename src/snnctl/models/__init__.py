"""Reading networks: from run folders, ``.keras`` files and HDF5 files of Keras 2 and 3, in the precision wanted.

Keras is imported when a function of :mod:`snnctl.models.network` is first used, so that finding a file stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.models.load import LoadedModel, load_model

if TYPE_CHECKING:
    from snnctl.models.network import as_dtype, check_finite, check_fits, check_savable, dtype_of, kind_of, precision

__all__ = ["LoadedModel", "load_model"]
__all__ += ["as_dtype", "check_finite", "check_fits", "check_savable", "dtype_of", "kind_of", "precision"]


def __getattr__(name: str) -> Any:
    """The function ``name`` of :mod:`snnctl.models.network`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from snnctl.models import network

    return getattr(network, name)
