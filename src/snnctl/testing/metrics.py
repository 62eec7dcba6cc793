"""Checks of a metric."""

from __future__ import annotations

import json
import math
from typing import Any

from snnctl.plugins.metric import Metric
from snnctl.testing.findings import Checks, Finding, Unknown, Worth, require
from snnctl.testing.tiny import CLASSES, NAME, Networks, tiny_samples
from snnctl.testing.trial import Trial, registry_with_hook
from snnctl.testing.working import work
from snnctl.verbs.result import Given

SAMPLES = 30
BATCHES = (8, 30)  # the last of 8 is shorter


def examine_metric(metric: type[Metric], trial: Trial) -> list[Finding]:
    """Whether it measures small networks of the kinds it applies to."""
    checks = Checks(f"metric '{metric.name}'")
    for kind in metric.networks:
        figures: dict[str, Any] | None = None
        measures = f"measures a {'ReLU' if kind == 'relu' else 'spiking'} network"
        with checks.that(measures):
            figures = _figures(metric, trial.networks, kind, BATCHES[0])
            if not figures:
                raise Unknown(f"it has no figures of a network with {CLASSES} classes")
        if figures and "source" not in metric.needs:
            with checks.that(f"{measures} alike whatever the batches"):
                _require_alike(figures, _figures(metric, trial.networks, kind, BATCHES[1]))
    return checks.findings


def _figures(metric: type[Metric], networks: Networks, kind: str, batch_size: int) -> dict[str, Any]:
    found = _compared(metric, networks) if "source" in metric.needs else _measured(metric, networks, kind, batch_size)
    failed = found.get("failed_metrics", {})
    require(metric.name not in failed, failed.get(metric.name, ""))
    figures = found.get("plugins", {}).get(metric.name, {})
    json.dumps(_finite(figures), allow_nan=False)
    return figures


def _measured(metric: type[Metric], networks: Networks, kind: str, batch_size: int) -> dict[str, Any]:
    from snnctl.progress import SilentReporter
    from snnctl.verbs.measure import measure

    registry = registry_with_hook("metrics", metric, alone=True)
    found = measure(
        networks.relu if kind == "relu" else networks.snn,
        kind,
        tiny_samples(SAMPLES),
        batch_size,
        SilentReporter(),
        "measuring",
        registry=registry,
        metrics=[metric.name],
    )
    return found


def _compared(metric: type[Metric], networks: Networks) -> dict[str, Any]:
    """The figures of a conversion: the only place where the ReLU network's outputs are there, too."""
    registry = registry_with_hook("metrics", metric)
    found = work("convert", registry, given=Given(model=networks.relu), model=NAME, data=NAME).metrics
    own = any(entry.metric is metric and entry.own for entry in registry.metrics().values())
    return {"plugins": {metric.name: found}} if own else found  # snnctl's own figures stand among all others


def _require_alike(one: Any, other: Any, where: str = "result") -> None:
    """Warn of figures that depend on the size of the batches, as averages of averages do."""
    if isinstance(one, dict) and isinstance(other, dict):
        require(one.keys() == other.keys(), f"{where} has other figures in other batches")
        for key in one:
            _require_alike(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            _require_alike(*pair, f"{where}[{number}]")
    elif isinstance(one, float) and isinstance(other, float):
        if not (math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6) or (math.isnan(one) and math.isnan(other))):
            raise Worth(f"{where} is {one:g} in batches of {BATCHES[0]} and {other:g} in batches of {BATCHES[1]}")
    elif one != other:
        raise Worth(f"{where} is {one!r:.40} in batches of {BATCHES[0]} and {other!r:.40} in batches of {BATCHES[1]}")


def _finite(value: Any) -> Any:
    """NaN and infinities as null, as they are written."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
