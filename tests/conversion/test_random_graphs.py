"""Random networks of everything that converts compute what their sources compute, spike by spike.

One network: ``pytest tests/conversion/test_random_graphs.py -k 123``; ``python tests/graphs.py 123`` shows it.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

import graphs
from counting import by_name, counted, spikes_of
from oracle import TOLERANCE, check_events, converted, difference, events_of, narrow, outputs_of
from snnctl.lowering import lower
from snnctl.models.network import as_dtype, precision
from snnctl.ttfs.timeline import timeline

SHORT, ALL = 16, 150
PROBABILITIES = {"softmax": ops.softmax, "sigmoid": ops.sigmoid, "linear": lambda logits: logits}


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=pytest.mark.long if seed >= SHORT else ()) for seed in range(ALL)]
)
def test_a_random_network_converts_exactly(seed: int, tmp_path: Path) -> None:
    """Against its source in double precision where TensorFlow can, a third of them in single precision, too.

    Then in the best precision against the events, with windows that fit and with windows too short, which cut off the
    largest values; and every tenth against its file.
    """
    network = graphs.grow(seed)
    forms = {
        dtype: spiking(network, dtype)
        for dtype in ("float64", "float32")
        if (network.double if dtype == "float64" else not network.double or seed % 3 == 0)
    }
    dtype, snn = next(iter(forms.items()))
    inputs = network.inputs.astype(dtype)
    with precision(dtype):
        assert check_events(snn, inputs) == 0, "nothing is saturated in windows that fit"
        if seed % 10 == 0:
            check_counts(snn, inputs)
            check_file(snn, inputs, tmp_path / "snn.keras")
        narrow(snn)
        check_events(snn, inputs)


def spiking(network: graphs.Network, dtype: str) -> keras.Model:
    """The spiking form; also against the source itself, without the help of ``logits_of``."""
    source, inputs = as_dtype(network.model, dtype), network.inputs.astype(dtype)
    snn = converted(source, inputs, network.input_range, dtype)
    outputs = zip(network.probabilities, outputs_of(snn, inputs), strict=True)
    probabilities = [PROBABILITIES[kind](logits) for kind, logits in outputs]
    assert difference(outputs_of(source, inputs), probabilities) <= TOLERANCE[dtype], graphs.describe(network)
    return snn


def check_counts(snn: keras.Model, inputs: np.ndarray) -> None:
    """The figures of the metrics are what happens in the simulation."""
    batch, figures = events_of(lower(snn), inputs), counted(snn, inputs)
    for layer in (figures["input"], *by_name(figures).values()):
        fired = np.count_nonzero(np.isfinite(batch.times[layer["name"]]))
        assert abs(spikes_of(layer, len(inputs)) - fired) <= (0 if snn.compute_dtype == "float64" else 2)
    for layer in (*figures["layers"], *figures["readouts"]):
        events = batch.events[layer["name"]].mean()
        assert layer["synaptic_operations"] == pytest.approx(events, rel=TOLERANCE[snn.compute_dtype])


def check_file(snn: keras.Model, inputs: np.ndarray, path: Path) -> None:
    """The network in a file: the same logits, the same windows."""
    snn.save(path)
    loaded = keras.saving.load_model(path)
    for kept, restored in zip(outputs_of(snn, inputs), outputs_of(loaded, inputs), strict=True):
        np.testing.assert_array_equal(restored, kept)
    assert timeline(loaded) == timeline(snn)


def test_a_seed_always_makes_the_same_network() -> None:
    first, second = graphs.grow(1), graphs.grow(1)
    assert graphs.describe(first) == graphs.describe(second) == graphs.describe(graphs.grow(1, numbers=False))
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


# What must occur in the networks, often enough to meet the rest; see graphs.traits.
CONVOLUTIONS = ("groups", "dilation_rate", "strides", "padding same", "padding valid")
POOLINGS = ("padding same", "padding valid", "strides")
EVERYTHING = {
    *("Add", "Subtract", "Average", "Concatenate", "add of 2", "add of 3", "average of 3", "subtract of 2"),
    *("skip connection", "nested Sequential", "nested Functional", "shared: in a row", "shared: side by side"),
    *("several outputs", "Concatenate: channels", "Concatenate: another axis", "keras.ops.relu"),
    *("range 0 to 1", "range -1 to 1", "range 0 to 255", *(f"{rank}-D input" for rank in range(4))),
    *(f"end: {end}" for end in graphs.ENDS),
    *("Dense", "TimeDistributed", "SeparableConv1D", "Conv1D: padding causal", "Dense: activation relu"),
    *(f"Conv{rank}D: {trait}" for rank in (1, 2, 3) for trait in CONVOLUTIONS),
    *(f"Conv2D: activation {name}" for name in ("relu", "relu6", "leaky_relu")),
    *(f"DepthwiseConv{rank}D: {trait}" for rank in (1, 2) for trait in ("depth_multiplier", "strides")),
    *("DepthwiseConv2D: dilation_rate", "SeparableConv2D: dilation_rate", "Conv2DTranspose: strides"),
    *("ReLU", "LeakyReLU", "PReLU", "PReLU: shared_axes yes", "ReLU: max_value 6.0", "ReLU: max_value 0.7"),
    *("ReLU: negative_slope", "ReLU: negative_slope and max_value"),
    *(f"Activation: activation {name}" for name in ("relu", "relu6", "leaky_relu", "softmax", "sigmoid")),
    *(f"{kind}Pooling{rank}D: {trait}" for kind in ("Max", "Average") for rank in (1, 2, 3) for trait in POOLINGS),
    *(f"{kind}Pooling{rank}D: overlapping" for kind in ("Max", "Average") for rank in (1, 2)),
    *(f"Global{kind}Pooling{rank}D: keepdims" for kind in ("Max", "Average") for rank in (1, 2, 3)),
    *(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling", "SpatialDropout") for rank in (1, 2, 3)),
    *("Flatten", "Reshape", "Permute", "BatchNormalization", "BatchNormalization: first", "Rescaling", "Normalization"),
    *("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity"),
}


@pytest.mark.long
def test_the_random_networks_hold_everything_that_converts() -> None:
    missing = set(EVERYTHING)
    for seed in range(ALL):
        missing -= graphs.grow(seed, numbers=False).features
    assert not missing
