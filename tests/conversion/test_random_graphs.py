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
from oracle import TOLERANCE, check_events, converted, difference, narrow, outputs_of
from snnctl.models import as_dtype, precision
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
            check_file(snn, inputs, tmp_path / "snn.keras")
        narrow(snn)
        check_events(snn, inputs)


def spiking(network: graphs.Network, dtype: str) -> keras.Model:
    """The spiking form; also against the source itself, without the help of ``logits_of``."""
    source, inputs = as_dtype(network.model, dtype), network.inputs.astype(dtype)
    snn = converted(source, inputs, network.input_range, dtype)
    outputs = zip(network.probabilities, outputs_of(snn, inputs), strict=True)
    probabilities = [PROBABILITIES[kind](logits) for kind, logits in outputs]
    assert difference(outputs_of(source, inputs), probabilities) <= TOLERANCE[dtype]
    return snn


def check_file(snn: keras.Model, inputs: np.ndarray, path: Path) -> None:
    """The network in a file: the same logits, the same windows."""
    snn.save(path)
    loaded = keras.saving.load_model(path)
    for kept, restored in zip(outputs_of(snn, inputs), outputs_of(loaded, inputs), strict=True):
        np.testing.assert_array_equal(restored, kept)
    assert timeline(loaded) == timeline(snn)
