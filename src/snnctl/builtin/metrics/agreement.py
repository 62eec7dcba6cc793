"""How far a spiking network answers as the ReLU network does that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.predictions import RunningAgreement, worst
from snnctl.plugins.metric import Metric


class SourceAgreement(Metric):
    """``agreement``, ``different_predictions`` and differences of logits; the worst of several outputs, and each."""

    name = "agreement"
    summary = "How far a converted network answers as its ReLU network does"
    networks: ClassVar[tuple[str, ...]] = ("snn",)
    needs: ClassVar[tuple[str, ...]] = ("source",)

    def __init__(self, network: MeasuredNetwork) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        super().__init__(network)
        self._running: dict[str, RunningAgreement] = {}

    def add(self, batch: Batch) -> None:
        """See :class:`~snnctl.plugins.Metric`."""
        for (name, source), spiking in zip((batch.source or {}).items(), batch.outputs, strict=True):
            self._running.setdefault(name, RunningAgreement()).add(source, spiking)

    def result(self) -> Mapping[str, Any]:
        """See :class:`~snnctl.plugins.Metric`."""
        outputs = {name: running.result() for name, running in self._running.items()}
        overall = worst(list(outputs.values()))
        figures = {**asdict(overall), "different_predictions": overall.different_predictions}
        figures.pop("samples")
        if len(outputs) > 1:
            figures["outputs"] = [{"name": name, **asdict(each)} for name, each in outputs.items()]
        return figures
