"""Import TensorFlow without its chatter about CUDA, oneDNN and computation placers.

Much of it is written to file descriptor 2 by C++ code before any log level is read; so the descriptor
itself points to a temporary file meanwhile, which is shown only if the import fails.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import IO, TextIO, cast

from snnctl.cli.entry import USUAL
from snnctl.cli.streams import MessageStream, text_stream

LEVELS = {"TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "3", "ABSL_MIN_LOG_LEVEL": "3"}


def import_tensorflow() -> None:
    """Import TensorFlow and Keras and look for devices, silently. From here on garbage is looked for as usual.

    Log levels that the user has set stay as they are; then nothing is hidden.
    """
    set_environment()
    try:
        if is_talkative():
            _import()
            return
        with captured_stderr() as captured:
            try:
                _import()
            except Exception:
                captured.seek(0)
                sys.stderr.write(captured.read().decode(errors="replace"))
                raise
    finally:
        gc.set_threshold(*USUAL)


def set_environment() -> None:
    """What must be settled before anyone imports TensorFlow or Keras."""
    for name, value in LEVELS.items():
        os.environ.setdefault(name, value)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever ~/.keras/keras.json says


def is_talkative() -> bool:
    """Whether the user has asked for TensorFlow's messages."""
    return os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") != "3"


@contextmanager
def captured_stderr() -> Iterator[IO[bytes]]:
    """File descriptor 2 goes to a temporary file; Python's own ``sys.stderr`` goes on to where it went."""
    sys.stderr.flush()
    real = os.dup(2)
    still_open = MessageStream(text_stream(real))
    with tempfile.TemporaryFile() as captured, redirect_stderr(cast(TextIO, still_open)):
        os.dup2(captured.fileno(), 2)
        try:
            yield captured
        finally:
            still_open.flush()
            os.dup2(real, 2)
            os.close(real)


def _import() -> None:
    import logging

    import keras  # noqa: F401
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.config.list_physical_devices()
