"""Runs the source network and the spiking network side by side, batch by batch, and keeps sums only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import keras
import numpy as np

from snnctl.data.stream import Stream
from snnctl.forward import compiled
from snnctl.metrics.observation import observed
from snnctl.metrics.predictions import predictions
from snnctl.progress import Reporter
from snnctl.verbs.measurement import Measurement
from snnctl.verbs.soundness import Variety


@dataclass(frozen=True)
class Comparison:
    """What the source network did on the samples.

    Args:
        accuracy: as a part of 1; None without labels, or without an output for them.
        warnings: that its answers do not vary, one sentence for each output of which that is so.
    """

    accuracy: float | None
    warnings: list[str]


def compare(
    source: keras.Model,
    measurement: Measurement,
    stream: Stream,
    batch_size: int,
    reporter: Reporter,
    description: str,
) -> Comparison:
    """Shows every sample to both networks once.

    Args:
        source: gives logits (samples, \\*outputs), a list of them if it has several outputs.
        measurement: of the spiking network, which gives the same; shown both networks' outputs.
        stream: the samples, with labels or without.
        batch_size: samples at a time.
        reporter: shows progress.
        description: of the progress.
    """
    network, right = measurement.network, 0
    varieties = [Variety(name) for name in output_names(source)]
    answer = compiled(lambda inputs: keras.tree.flatten(source(inputs, training=False)), stream, batch_size)
    for batch in observed(network, stream, measurement.needs, batch_size, reporter, description):
        outputs = [output.numpy() for output in answer(batch.inputs)]
        for variety, output in zip(varieties, outputs, strict=True):
            variety.add(output)
        if batch.labels is not None and network.scored is not None:
            right += int(np.count_nonzero(predictions(outputs[network.scored]) == batch.labels))
        by_name = {variety.name: output for variety, output in zip(varieties, outputs, strict=True)}
        measurement.add(replace(batch, source=by_name))
    scored = stream.labelled and network.scored is not None
    warnings = [variety.warning for variety in varieties if variety.warning]
    return Comparison(right / len(stream) if scored else None, warnings)


def output_names(model: keras.Model) -> list[str]:
    """What the outputs are called; numbered where two have the same name."""
    names = list(getattr(model, "output_names", ()))
    if len(set(names)) != len(model.outputs):
        names = [f"output {number}" for number, _ in enumerate(model.outputs, start=1)]
    return names
