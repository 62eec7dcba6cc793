"""Windows that are calibrated after every epoch, so that training adapts to a short latency."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.calibrate import Calibrator
from snnctl.forward import Inputs
from snnctl.progress import SilentReporter
from snnctl.ttfs.timeline import set_windows, spiking_layers


class EpochWindows(keras.callbacks.Callback):
    """Sets the windows of a spiking network to a quantile of its activations after every epoch.

    In the first epoch the windows do what they are set to; from the second on they are fixed while training.

    Args:
        inputs: calibration images (images, \\*input_shape), or a stream of them.
        latency_quantile: X_n is this quantile of a layer's spikes.
        zeta: margin.
        batch_size: images at a time.
    """

    def __init__(self, inputs: Inputs, latency_quantile: float, zeta: float, batch_size: int) -> None:
        super().__init__()
        self.inputs = inputs
        self.latency_quantile = latency_quantile
        self.zeta = zeta
        self.batch_size = batch_size
        self.calibrator: Calibrator | None = None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Calibrates."""
        self.calibrate(self.model)
        if any(layer.windows != "fixed" for layer in spiking_layers(self.model)):
            set_windows(self.model, "fixed", gamma=1.0)
            self.model.make_train_function(force=True)  # the one there is lets windows grow

    def calibrate(self, model: keras.Model) -> None:
        """Sets the windows of ``model``, always the same one."""
        self.calibrator = self.calibrator or Calibrator(model)
        self.calibrator.calibrate(self.inputs, self.latency_quantile, self.zeta, self.batch_size, SilentReporter())
