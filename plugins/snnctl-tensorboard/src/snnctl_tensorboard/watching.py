"""The callback of Keras that writes a training down, epoch by epoch."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import keras
import numpy as np

from snnctl.errors import OutputError
from snnctl.progress import Reporter
from snnctl_tensorboard.event_file import EventFile
from snnctl_tensorboard.parameters import parameters
from snnctl_tensorboard.spikes import Spikes

VALIDATION = "val_"
UNSAFE = re.compile(r"[^\w.,=+ -]")
LONGEST = 100  # characters of a name


class Watching(keras.callbacks.Callback):
    """Writes figures after every epoch, under the tags of Keras's own callback of this name where that has them.

    Args:
        log_dir: in which the training's folder is made.
        called: what the folder is called besides the time.
        epochs: how many there are.
        inputs: the samples of which spikes are counted, (samples, \\*input_shape); none for a ReLU network.
        histograms: whether spike times, weights and thresholds are written.
        every: of how many epochs one has its spikes and histograms written.
        reporter: is told the folder.
    """

    def __init__(
        self,
        log_dir: Path,
        called: str,
        epochs: int,
        inputs: np.ndarray,
        histograms: bool,
        every: int,
        reporter: Reporter,
    ) -> None:
        super().__init__()
        self.log_dir = log_dir
        self.called = called
        self.epochs = epochs
        self.inputs = inputs
        self.histograms = histograms
        self.every = every
        self.reporter = reporter
        self.spikes: Spikes | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Makes the folder, and tells it."""
        folder = new_folder(self.log_dir, self.called)
        self.train, self.validation = EventFile(folder / "train"), EventFile(folder / "validation")
        self.reporter.note(f"TensorBoard: tensorboard --logdir {self.log_dir} ({folder.name})")
        if len(self.inputs):
            self.spikes = Spikes(self.model, self.inputs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the epoch."""
        logs = {name: float(value) for name, value in (logs or {}).items()}
        scalars = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith(VALIDATION)}
        scalars["epoch_learning_rate"] = learning_rate(self.model.optimizer)
        histograms: dict[str, np.ndarray] = {}
        if epoch % self.every == 0 or epoch == self.epochs - 1:
            if self.spikes is not None:
                found = self.spikes.found()
                scalars |= found.scalars
                histograms |= found.histograms if self.histograms else {}
            if self.histograms:
                histograms |= parameters(self.model)
        self.train.write(epoch, scalars, histograms)
        held_out = {name.removeprefix(VALIDATION): value for name, value in logs.items() if name.startswith(VALIDATION)}
        if held_out:
            self.validation.write(epoch, {f"epoch_{name}": value for name, value in held_out.items()})


def learning_rate(optimizer: Any) -> float:
    """The rate of the step that comes next."""
    return float(keras.ops.convert_to_numpy(getattr(optimizer, "inner_optimizer", optimizer).learning_rate))


def file_name(text: str) -> str:
    """The text as a part of a folder's name: what is not safe there becomes ``_``; of a long one, the beginning."""
    return UNSAFE.sub("_", text.strip())[:LONGEST]


def new_folder(log_dir: Path, called: str) -> Path:
    """A folder that was not there, called after the time and ``called``.

    Raises:
        OutputError: it cannot be made.
    """
    wanted = f"{datetime.now():%Y%m%d-%H%M%S}-{called}"
    for number in count(1):
        folder = log_dir / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError as error:
            if not log_dir.is_dir():
                raise _no_folder(log_dir, error) from error
        except OSError as error:
            raise _no_folder(log_dir, error) from error
    raise AssertionError


def _no_folder(log_dir: Path, error: OSError) -> OutputError:
    return OutputError(
        f"no folder for TensorBoard can be made: {error.strerror}",
        where=str(log_dir),
        todo="Choose another one: --callback tensorboard.log_dir=...",
    )
