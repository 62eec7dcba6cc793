"""A ReLU network and its spiking forms, made from one draw of weights; and the input that all are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.plugins.options import check_options
from snnctl.verbs.building import build
from snnctl.verbs.comparing.options import RELU
from snnctl.verbs.conversion_rules import layer_rules
from snnctl.verbs.plugin_objects import neuron_of
from snnctl.verbs.result import Run
from snnctl.verbs.samples import Source, data_or_default, data_source, recorded_options

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Samples


@dataclass(frozen=True)
class Compared:
    """The networks and their data.

    Args:
        networks: by neuron model; "relu" is the ReLU network. All return logits.
        source: the data set.
        settings: the resolved options, for the record.
        lost: what the ReLU network has and its spiking forms have not, one sentence each.
    """

    networks: dict[str, keras.Model]
    source: Source
    settings: dict[str, Any]
    lost: list[str]

    def split(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (samples, \\*input_shape), coded as the spiking networks code them, and labels."""
        return coded(self.source.split(name), self.source.preprocessing.input_range)


def compared(options: Any, run: Run) -> Compared:
    """The networks that the options (:class:`~snnctl.verbs.comparing.options.ComparingOptions`) ask for.

    To be called within :func:`snnctl.models.network.precision`.

    Raises:
        PluginError: unknown data set or architecture, or one that fails.
        UsageError: an option that does not fit.
        ConversionError: an architecture without a spiking form.
    """
    import keras

    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.conversion.logits import logits_of
    from snnctl.verbs.train import lost_in_spiking

    architecture = run.registry.architecture(options.arch)
    arch_options = check_options(architecture, options.arch_opt)
    source = data_source(options, run, data_or_default(options), options.preprocess, options.dtype)
    keras.utils.set_random_seed(options.seed)
    relu = build(architecture, source.dataset.input_shape, source.dataset.classes, arch_options)
    networks = {RELU: logits_of(relu)}
    for neuron in options.neurons:
        if neuron != RELU:
            form = SpikingSettings(neuron=neuron_of(neuron, run.registry), dtype=options.dtype)
            networks[neuron] = build_spiking(relu, form, layer_rules(run))
    settings = {
        **options.model_dump(mode="json"),
        **source.named.settings,
        "preprocess": source.preprocessing.spelling,
        "arch_opt": recorded_options(arch_options),
    }
    return Compared(networks, source, settings, lost_in_spiking(relu))


def coded(samples: Samples, input_range: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """``(x - p) / (q - p)``: with the same values at their inputs, the networks can have the same weights."""
    low, high = input_range
    return (samples.inputs - low) / (high - low), samples.labels
