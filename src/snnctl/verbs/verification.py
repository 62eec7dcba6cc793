"""Runs the source network and the spiking network side by side, batch by batch, and keeps sums only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np

from snnctl.data.stream import Stream
from snnctl.forward import compiled
from snnctl.metrics.predictions import Agreement, RunningAgreement, RunningScore, RunningVariety, worst
from snnctl.metrics.spikes import SpikeStatistics, spike_statistics
from snnctl.progress import Reporter


@dataclass(frozen=True)
class Score:
    """What one network is worth.

    Args:
        accuracy: as a part of 1.
        loss: mean cross-entropy, in nats.
    """

    accuracy: float
    loss: float


@dataclass(frozen=True)
class Comparison:
    """Two networks on the same samples.

    Args:
        samples: how many.
        outputs: how far they agree, by output.
        source: accuracy and loss of the source network; None without labels, or without an output for them.
        spiking: the same of the spiking network.
        varieties: how far the source network's answers vary, by output.
    """

    samples: int
    outputs: dict[str, Agreement]
    source: Score | None
    spiking: Score | None
    varieties: dict[str, RunningVariety] = field(default_factory=dict)

    @property
    def overall(self) -> Agreement:
        """The worst of all outputs."""
        return worst(list(self.outputs.values()))

    def figures(self) -> dict[str, Any]:
        """Agreement as plain figures; by output as well if there are several."""
        overall = self.overall
        figures = {**asdict(overall), "different_predictions": overall.different_predictions}
        figures.pop("samples")
        if len(self.outputs) > 1:
            figures["outputs"] = [{"name": name, **asdict(each)} for name, each in self.outputs.items()]
        return figures


class Watched:
    """A stream that remembers the batch it gave last.

    Args:
        stream: the samples.
    """

    def __init__(self, stream: Stream) -> None:
        self.shape, self.dtype = stream.shape, stream.dtype
        self.inputs = np.empty(0)
        self.labels: np.ndarray | None = None
        self._stream = stream

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._stream)

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """The inputs."""
        for inputs, labels in self._stream.pairs(size):
            self.inputs, self.labels = inputs, labels
            yield inputs


def compare(
    source: keras.Model,
    spiking: keras.Model,
    stream: Stream,
    scored: int | None,
    batch_size: int,
    reporter: Reporter,
    description: str,
) -> tuple[Comparison, SpikeStatistics]:
    """Shows every sample to both networks once.

    Args:
        source: gives logits (samples, \\*outputs), a list of them if it has several outputs.
        spiking: the same.
        stream: the samples, with labels or without.
        scored: number of the output that accuracy is measured on; None for none.
        batch_size: samples at a time.
        reporter: shows progress.
        description: of the progress.
    """
    watched = Watched(stream)
    agreements = [RunningAgreement() for _ in source.outputs]
    varieties = [RunningVariety() for _ in source.outputs]
    scores = (RunningScore(), RunningScore())
    answer = compiled(lambda inputs: keras.tree.flatten(source(inputs, training=False)), watched)

    def visit(of_spiking: list[np.ndarray]) -> None:
        of_source = [output.numpy() for output in answer(watched.inputs)]
        for running, variety, first, second in zip(agreements, varieties, of_source, of_spiking, strict=True):
            running.add(first, second)
            variety.add(first)
        if watched.labels is not None and scored is not None:
            scores[0].add(of_source[scored], watched.labels)
            scores[1].add(of_spiking[scored], watched.labels)

    statistics = spike_statistics(spiking, watched, batch_size, reporter, description, visit)
    of_source, of_spiking = (
        Score(score.accuracy, score.loss) if stream.labelled and scored is not None else None for score in scores
    )
    results = [running.result() for running in agreements]
    names = output_names(source)
    outputs, varied = dict(zip(names, results, strict=True)), dict(zip(names, varieties, strict=True))
    return Comparison(len(stream), outputs, of_source, of_spiking, varied), statistics


def output_names(model: keras.Model) -> list[str]:
    """What the outputs are called; numbered where two have the same name."""
    names = list(getattr(model, "output_names", ()))
    if len(set(names)) != len(model.outputs):
        names = [f"output {number}" for number, _ in enumerate(model.outputs, start=1)]
    return names
