"""A file that TensorBoard reads, closed whenever nothing is written to it.

TensorFlow's own writers stay open from the first epoch to the last, and no callback is told that a training has failed.
So this file is opened anew for each epoch, to go on behind what it holds.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.record_writer import RecordWriter

from snnctl.errors import OutputError

MOST = 200_000  # values of which a histogram is made


class EventFile:
    """The events of one curve: a run, in the terms of TensorBoard.

    Args:
        folder: made with the first event.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.snnctl"

    def write(
        self, step: int, scalars: Mapping[str, float], histograms: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """The figures of one epoch, by tag; the file is closed afterwards.

        Args:
            step: number of the epoch, from 0.
            scalars: numbers.
            histograms: arrays of any shape; of a large one, evenly chosen values.

        Raises:
            OutputError: the file cannot be written.
        """
        summaries = [scalar_pb(tag, value) for tag, value in scalars.items()]
        summaries += [histogram_pb(tag, thinned(values)) for tag, values in (histograms or {}).items()]
        events = [Event(wall_time=time.time(), step=step, summary=summary) for summary in summaries]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                events.insert(0, Event(wall_time=time.time(), file_version="brain.Event:2"))
            with open(self.path, "ab") as file:
                records = RecordWriter(file)
                for event in events:
                    records.write(event.SerializeToString())
        except OSError as error:
            raise OutputError(
                f"TensorBoard's file cannot be written: {error.strerror}",
                where=str(self.path),
                todo="Choose another folder: --callback tensorboard.log_dir=...",
            ) from error


def thinned(values: np.ndarray) -> np.ndarray:
    """At most :data:`MOST` of the values, evenly chosen."""
    flat = np.asarray(values).reshape(-1)
    return flat[:: -(-flat.size // MOST)] if flat.size > MOST else flat
