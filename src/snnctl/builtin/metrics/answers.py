"""What a network answers: against the labels, and against the ReLU network that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.predictions import Agreement, by_class, losses, predictions, worst
from snnctl.plugins.metric import Metric

LARGEST = 5
MOST_CLASSES = 100  # beyond, the matrix would outgrow all other figures


class Accuracy(Metric):
    """``accuracy``: fraction of the samples; of equal logits the first counts."""

    name = "accuracy"
    summary = "How often the largest logit is the label's"
    needs = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._right = 0

    def add(self, batch: Batch) -> None:
        self._right += int(np.count_nonzero(predictions(batch.logits) == batch.labels))

    def result(self) -> Mapping[str, Any]:
        return {"accuracy": self._right / self.network.images}


class Top5(Metric):
    """``top5_accuracy``: fraction of the samples; only with more than five classes."""

    name = "top-5"
    summary = "How often the label's logit is among the five largest"
    needs = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._right = self._classes = 0

    def add(self, batch: Batch) -> None:
        logits, labels = batch.logits, np.asarray(batch.labels, np.int64)[:, None]
        self._classes = logits.shape[1]
        if self._classes > LARGEST:
            mine = np.take_along_axis(logits, labels, axis=1)
            earlier = np.arange(self._classes) < labels
            before = np.count_nonzero((logits > mine) | ((logits == mine) & earlier), axis=1)
            self._right += int(np.count_nonzero(before < LARGEST))

    def result(self) -> Mapping[str, Any]:
        return {"top5_accuracy": self._right / self.network.images} if self._classes > LARGEST else {}


class Loss(Metric):
    """``loss``: mean cross-entropy, in nats."""

    name = "loss"
    summary = "Mean cross-entropy of the logits"
    needs = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._sum = 0.0

    def add(self, batch: Batch) -> None:
        self._sum += float(losses(batch.logits, np.asarray(batch.labels)).sum())

    def result(self) -> Mapping[str, Any]:
        return {"loss": self._sum / self.network.images}


class Confusion(Metric):
    """``confusion_matrix``: counts, a row for each label, a column for each prediction; up to 100 classes."""

    name = "confusion"
    summary = "How often each class is taken for which"
    needs = ("labels",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._counts = np.zeros((0, 0), np.int64)

    def add(self, batch: Batch) -> None:
        logits = by_class(batch.logits)
        classes = logits.shape[1]
        if classes > MOST_CLASSES:
            return
        if not self._counts.size:
            self._counts = np.zeros((classes, classes), np.int64)
        np.add.at(self._counts, (np.asarray(batch.labels, np.int64), logits.argmax(axis=-1)), 1)

    def result(self) -> Mapping[str, Any]:
        return {"confusion_matrix": self._counts.tolist()} if self._counts.size else {}


class SourceAgreement(Metric):
    """``agreement``, ``different_predictions`` and differences of logits; the worst of several outputs, and each."""

    name = "agreement"
    summary = "How far a converted network answers as its ReLU network does"
    networks = ("snn",)
    needs = ("source",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._outputs: dict[str, Agreement] = {}

    def add(self, batch: Batch) -> None:
        for (name, source), spiking in zip((batch.source or {}).items(), batch.outputs, strict=True):
            self._outputs.setdefault(name, Agreement()).add(source, spiking)

    def result(self) -> Mapping[str, Any]:
        outputs = [{"name": name, **agreement.figures()} for name, agreement in self._outputs.items()]
        figures = {key: value for key, value in worst(outputs).items() if key not in ("name", "samples")}
        return {**figures, "outputs": outputs} if len(outputs) > 1 else figures
