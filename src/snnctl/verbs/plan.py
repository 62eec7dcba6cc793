"""``snnctl convert --plan``: the network that a conversion would make, without data and without writing anything."""

from __future__ import annotations

from typing import Any

from snnctl.data.dataset import Dataset
from snnctl.data.preprocess import parse_preprocess
from snnctl.runs import expanded
from snnctl.verbs.inspect import of_spiking
from snnctl.verbs.opening import Network, open_network, require_relu
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.recorded import recorded_settings
from snnctl.verbs.result import Run
from snnctl.verbs.samples import named_data

Range = tuple[float, float]
ASSUMED: Range = (0.0, 1.0)


def plan(options: ConvertOptions, run: Run) -> dict[str, Any]:
    """The layers of the spiking network; windows are open where calibration sets them.

    Returns:
        Plain data: what :func:`~snnctl.verbs.inspect.of_spiking` says, the ``input_range`` and whether it is
        ``assumed``, the file of data that is ``not_read``, and the source's layers that ``vanish``.

    Raises:
        ConversionError: layers that cannot be converted, all at once.
        ModelError: a network that is missing, damaged, or spiking already.
        UsageError, PluginError: see :func:`~snnctl.verbs.opening.open_network`.
    """
    from snnctl.conversion.build import SpikingSettings, build
    from snnctl.conversion.graph import sized

    dataset = _dataset(options, run)
    network = open_network(options, run, dataset)
    require_relu(network, options.model)
    source = sized(network.model, dataset.input_shape) if dataset else network.model
    known = _input_range(options, network, dataset)
    settings = SpikingSettings(input_range=known or ASSUMED, dtype=network.dtype)
    model, sources, vanished = build(source, settings, network.rules)
    return {
        "type": "snn",
        "plan": True,
        "name": network.model.name,
        **of_spiking(model, calibrated=False, sources=sources),
        "input_range": list(settings.input_range),
        "assumed": known is None,
        "not_read": str(options.calibrate) if options.calibrate is not None else None,
        "vanish": vanished,
    }


def _dataset(options: ConvertOptions, run: Run) -> Dataset | None:
    """The data set that is named, or that the network's run records."""
    if options.data is None and (options.calibrate is not None or run.given.model is not None):
        return None
    named = named_data(options, recorded_settings(expanded(options.model)))
    return run.registry.dataset(named.name, named.options) if named else None


def _input_range(options: ConvertOptions, network: Network, dataset: Dataset | None) -> Range | None:
    """The range of inputs as far as it is known without reading data."""
    if options.input_range is not None:
        return options.input_range
    if dataset is None:
        return None
    return parse_preprocess(options.preprocess or network.recorded.get("preprocess"), dataset).input_range
