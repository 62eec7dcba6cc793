"""Random networks of everything that converts compute what their sources compute.

One network: ``pytest "tests/conversion/test_random_graphs.py" -k "converts_exactly and 123"``;
``python tests/graphs.py 123`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import pytest
from keras import ops

import graphs
from snnctl.conversion.logits import logits_of
from snnctl.errors import ConversionError
from snnctl.models import as_dtype, precision

SHORT, ALL = 10, 400
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
PROBABILITIES = {"softmax": ops.softmax, "sigmoid": ops.sigmoid, "linear": lambda logits: logits}

# What must occur in the networks, often enough to meet the rest; see graphs.traits.
MERGES = {"Add", "Subtract", "Average", "Concatenate", "add of 2", "add of 3", "average of 3", "subtract of 2"}
GRAPHS = {
    *("skip connection", "nested Sequential", "nested Functional", "shared: in a row", "shared: side by side"),
    *("several outputs", "Concatenate: channels", "Concatenate: another axis", "keras.ops.relu"),
    *(f"{rank}-D input" for rank in range(4)),
    *("range 0 to 1", "range -1 to 1", "range 0 to 255"),
    *(f"end: {end}" for end in graphs.ENDS),
}
LINEAR = {
    *("Dense", "TimeDistributed", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"),
    *("SeparableConv1D", "SeparableConv2D", "Conv2DTranspose", "Conv1D: padding causal", "Dense: activation relu"),
    *(f"Conv{rank}D: {trait}" for rank in (1, 2, 3) for trait in ("groups", "dilation_rate", "strides")),
    *(f"Conv{rank}D: padding {padding}" for rank in (1, 2, 3) for padding in ("same", "valid")),
    *(f"Conv2D: activation {name}" for name in ("relu", "relu6", "leaky_relu")),
    *(f"DepthwiseConv{rank}D: {trait}" for rank in (1, 2) for trait in ("depth_multiplier", "strides")),
    *("DepthwiseConv2D: dilation_rate", "SeparableConv2D: dilation_rate", "Conv2DTranspose: strides"),
}
ACTIVATIONS = {
    *("ReLU", "LeakyReLU", "PReLU", "PReLU: shared_axes yes", "ReLU: max_value 6.0", "ReLU: max_value 0.7"),
    *("ReLU: negative_slope", "ReLU: negative_slope and max_value"),
    *(f"Activation: activation {name}" for name in ("relu", "relu6", "leaky_relu", "softmax", "sigmoid")),
}
POOLINGS = {
    f"{kind}Pooling{rank}D: {trait}"
    for kind in ("Max", "Average")
    for rank in (1, 2, 3)
    for trait in ("padding same", "padding valid", "overlapping", "strides")
} | {f"Global{kind}Pooling{rank}D: keepdims" for kind in ("Max", "Average") for rank in (1, 2, 3)}
REARRANGING = {
    *("Flatten", "Reshape", "Permute"),
    *(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in (1, 2, 3)),
}
OTHERS = {
    *("BatchNormalization", "BatchNormalization: first", "Rescaling", "Normalization"),
    *("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization", "Identity"),
    *(f"SpatialDropout{rank}D" for rank in (1, 2, 3)),
}
EVERYTHING = MERGES | GRAPHS | LINEAR | ACTIVATIONS | POOLINGS | REARRANGING | OTHERS


def check(seed: int) -> None:
    """Both precisions, against the logits and against the source itself."""
    network = graphs.grow(seed)
    for dtype in ("float64", "float32") if network.double else ("float32",):
        source = as_dtype(network.model, dtype)
        difference = disagreement(source, network, dtype, network.probabilities)
        assert difference <= TOLERANCE[dtype], report(source, network, dtype, difference)


def disagreement(
    source: keras.Model, network: graphs.Network, dtype: str, probabilities: Sequence[str] | None
) -> float:
    """The largest relative difference of an output: of the logits, and of the probabilities made of them."""
    inputs = network.inputs.astype(dtype)
    with precision(dtype):
        logits = graphs.outputs_of(graphs.spiking_form(source, inputs, network.input_range, dtype), inputs)
        expected = graphs.outputs_of(logits_of(source), inputs)
        pairs = list(zip(expected, logits, strict=True))
        if probabilities:  # what the source itself says, without the help of logits_of
            found = [PROBABILITIES[kind](output) for kind, output in zip(probabilities, logits, strict=True)]
            pairs += zip(graphs.outputs_of(source, inputs), found, strict=True)
    assert all(output.dtype == dtype for output in logits)
    return max(graphs.largest_relative_difference(*pair) for pair in pairs)


def report(source: keras.Model, network: graphs.Network, dtype: str, difference: float) -> str:
    """What is told of a network that fails."""
    first = next(failing_parts(source, network, dtype), "nowhere before the end")
    return f"{dtype}: {difference:.2g}, first at {first}\n{graphs.describe(network)}"


def failing_parts(source: keras.Model, network: graphs.Network, dtype: str) -> Iterator[str]:
    """The layers at which the network, cut off behind them, does not convert exactly; the first one is the culprit."""
    for depth in sorted(source._nodes_by_depth, reverse=True):
        for node in source._nodes_by_depth[depth]:
            if node.is_input:
                continue
            part = keras.Model(source.inputs, node.outputs[0])
            try:
                difference = disagreement(part, network, dtype, None)
            except (ConversionError, ValueError):
                continue
            if difference > TOLERANCE[dtype]:
                yield f"'{node.operation.name}' ({type(node.operation).__name__}): {difference:.2g}"


@pytest.mark.parametrize("seed", range(SHORT))
def test_a_random_network_converts_exactly(seed: int) -> None:
    check(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SHORT, ALL))
def test_many_a_random_network_converts_exactly(seed: int) -> None:
    check(seed)


def check_saving(seed: int, folder) -> None:
    """The spiking network in a file: the same logits, the same windows."""
    network = graphs.grow(seed)
    source = as_dtype(network.model, "float32")
    inputs = network.inputs.astype("float32")
    snn = graphs.spiking_form(source, inputs, network.input_range, "float32")
    snn.save(folder / "snn.keras")
    loaded = keras.saving.load_model(folder / "snn.keras")
    for kept, restored in zip(graphs.outputs_of(snn, inputs), graphs.outputs_of(loaded, inputs), strict=True):
        np.testing.assert_array_equal(restored, kept)


@pytest.mark.parametrize("seed", range(0, SHORT, 8))
def test_a_random_spiking_network_is_restored_from_its_file(seed: int, tmp_path) -> None:
    check_saving(seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SHORT, ALL, 12))
def test_many_a_random_spiking_network_is_restored_from_its_file(seed: int, tmp_path) -> None:
    check_saving(seed, tmp_path)


def test_a_seed_always_makes_the_same_network() -> None:
    first, second = graphs.grow(5), graphs.grow(5)
    assert graphs.describe(first) == graphs.describe(second)
    assert graphs.describe(first) == graphs.describe(graphs.grow(5, numbers=False))
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_the_random_networks_hold_everything_that_converts() -> None:
    missing = set(EVERYTHING)
    for seed in range(ALL):
        missing -= graphs.grow(seed, numbers=False).features
        if not missing:
            break
    assert not missing
