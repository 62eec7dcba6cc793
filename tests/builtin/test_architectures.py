"""The built-in architectures are what they say, for any input that fits."""

import inspect
from collections import Counter
from itertools import pairwise

import keras
import numpy as np
import pytest

from snnctl.builtin.architectures import ALL, FC, FC2, VGG16, LeNet5, ResNet20
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

NAMES = {
    "Conv2D": "conv2d",
    "Activation": "activation",
    "BatchNormalization": "batch_normalization",
    "MaxPooling2D": "max_pooling2d",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Dense": "dense",
}
SMALL = {"vgg16": {"width": 0.02}, "resnet20": {"depth": 8, "width": 0.2}}


def decay(model: keras.Model) -> float:
    """The sum of the squared kernels, which l2 multiplies."""
    return sum(float(np.sum(np.square(layer.kernel))) for layer in model.layers[:-1] if hasattr(layer, "kernel"))


def assert_names_of_keras_2(model: keras.Model) -> None:
    """Weight files load by name, so layers have the names Keras 2 generated, whatever was built before."""
    count: Counter[str] = Counter()
    for layer in model.layers:
        kind = type(layer).__name__
        count[kind] += 1
        assert layer.name == f"{NAMES[kind]}_{count[kind]}"


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_names_and_options():
    assert [architecture.name for architecture in ALL] == ["fc2", "fc", "lenet5", "resnet20", "vgg16"]
    for architecture in ALL:
        assert architecture.summary
        parameters = list(inspect.signature(architecture.build).parameters.values())[2:]
        assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
        assert all(parameter.default is not parameter.empty for parameter in parameters)


@pytest.mark.parametrize("architecture", ALL, ids=lambda architecture: architecture.name)
def test_finite_logits_from_a_linear_layer_in_the_precision_of_the_policy(architecture: Architecture):
    for shape, dtype in (((28, 28, 1), "float32"), ((33, 40, 2), "float64")):
        keras.config.set_dtype_policy(dtype)
        try:
            model = architecture.build(shape, 7, **SMALL.get(architecture.name, {}))
        finally:
            keras.config.set_dtype_policy("float32")
        assert {weight.dtype for weight in model.weights} == {dtype}
        logits = keras.ops.convert_to_numpy(model(np.random.default_rng(0).uniform(size=(2, *shape))))
        assert logits.shape == (2, 7)
        assert np.isfinite(logits).all()
        assert kinds(model)[-1] == "Dense"
        assert model.layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize(
    ("architecture", "input_shape", "options", "message"),
    [
        (FC2(), (4,), {"hidden": 0}, "hidden of architecture fc2 must be a number above zero, not 0"),
        (FC(), (4,), {"widths": [3, -3]}, "widths of architecture fc must be a number above zero, not -3"),
        (FC(), (4,), {"widths": [9, 5], "layers": 2}, "layers of architecture fc is 2, but"),
        (FC(), (4,), {"widths": [], "layers": 3}, "layers of architecture fc is 3, but"),
        (FC(), (4,), {"widths": [9], "layers": 0}, "layers of architecture fc is 0, but"),
        *(
            (architecture, (32, 32, 3), option, next(iter(option)))
            for architecture in (VGG16(), ResNet20())
            for option in ({"width": 0.0}, {"width": float("inf")}, {"l2": -1e-3}, {"l2": float("nan")})
        ),
        *(
            (ResNet20(), (32, 32, 3), {"depth": depth}, rf"must be 6n \+ 2 .*, not {depth}\.\nNearest: {nearest}")
            for depth, nearest in {21: "20 or 26", 2: "8", -4: "8", 9: "8 or 14"}.items()
        ),
        *(
            (architecture, shape, {}, message)
            for architecture, smallest in ((LeNet5(), 12), (ResNet20(), 4), (VGG16(), 16))
            for shape, message in (
                ((smallest, smallest - 1, 1), f"at least {smallest}x{smallest} pixels, not {smallest}x{smallest - 1}"),
                ((784,), r"not samples of shape \(784,\)"),
            )
        ),
    ],
)
def test_options_and_inputs_that_do_not_fit(architecture: Architecture, input_shape, options, message):
    with pytest.raises(UsageError, match=message):
        architecture.build(input_shape, 10, **options)


def test_fully_connected_networks():
    model = FC2().build((28, 28, 1), 10)
    assert kinds(model) == ["Flatten", "Dense", "Dense"]
    assert_names_of_keras_2(model)
    assert [tuple(weight.shape) for weight in model.weights] == [(784, 340), (340,), (340, 10), (10,)]
    for options, units in (
        ({"widths": []}, [3]),
        ({"widths": [9, 5, 4, 2]}, [9, 5, 4, 2, 3]),
        ({"widths": [9, 5], "layers": 5}, [9, 5, 5, 5, 3]),
        ({"widths": [9], "layers": 2}, [9, 3]),
    ):
        model = FC().build((4, 2), 3, **options)
        assert_names_of_keras_2(model)
        assert [layer.units for layer in model.layers[1:]] == units
        assert model.output_shape == (None, 3)
    for initializer, limit in (("glorot_uniform", np.sqrt(6 / (400 + 300))), ("he_uniform", np.sqrt(6 / 400))):
        weights = FC().build((400,), 3, widths=[300], initializer=initializer).layers[1].get_weights()[0]
        assert 0.99 * limit < np.abs(weights).max() <= limit


