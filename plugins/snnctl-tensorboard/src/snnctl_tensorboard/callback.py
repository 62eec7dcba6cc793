"""The training callback ``tensorboard``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snnctl.errors import UsageError
from snnctl.plugins import TrainingCallback, TrainingContext

if TYPE_CHECKING:
    import keras


class TensorBoard(TrainingCallback):
    """Writes a training for TensorBoard; docs/plugins/tensorboard.md lists what."""

    name = "tensorboard"
    summary = "Scalars, windows, spikes and histograms for TensorBoard"

    def make(
        self,
        context: TrainingContext,
        *,
        log_dir: str = "runs/tensorboard",
        name: str = "",
        histograms: bool = True,
        images: int = 256,
        every: int = 1,
    ) -> keras.callbacks.Callback:
        """The callback of one training.

        Args:
            context: of the training.
            log_dir: each training writes into a new folder in it, called after time and verb.
            name: the folder is called after this, too; such as "lr ${lr}" in a recipe with a matrix.
            histograms: whether spike times, weights and thresholds are written.
            images: the first of the validation samples, or of the training's where there are none, are those of which
                spikes are counted; 0: none are.
            every: spikes and histograms are written every so many epochs, and at the end.

        Raises:
            UsageError: an option that is out of its range.
        """
        from snnctl_tensorboard.watching import Watching, file_name

        if not log_dir.strip():
            raise UsageError("option 'log_dir' of training callback 'tensorboard' is empty", todo="name a folder")
        for option, value, least in (("images", images, 0), ("every", every, 1)):
            if value < least:
                raise UsageError(
                    f"option '{option}' of training callback 'tensorboard' is {value}; it must be at least {least}"
                )
        samples = context.validation if context.validation is not None else context.train
        shown = samples.inputs[:images] if context.kind == "snn" else samples.inputs[:0]
        called = f"{context.verb}-{file_name(name)}" if name.strip() else context.verb
        return Watching(Path(log_dir).expanduser(), called, context.epochs, shown, histograms, every, context.reporter)
