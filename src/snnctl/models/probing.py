"""Whether HDF5 survives a file, found out in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from snnctl.errors import ModelError

MODULE = "snnctl.models.probe"
OUT_OF_MEMORY = 3
AGAIN = "Copy or save it again."


def check_survivable(file: Path, path: Path, module: str = MODULE) -> None:
    """Refuse an HDF5 file that would hang or crash whoever reads it, or fill the memory.

    Args:
        file: the HDF5 file.
        path: what the message calls it.
        module: reads the file when it is run; by default, one of weights.

    Raises:
        ModelError: it would.
    """
    state = file.stat()
    code = _probed(module, str(file), state.st_mtime_ns, state.st_size)
    if code == OUT_OF_MEMORY:
        raise ModelError(f"{path} is damaged: reading it takes more memory than all its weights.", todo=AGAIN)
    if code < 0:  # ended by a signal
        raise ModelError(f"{path} is damaged: reading it does not come to an end.", todo=AGAIN)


@lru_cache(maxsize=16)
def _probed(module: str, file: str, changed: int, size: int) -> int:
    """How the process that read the file ended; when and how large the file was tell whether it is another one."""
    one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "HDF5_USE_FILE_LOCKING": "FALSE"}
    done = subprocess.run(
        [sys.executable, "-m", module, file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **one_thread},
        check=False,
    )
    return done.returncode
