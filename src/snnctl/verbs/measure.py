"""What is measured of any network, as plain figures (the content of ``metrics.json``)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import keras

from snnctl.conversion.logits import logits_of
from snnctl.data.dataset import Samples
from snnctl.data.stream import ArrayStream
from snnctl.metrics.network import PRICES, MeasuredNetwork
from snnctl.metrics.observation import observed
from snnctl.plugins import Registry, load_registry
from snnctl.progress import Reporter
from snnctl.verbs.measurement import Measurement
from snnctl.verbs.network_shape import class_count, class_output


def measure(
    model: keras.Model,
    kind: str,
    samples: Samples,
    batch_size: int,
    reporter: Reporter,
    description: str,
    *,
    registry: Registry | None = None,
    metrics: Collection[str] | None = None,
    prices: tuple[float, float] = PRICES,
) -> dict[str, Any]:
    """The figures of a network on labelled samples.

    Args:
        model: the network.
        kind: "relu" or "snn".
        samples: inputs and labels.
        batch_size: samples at a time.
        reporter: shows progress.
        description: of the progress.
        registry: has the metrics; snnctl's own when not given.
        metrics: names of those that are wanted, e.g. "accuracy", "spikes", "latency", "saturation"; None for all.
        prices: of operations, see :class:`~snnctl.metrics.network.MeasuredNetwork`.

    Raises:
        PluginError: one of ``metrics`` is none.
    """
    model = logits_of(model) if kind == "relu" else model
    stream = ArrayStream(lambda: samples.inputs, samples.labels)
    scored = class_output(model, class_count(model))
    network = MeasuredNetwork(model, kind, stream.shape[1:], len(stream), scored, prices)
    registry = load_registry(entry_points=False) if registry is None else registry
    measurement = Measurement(network, registry, reporter, names=metrics)
    for batch in observed(network, stream, measurement.needs, batch_size, reporter, description):
        measurement.add(batch)
    return measurement.figures()