def test_lenet5():
    model = LeNet5().build((28, 28, 1), 10)
    assert model.count_params() == 61_706  # LeNet-5 with full connections between its convolutions
    assert kinds(model) == ["Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense", "Dense"]
    assert_names_of_keras_2(model)
    assert LeNet5().build((12, 13, 1), 2).output_shape == (None, 2)


def filters_and_pools(model: keras.Model) -> list[int | str]:
    """Of each convolution its filters, all of them 3x3, and where there are poolings, all of them 2x2."""
    parts: list[int | str] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert (layer.kernel_size, layer.padding, layer.strides) == ((3, 3), "same", (1, 1))
            parts.append(layer.filters)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            assert layer.pool_size == (2, 2)
            parts.append("pool")
    return parts


@pytest.mark.parametrize(
    ("size", "l2", "layout", "dense"),
    [
        (16, 0.0, [2, 2, 4, 4, "pool", 8, 8, 8, "pool", 16, 16, 16, "pool", 16, 16, 16, "pool"], [16, 16, 10]),
        (32, 5e-4, [2, 2, "pool", 4, 4, "pool", 8, 8, 8, "pool", 16, 16, 16, "pool", 16, 16, 16, "pool"], [16, 10]),
    ],
)
def test_vgg16_has_the_published_layouts(size, l2, layout, dense):
    model = VGG16().build((size, size + 1, 1), 10, width=1 / 32, l2=l2)
    assert filters_and_pools(model) == layout
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == dense
    hidden = [layer for layer in model.layers[:-1] if hasattr(layer, "kernel_initializer")]
    assert {type(layer.kernel_initializer).__name__ for layer in hidden} == {"HeUniform"}
    assert float(sum(model.losses)) == pytest.approx(l2 * decay(model), rel=1e-4)


def test_vgg16_is_layer_by_layer_that_of_cifar_vgg():
    model = VGG16().build((32, 32, 3), 10, batch_norm=True, dropout=True)
    conv = ["Conv2D", "Activation", "BatchNormalization"]
    block_2 = [*conv, "Dropout", *conv, "MaxPooling2D"]
    block_3 = [*conv, "Dropout", *conv, "Dropout", *conv, "MaxPooling2D"]
    top = ["Dropout", "Flatten", "Dense", "Activation", "BatchNormalization", "Dropout", "Dense"]
    assert kinds(model) == [*block_2 * 2, *block_3 * 3, *top]
    assert model.count_params() == 15_001_418
    assert_names_of_keras_2(model)
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.3, *[0.4] * 7, 0.5, 0.5]
    hidden = [layer for layer in model.layers[:-1] if hasattr(layer, "kernel_initializer")]
    assert {type(layer.kernel_initializer).__name__ for layer in hidden} == {"GlorotUniform"}


def test_resnet20_has_the_published_layout_and_size():
    """Section 4.2: 7 layers at 32x32, 6 at 16x16, 6 at 8x8, with 16, 32 and 64 channels; 0.27 million in table 6.

    The shortcuts of the paper have no parameters (option A), those here are projections.
    """
    model = ResNet20().build((32, 32, 3), 10)
    convs = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and "shortcut" not in layer.name]
    assert Counter(layer.output.shape[1:] for layer in convs) == {(32, 32, 16): 7, (16, 16, 32): 6, (8, 8, 64): 6}
    assert {layer.kernel_size for layer in convs} == {(3, 3)}
    assert [layer.name for layer in convs if layer.strides == (2, 2)] == ["stage2_block1_conv1", "stage3_block1_conv1"]
    assert Counter(kinds(model))["Add"] == 9
    assert [layer.output.shape for layer in model.layers[-2:]] == [(None, 64), (None, 10)]
    projections = sum(layer.count_params() for layer in model.layers if "shortcut" in layer.name)
    assert projections == 16 * 32 + 32 * 64 + 4 * (32 + 64)  # 1x1 kernels, and four statistics and factors a channel
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == 269_722 + 16 * 32 + 32 * 64 + 2 * (32 + 64)


def test_resnet_block():
    """Convolution, normalisation, ReLU, convolution, normalisation, addition, ReLU; every layer has a name."""
    model = ResNet20().build((4, 5, 3), 10, depth=8, l2=1e-4)
    sources = {
        layer.name: [source._keras_history[0].name for source in keras.tree.flatten(layer.input)]
        for layer in model.layers[1:]
    }
    assert sources["stage1_block1_add"] == ["stage1_block1_norm2", "stem_relu"]
    assert sources["stage2_block1_add"] == ["stage2_block1_norm2", "stage2_block1_shortcut_norm"]
    assert sources["stage2_block1_shortcut_conv"] == ["stage1_block1_relu2"]
    assert len([name for name in sources if "conv" in name and "shortcut" not in name]) == 8 - 1
    path = [f"stage2_block1_{part}" for part in ("norm2", "conv2", "relu1", "norm1", "conv1")]
    ends = ("stage1_block1_relu2", "stage2_block1_relu2", "stage2_block1_add", "pool", "stage3_block1_relu2")
    for behind, before in (*pairwise([*path, ends[0]]), ends[1:3], ends[3:]):
        assert sources[behind] == [before]
    assert {layer.momentum for layer in model.layers if hasattr(layer, "momentum")} == {0.9}
    starts = {type(layer.kernel_initializer).__name__ for layer in model.layers if hasattr(layer, "kernel_initializer")}
    assert starts == {"HeNormal"}
    assert float(sum(model.losses)) == pytest.approx(1e-4 * decay(model), rel=1e-4)
