"""The built-in architectures are what they say, for any input that fits."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.builtin.architectures import ALL, FC, FC2, VGG16, LeNet5
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

SMALL = {"vgg16": {"width": 0.02}}


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_importing_them_imports_no_keras():
    code = "import sys, snnctl.builtin.architectures; print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "keras" not in found.stdout
    assert "tensorflow" not in found.stdout


def test_names_and_options():
    assert [architecture.name for architecture in ALL] == ["fc2", "fc", "lenet5", "vgg16"]
    for architecture in ALL:
        assert architecture.summary
        parameters = list(inspect.signature(architecture.build).parameters.values())[2:]
        assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
        assert all(parameter.default is not parameter.empty for parameter in parameters)


@pytest.mark.parametrize("architecture", ALL, ids=lambda architecture: architecture.name)
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (33, 40, 2)])
def test_finite_logits_from_a_linear_layer(architecture: Architecture, shape):
    model = architecture.build(shape, 7, **SMALL.get(architecture.name, {}))
    logits = keras.ops.convert_to_numpy(model(np.random.default_rng(0).uniform(size=(2, *shape))))
    assert logits.shape == (2, 7)
    assert np.isfinite(logits).all()
    assert kinds(model)[-1] == "Dense"
    assert model.layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize("architecture", ALL, ids=lambda architecture: architecture.name)
def test_double_precision_by_policy(architecture: Architecture):
    keras.config.set_dtype_policy("float64")
    try:
        model = architecture.build((32, 32, 3), 4, **SMALL.get(architecture.name, {}))
    finally:
        keras.config.set_dtype_policy("float32")
    assert {weight.dtype for weight in model.weights} == {"float64"}


def test_fc2_is_the_published_one():
    model = FC2().build((28, 28, 1), 10)
    assert kinds(model) == ["Flatten", "Dense", "Dense"]
    assert [tuple(weight.shape) for weight in model.weights] == [(784, 340), (340,), (340, 10), (10,)]


@settings(max_examples=10, deadline=None)
@given(widths=st.lists(st.integers(1, 9), max_size=4), shape=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_fc_of_any_depth_for_inputs_of_any_rank(widths, shape):
    model = FC().build(tuple(shape), 3, widths=widths)
    assert [layer.units for layer in model.layers[1:]] == [*widths, 3]
    assert model.output_shape == (None, 3)


@pytest.mark.parametrize("hidden", [0, -3])
def test_widths_must_be_positive(hidden):
    with pytest.raises(UsageError, match=f"hidden of architecture fc2 must be a number above zero, not {hidden}"):
        FC2().build((4,), 2, hidden=hidden)
    with pytest.raises(UsageError, match=f"widths of architecture fc must be a number above zero, not {hidden}"):
        FC().build((4,), 2, widths=[3, hidden])


def test_lenet5():
    model = LeNet5().build((28, 28, 1), 10)
    assert model.count_params() == 61_706  # LeNet-5 with full connections between its convolutions
    assert kinds(model) == ["Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense", "Dense"]


@pytest.mark.parametrize(("architecture", "smallest"), [(LeNet5(), 12), (VGG16(), 16)])
def test_the_smallest_image(architecture: Architecture, smallest):
    options = SMALL.get(architecture.name, {})
    assert architecture.build((smallest, smallest + 1, 1), 2, **options).output_shape == (None, 2)
    with pytest.raises(UsageError, match=f"at least {smallest}x{smallest} pixels, not {smallest}x{smallest - 1}"):
        architecture.build((smallest, smallest - 1, 1), 2, **options)
    with pytest.raises(UsageError, match=r"not samples of shape \(784,\)"):
        architecture.build((784,), 2, **options)


def filters_and_pools(model: keras.Model) -> list[int | str]:
    found: list[int | str] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.kernel_size, layer.padding, layer.strides) == ((3, 3), "same", (1, 1))
            found.append(layer.filters)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            assert layer.pool_size == (2, 2)
            found.append("pool")
    return found


@pytest.mark.parametrize(
    ("size", "layout", "dense"),
    [
        (28, [2, 2, 4, 4, "pool", 8, 8, 8, "pool", 16, 16, 16, "pool", 16, 16, 16, "pool"], [16, 16, 10]),
        (32, [2, 2, "pool", 4, 4, "pool", 8, 8, 8, "pool", 16, 16, 16, "pool", 16, 16, 16, "pool"], [16, 10]),
    ],
)
def test_vgg16_has_the_published_layouts(size, layout, dense):
    model = VGG16().build((size, size, 1), 10, width=1 / 32)
    assert filters_and_pools(model) == layout
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == dense


def test_vgg16_is_layer_by_layer_that_of_cifar_vgg():
    model = VGG16().build((32, 32, 3), 10, batch_norm=True, dropout=True, width=0.02)
    conv = ["Conv2D", "Activation", "BatchNormalization"]
    block_2 = [*conv, "Dropout", *conv, "MaxPooling2D"]
    block_3 = [*conv, "Dropout", *conv, "Dropout", *conv, "MaxPooling2D"]
    top = ["Dropout", "Flatten", "Dense", "Activation", "BatchNormalization", "Dropout", "Dense"]
    assert kinds(model) == [*block_2 * 2, *block_3 * 3, *top]
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.3, *[0.4] * 7, 0.5, 0.5]


NAMES = {
    "Conv2D": "conv2d",
    "Activation": "activation",
    "BatchNormalization": "batch_normalization",
    "MaxPooling2D": "max_pooling2d",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Dense": "dense",
}


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        (FC2(), {}),
        (FC(), {"widths": [3, 2]}),
        (LeNet5(), {}),
        (VGG16(), {"batch_norm": False, "dropout": True, "width": 0.02}),
        (VGG16(), {"batch_norm": True, "dropout": True, "width": 0.02}),
    ],
)
@pytest.mark.parametrize("size", [28, 32])
def test_layers_have_the_names_keras_2_generated(architecture: Architecture, options, size):
    """So that weight files load by name, whatever was built in the process before."""
    model = architecture.build((size, size, 3), 10, **options)
    count: Counter[str] = Counter()
    for layer in model.layers:
        kind = type(layer).__name__
        count[kind] += 1
        assert layer.name == f"{NAMES[kind]}_{count[kind]}"


def test_vgg16_full_size():
    """The size of geifmany/cifar-vgg's network."""
    model = VGG16().build((32, 32, 3), 10, batch_norm=True)
    assert model.count_params() == 15_001_418


