"""The training callbacks that snnctl brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from snnctl.errors import UsageError
from snnctl.plugins.callback import TrainingCallback, TrainingContext

if TYPE_CHECKING:
    import keras


class EarlyStopping(TrainingCallback):
    """Ends a training that gets no better; Keras's own."""

    name = "early-stopping"
    summary = "End the training when a figure gets no better, with the best epoch's weights"

    def make(
        self,
        context: TrainingContext,
        *,
        monitor: Literal["loss", "accuracy", "val_loss", "val_accuracy"] = "val_loss",
        patience: int = 3,
        min_delta: float = 0.0,
        restore: bool = True,
    ) -> keras.callbacks.Callback:
        """See ``keras.callbacks.EarlyStopping``.

        Args:
            context: of the training.
            monitor: the figure of each epoch that is watched.
            patience: epochs without a better one.
            min_delta: how much better it must be to count.
            restore: whether the weights and windows of the best epoch are kept.

        Raises:
            UsageError: a number is out of range.
        """
        import keras

        if patience < 0 or not 0 <= min_delta < float("inf"):
            raise UsageError(
                f"early-stopping has patience {patience} and min_delta {min_delta}", todo="Both must not be below 0."
            )
        return keras.callbacks.EarlyStopping(
            monitor=monitor,
            patience=patience,
            min_delta=min_delta,
            mode="max" if monitor.endswith("accuracy") else "min",
            restore_best_weights=restore,
        )


ALL: tuple[TrainingCallback, ...] = (EarlyStopping(),)
