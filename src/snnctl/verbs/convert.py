"""``snnctl convert``: a trained ReLU network becomes a spiking one, and the two are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from snnctl.data.stream import first
from snnctl.errors import AgreementError
from snnctl.verbs.opening import Network
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.result import Result, Run

if TYPE_CHECKING:
    import keras

    from snnctl.verbs.feed import Feed

VERIFIED_CALIBRATION_IMAGES = 1000
AGREEMENT = ("agreement", "max_logit_difference", "mean_logit_difference", "largest_logit")


def convert(options: ConvertOptions, run: Run) -> Result:
    """Builds the spiking network, calibrates its windows, and verifies it with the final windows.

    Raises:
        ConversionError: a layer that cannot be converted.
        ModelError, DataError, UsageError, PluginError: see :func:`~snnctl.verbs.opening_feed.open_with_feed`.
    """
    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.conversion.calibrate import calibrate
    from snnctl.conversion.graph import sized
    from snnctl.ttfs.timeline import spiking_layers
    from snnctl.verbs.expectation import unchecked_scale, unexpected_data
    from snnctl.verbs.opening_feed import open_with_feed
    from snnctl.verbs.soundness import defect, rounding_of_source

    network, feed = open_with_feed(options, run)
    network = replace(network, model=sized(network.model, tuple(feed.calibration.shape[1:])))
    settings = SpikingSettings(input_range=feed.input_range, dtype=network.dtype)
    snn = build_spiking(network.model, settings, network.rules)
    warnings = [
        *unexpected_data(network.model, feed.calibration),
        *unchecked_scale(network.model, feed.calibration, feed.settings["preprocess"] or "raw"),
        *rounding_of_source(network.model),
    ]
    X = calibrate(snn, feed.calibration, options.quantile, options.zeta, options.batch_size, run.reporter)
    warnings += [
        f"layer '{layer.name}' never spikes on the calibration data; its window is arbitrary"
        for layer, X_n in zip(spiking_layers(snn), X, strict=True)
        if X_n == 0
    ]
    metrics, alike = measured(network, snn, feed, options.batch_size, run)
    warnings += [*alike, *afterthoughts(metrics, feed, network.recorded)]
    for warning in warnings:
        run.reporter.warn(warning)
    metrics["warnings"] = warnings
    missed = disagreement(metrics, options.require_agreement)
    wrong = defect(metrics, network.model, network.dtype)
    resolved = {**options.model_dump(mode="json"), "dtype": network.dtype, **feed.settings}
    return Result("convert", metrics, resolved, snn, failure=wrong or missed)


def measured(
    network: Network, snn: keras.Model, feed: Feed, batch_size: int, run: Run
) -> tuple[dict[str, Any], list[str]]:
    """The spiking network's figures and its agreement with the source network; what makes that say little."""
    from snnctl.conversion.logits import logits_of
    from snnctl.metrics.network import MeasuredNetwork
    from snnctl.ttfs.timeline import latency
    from snnctl.verbs.measurement import Measurement
    from snnctl.verbs.network_shape import class_output
    from snnctl.verbs.verification import compare

    samples = feed.verification
    if samples is None:
        return {"type": "snn", "latency": latency(snn), "calibration_images": len(feed.calibration)}, []
    source = logits_of(network.model)
    scored = class_output(source, feed.classes)
    shown = MeasuredNetwork(snn, "snn", samples.shape[1:], len(samples), scored)
    measurement = Measurement(shown, run.registry, run.reporter, labelled=samples.labelled, compared=True)
    compared = compare(source, measurement, samples, batch_size, run.reporter, "comparing both networks")
    metrics = {
        **measurement.figures(),
        "split": feed.split,
        "verified_on": feed.name,
        **({} if compared.accuracy is None else {"source_accuracy": compared.accuracy}),
        "calibration_images": len(feed.calibration),
    }
    if feed.split == "test":
        sample = first(feed.calibration, VERIFIED_CALIBRATION_IMAGES)
        shown = MeasuredNetwork(snn, "snn", sample.shape[1:], len(sample), None)
        again = Measurement(shown, run.registry, run.reporter, compared=True, names=["agreement"])
        compare(source, again, sample, batch_size, run.reporter, "comparing on calibration data")
        metrics["calibration"] = {"samples": len(sample), **agreement_of(again.figures())}
    return metrics, compared.warnings


def agreement_of(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of two networks' agreement among others."""
    return {key: figures[key] for key in AGREEMENT}


def afterthoughts(metrics: dict[str, Any], feed: Feed, recorded: Mapping[str, Any]) -> list[str]:
    """What the figures say about the data, one sentence each.

    Args:
        metrics: of the conversion.
        feed: what they were measured on.
        recorded: settings of the run that the source network comes from; empty if it comes from none.
    """
    from snnctl.verbs.expectation import chance_level

    found = []
    if "source_accuracy" in metrics and feed.classes:
        prepared = {"data": feed.settings["data"], "preprocess": feed.preprocess}
        as_trained = bool(recorded.get("data")) and all(recorded.get(key) == value for key, value in prepared.items())
        found.append(chance_level(metrics["source_accuracy"], feed.classes, metrics["images"], as_trained))
    if outside := metrics.get("out_of_range"):
        low, high = feed.input_range
        found.append(
            f"{100 * outside:.3g} % of the input values lie outside the coded range from {low:g} to {high:g} and are "
            "cut off there; --input-range P,Q sets it"
        )
    return [sentence for sentence in found if sentence]


def disagreement(metrics: dict[str, Any], required: float | None) -> AgreementError | None:
    """The error that the networks do not agree as far as required, None if they do; notes what was required."""
    if required is None:
        return None
    metrics["required_agreement"] = required
    if metrics["agreement"] >= required:
        return None
    different = metrics["different_predictions"]
    wider = "Wider windows (--quantile 1, a larger --zeta) or --dtype float64 bring them closer."
    finer = "Nothing saturates, so wider windows change nothing; --dtype float64 brings them closer."
    return AgreementError(
        f"the spiking network answers unlike the ReLU network: the agreement is {metrics['agreement']:.6g}, and "
        f"{required:g} is required ({different:,} different predictions)",
        todo=wider if metrics["saturated"] else finer,
    )
