"""``snnctl convert``: a trained ReLU network becomes a spiking one, and the two are compared."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from snnctl.verbs.opening import Opened, open_model, require_relu
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.result import Result, Run

if TYPE_CHECKING:
    import keras
    import numpy as np

VERIFIED_CALIBRATION_IMAGES = 1000


def convert(options: ConvertOptions, run: Run) -> Result:
    """Builds the spiking network, calibrates its windows on training data, and verifies it.

    Verification runs both networks, with the final windows, on the test split and on some of the calibration data.

    Raises:
        ConversionError: a layer that cannot be converted.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_model`.
    """
    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.conversion.calibrate import calibrate
    from snnctl.ttfs.timeline import spiking_layers

    opened = open_model(options, run)
    require_relu(opened, options.model)
    snn = build_spiking(
        opened.model, SpikingSettings(input_range=opened.source.preprocessing.input_range, dtype=opened.dtype)
    )
    calibration = calibration_data(opened, options.calibrate, options.seed)
    X = calibrate(snn, calibration, options.quantile, options.zeta, options.batch_size, run.reporter)
    for layer, X_n in zip(spiking_layers(snn), X, strict=True):
        if X_n == 0:
            run.reporter.warn(f"layer '{layer.name}' never spikes on the calibration data; its window is arbitrary")
    metrics = verify(opened, snn, calibration, options.batch_size, run)
    return Result("convert", metrics, opened.settings, snn)


def calibration_data(opened: Opened, images: int, seed: int) -> np.ndarray:
    """At most ``images`` training inputs, drawn without their labels, shape (images, \\*input_shape)."""
    import numpy as np

    inputs = opened.source.split("train").inputs
    if len(inputs) <= images:
        return inputs
    chosen = np.random.default_rng(seed).choice(len(inputs), images, replace=False)
    return inputs[np.sort(chosen)]


def verify(opened: Opened, snn: keras.Model, calibration: np.ndarray, batch_size: int, run: Run) -> dict[str, Any]:
    """The spiking network's figures on the test split, and its agreement with the source network."""
    from snnctl.conversion.logits import logits_of
    from snnctl.forward import logits
    from snnctl.metrics.predictions import agreement
    from snnctl.verbs.measure import measure

    relu = logits_of(opened.model)
    test = opened.source.split("test")
    metrics, spiking = measure(snn, "snn", test, batch_size, run.reporter, "measuring the spiking network")
    source_metrics, source = measure(relu, "relu", test, batch_size, run.reporter, "measuring the ReLU network")
    compared = agreement(source, spiking)
    sample = calibration[:VERIFIED_CALIBRATION_IMAGES]
    on_calibration = agreement(
        logits(relu, sample, batch_size, run.reporter, "comparing on calibration data: ReLU"),
        logits(snn, sample, batch_size, run.reporter, "comparing on calibration data: spiking"),
    )
    return {
        **metrics,
        "split": "test",
        "source_accuracy": source_metrics["accuracy"],
        "agreement": compared.agreement,
        "different_predictions": round((1 - compared.agreement) * compared.samples),
        "max_logit_difference": compared.max_logit_difference,
        "mean_logit_difference": compared.mean_logit_difference,
        "largest_logit": compared.largest_logit,
        "calibration_images": len(calibration),
        "calibration": asdict(on_calibration),
    }
