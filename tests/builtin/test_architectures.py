"""The built-in architectures are what they say, for any input that fits."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.builtin.architectures import ALL, FC, FC2, VGG16, LeNet5, ResNet20
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

SMALL = {"vgg16": {"width": 0.02}, "resnet20": {"depth": 8, "width": 0.2}}


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_importing_them_imports_no_keras():
    code = "import sys, snnctl.builtin.architectures; print({'keras', 'tensorflow', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "keras" not in found.stdout
    assert "tensorflow" not in found.stdout


def test_names_and_options():
    assert [architecture.name for architecture in ALL] == ["fc2", "fc", "lenet5", "resnet20", "vgg16"]
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


def test_fc_by_the_number_of_layers():
    assert [layer.units for layer in FC().build((4,), 3, widths=[9, 5], layers=5).layers[1:]] == [9, 5, 5, 5, 3]
    assert FC().build((4,), 3, widths=[9], layers=2).layers[1].units == 9
    for widths, layers in (([9, 5], 2), ([], 3), ([9], 0)):
        with pytest.raises(UsageError, match=f"layers of architecture fc is {layers}, but"):
            FC().build((4,), 3, widths=widths, layers=layers)


def test_fc_with_another_initializer():
    limits = [np.sqrt(6 / (400 + 300)), np.sqrt(6 / 400)]
    for initializer, limit in zip(("glorot_uniform", "he_uniform"), limits, strict=True):
        weights = FC().build((400,), 3, widths=[300], initializer=initializer).layers[1].get_weights()[0]
        assert 0.99 * limit < np.abs(weights).max() <= limit


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


@pytest.mark.parametrize(("architecture", "smallest"), [(LeNet5(), 12), (ResNet20(), 4), (VGG16(), 16)])
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


RESIDUAL_SIZES = [(20, 269_722), (32, 464_154), (44, 658_586), (56, 853_018)]


@pytest.mark.parametrize(("depth", "parameters"), RESIDUAL_SIZES)
def test_resnet_has_the_published_sizes(depth, parameters):
    """0.27, 0.46, 0.66 and 0.85 million in table 6 of the paper, with shortcuts that have no parameters (option A)."""
    model = ResNet20().build((32, 32, 3), 10, depth=depth)
    projections = sum(layer.count_params() for layer in model.layers if "shortcut" in layer.name)
    assert projections == 16 * 32 + 32 * 64 + 4 * (32 + 64)  # 1x1 kernels, and four statistics and factors a channel
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == parameters + 16 * 32 + 32 * 64 + 2 * (32 + 64)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel") and "shortcut" not in layer.name]
    assert len(kernels) == depth


def test_resnet20_has_the_published_layout():
    """Table in section 4.2: 7 layers at 32x32, 6 at 16x16, 6 at 8x8, with 16, 32 and 64 channels."""
    model = ResNet20().build((32, 32, 3), 10)
    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and "shortcut" not in layer.name]
    assert Counter(layer.output.shape[1:] for layer in convs) == {(32, 32, 16): 7, (16, 16, 32): 6, (8, 8, 64): 6}
    assert {layer.kernel_size for layer in convs} == {(3, 3)}
    assert [layer.name for layer in convs if layer.strides == (2, 2)] == ["stage2_block1_conv1", "stage3_block1_conv1"]
    assert Counter(kinds(model))["Add"] == 9
    assert [layer.output.shape for layer in model.layers[-2:]] == [(None, 64), (None, 10)]


def test_resnet_block():
    """Convolution, normalisation, ReLU, convolution, normalisation, addition, ReLU; every layer has a name."""
    model = ResNet20().build((16, 16, 3), 10, depth=8)
    sources = {layer.name: [source._keras_history[0].name for source in layer_inputs(layer)] for layer in model.layers}
    assert sources["stage1_block1_add"] == ["stage1_block1_norm2", "stem_relu"]
    assert sources["stage2_block1_add"] == ["stage2_block1_norm2", "stage2_block1_shortcut_norm"]
    assert sources["stage2_block1_shortcut_conv"] == ["stage1_block1_relu2"]
    path = ["norm2", "conv2", "relu1", "norm1", "conv1"]
    for behind, before in pairwise(f"stage2_block1_{part}" for part in path):
        assert sources[behind] == [before]
    assert sources["stage2_block1_conv1"] == ["stage1_block1_relu2"]
    assert sources["stage2_block1_relu2"] == ["stage2_block1_add"]
    assert sources["pool"] == ["stage3_block1_relu2"]


def layer_inputs(layer: keras.layers.Layer) -> list[keras.KerasTensor]:
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def test_resnet_normalises_with_recent_statistics_and_starts_as_published():
    model = ResNet20().build((8, 8, 1), 3, depth=8)
    assert {layer.momentum for layer in model.layers if hasattr(layer, "momentum")} == {0.9}
    starts = {type(layer.kernel_initializer).__name__ for layer in model.layers if hasattr(layer, "kernel_initializer")}
    assert starts == {"HeNormal"}


def test_resnet_weight_decay():
    model = ResNet20().build((8, 8, 1), 3, depth=8, l2=1e-4, width=0.2)
    squares = sum(float(np.sum(np.square(layer.kernel))) for layer in model.layers[:-1] if hasattr(layer, "kernel"))
    assert float(sum(model.losses)) == pytest.approx(1e-4 * squares, rel=1e-4)


@pytest.mark.parametrize(
    ("depth", "nearest"), [(21, "20 or 26"), (18, "14 or 20"), (2, "8"), (0, "8"), (-4, "8"), (7, "8"), (9, "8 or 14")]
)
def test_resnet_depths_that_do_not_exist(depth, nearest):
    with pytest.raises(UsageError, match=rf"depth of architecture resnet20 must be 6n \+ 2 .*, not {depth}") as caught:
        ResNet20().build((32, 32, 3), 10, depth=depth)
    assert caught.value.todo == f"Nearest: {nearest}."


@pytest.mark.parametrize(
    ("option", "value"), [("width", 0.0), ("width", -1.0), ("l2", -1e-3), ("l2", float("nan")), ("width", float("inf"))]
)
def test_resnet_options_out_of_range(option, value):
    with pytest.raises(UsageError, match=option):
        ResNet20().build((32, 32, 3), 10, **{option: value})
