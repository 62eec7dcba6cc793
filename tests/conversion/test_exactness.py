"""A converted network computes what its source computes: against Keras, and against the spike-time equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import networks
import reference
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.logits import logits_of
from snnctl.models import as_dtype
from snnctl.ttfs.observe import observed
from snnctl.ttfs.timeline import spiking_layers


def calibrated(model, input_range, inputs, dtype):
    """The spiking form, with windows that hold all activations of ``inputs``."""
    snn = build_spiking(model, SpikingSettings(input_range=input_range, dtype=dtype, width=1e9))
    for layer, ideal in zip(spiking_layers(snn), observed(snn)(inputs.astype(dtype))[1], strict=True):
        layer.width.assign(1.5 * max(float(np.max(ideal)), 1e-3))
    return snn


def largest_relative_difference(first, second) -> float:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return float(np.abs(first - second).max() / max(np.abs(first).max(), 1e-6))


def check_exact(recipe: dict) -> None:
    model = networks.build(recipe)
    inputs = networks.inputs_for(recipe)
    expected = logits_of(model)(inputs)
    snn = calibrated(model, recipe["input_range"], inputs, "float64")
    assert largest_relative_difference(expected, snn(inputs)) <= 1e-10
    assert largest_relative_difference(expected, reference.simulate(snn, inputs)[0]) <= 1e-10
    single = calibrated(as_dtype(model, "float32"), recipe["input_range"], inputs, "float32")
    assert largest_relative_difference(expected, single(inputs.astype("float32"))) <= 1e-4


relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@given(networks.recipes())
@settings(relaxed, max_examples=12)
def test_random_networks_convert_exactly(recipe):
    check_exact(recipe)


@pytest.mark.long
@given(networks.recipes())
@settings(relaxed, max_examples=300)
def test_many_random_networks_convert_exactly(recipe):
    check_exact(recipe)


@given(networks.recipes())
@settings(relaxed, max_examples=8)
def test_spike_times_are_those_of_the_equations_with_narrow_windows_too(recipe):
    """Windows that cut off the largest activations: saturated spikes at t_min, in both computations."""
    model = networks.build(recipe)
    inputs = networks.inputs_for(recipe)
    snn = calibrated(model, recipe["input_range"], inputs, "float64")
    for layer in spiking_layers(snn):
        layer.width.assign(layer.width * 0.4)
    logits, _ = reference.simulate(snn, inputs)
    assert largest_relative_difference(logits, snn(inputs)) <= 1e-10
