"""Reading networks: from run folders, ``.keras`` files and HDF5 files of Keras 2 and 3, in the precision wanted.

Importing this package imports Keras.
"""

from snnctl.models.dtype import as_dtype, dtype_of, precision
from snnctl.models.finite import check_finite
from snnctl.models.fit import check_fits
from snnctl.models.load import LoadedModel, load_model

__all__ = ["LoadedModel", "as_dtype", "check_finite", "check_fits", "dtype_of", "load_model", "precision"]