@pytest.mark.parametrize(("batch_norm", "initializer"), [(False, "HeUniform"), (True, "GlorotUniform")])
def test_vgg16_is_initialised_as_published(batch_norm, initializer):
    model = VGG16().build((32, 32, 3), 10, batch_norm=batch_norm, width=0.02)
    hidden = [layer for layer in model.layers[:-1] if hasattr(layer, "kernel_initializer")]
    assert {type(layer.kernel_initializer).__name__ for layer in hidden} == {initializer}
    assert all(layer.kernel_regularizer is None for layer in hidden)


def test_vgg16_weight_decay():
    model = VGG16().build((32, 32, 3), 10, l2=5e-4, width=0.02)
    model(np.zeros((1, 32, 32, 3)))
    squares = sum(float(np.sum(np.square(layer.kernel))) for layer in model.layers[:-1] if hasattr(layer, "kernel"))
    assert float(sum(model.losses)) == pytest.approx(5e-4 * squares, rel=1e-4)


@pytest.mark.parametrize(
    ("option", "value"), [("width", 0.0), ("width", -1.0), ("l2", -1e-3), ("l2", float("nan")), ("width", float("inf"))]
)
def test_vgg16_options_out_of_range(option, value):
    with pytest.raises(UsageError, match=option):
        VGG16().build((32, 32, 3), 10, **{option: value})
