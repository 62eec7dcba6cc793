"""Gradients and Jacobians of networks, against calculations by hand in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.metrics import gradients as module
from snnctl.metrics.gradients import MOST_VALUES, jacobians, loss_gradients, singular_values, spectrum, staged
from snnctl.models.network import precision
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.plugin_objects import neuron_of

L = keras.layers


def network(build=None):
    with precision("float64"):
        keras.utils.set_random_seed(2)
        model = build() if build else tiny()
        for layer in model.layers:
            if hasattr(layer, "bias"):
                layer.bias.assign(np.random.default_rng(1).normal(0, 0.1, layer.bias.shape))
    return model


def tiny():
    return keras.Sequential([keras.Input((6,)), L.Dense(7, "relu"), L.Dense(5, "relu"), L.Dense(3)])


def with_pooling():
    inputs = keras.Input((8, 8, 1))
    x = L.MaxPooling2D()(L.Conv2D(3, 3, activation="relu")(inputs))
    return keras.Model(inputs, L.Dense(3, activation="softmax")(L.Dense(6, activation="relu")(L.Flatten()(x))))


def residual():
    inputs = keras.Input((6,))
    x = L.Dense(6, activation="relu")(inputs)
    y = L.ReLU()(L.Add()([L.Dense(6)(x), x]))
    return keras.Model(inputs, L.Dense(3)(y))


def spiking(model, neuron, inputs):
    with precision("float64"):
        net = build_spiking(model, SpikingSettings(neuron=neuron_of(neuron, load_registry()), dtype="float64"))
        net(inputs, training=True)  # lets the windows grow
    return net


def samples(shape=(6,), count=5):
    random = np.random.default_rng(0)
    return random.uniform(0, 1, (count, *shape)) * (random.uniform(size=(count, *shape)) < 0.7), np.arange(count) % 3


def of(model, inputs):
    return list(jacobians(staged(model), inputs, SilentReporter(), ""))


def by_hand(model, x, y):
    """Firing masks, outputs, gradients with respect to activations and to weights, of one image."""
    dense = [layer.get_weights() for layer in model.layers if hasattr(layer, "kernel")]
    outputs = [x]
    for number, (W, b) in enumerate(dense):
        z = outputs[-1] @ W + b
        outputs.append(z if number == len(dense) - 1 else np.maximum(z, 0))
    odds = np.exp(outputs[-1] - outputs[-1].max())
    delta = odds / odds.sum() - np.eye(3)[y]
    of_outputs, of_weights = [delta], []
    for number in reversed(range(len(dense))):
        of_weights.insert(0, np.outer(outputs[number], delta))
        delta = (dense[number][0] @ delta) * (outputs[number] > 0)
        of_outputs.insert(0, delta)
    return outputs, of_outputs, of_weights, -np.log(odds[y] / odds.sum())


def test_norms_are_those_of_backpropagation_by_hand():
    model, (inputs, labels) = network(), samples()
    loss, layers = loss_gradients(staged(model), inputs, labels)
    images = [by_hand(model, x, y) for x, y in zip(inputs, labels, strict=True)]
    assert loss == pytest.approx(np.mean([image[3] for image in images]), rel=1e-12)
    for number, layer in enumerate(layers):
        norms = [np.linalg.norm(image[1][number + 1]) for image in images]
        assert layer["activation_gradient"] == pytest.approx(np.mean(norms), rel=1e-10)
        mean = np.mean([image[2][number] for image in images], axis=0)
        assert layer["weight_gradient"] == pytest.approx(np.linalg.norm(mean), rel=1e-10)
    assert [layer["neurons"] for layer in layers] == [7, 5, 3]
    fired = np.mean([image[0][1] > 0 for image in images])
    assert layers[0]["firing"] == pytest.approx(fired)
    assert layers[-1]["firing"] == 1.0


def test_singular_values_are_those_of_the_weights_between_firing_units():
    model, (inputs, _) = network(), samples()
    found = of(model, inputs)
    weights = [layer.get_weights()[0].T for layer in model.layers]
    for image, x in enumerate(inputs):
        outputs, *_ = by_hand(model, x, 0)
        fired = [x > 0, outputs[1] > 0, outputs[2] > 0, np.ones(3, bool)]
        product = np.eye(6)
        for number, W in enumerate(weights):
            expected = W[np.ix_(fired[number + 1], fired[number])]
            np.testing.assert_allclose(found[number]["jacobian"][image], expected, atol=1e-12)
            product = np.diag(fired[number + 1].astype(float)) @ W @ product
            reached = product[np.ix_(fired[number + 1], fired[0])]
            np.testing.assert_allclose(found[number]["depth"][image], reached, atol=1e-12)
            if reached.size:
                ours = np.linalg.svd(found[number]["depth"][image], compute_uv=False)
                np.testing.assert_allclose(ours, np.linalg.svd(reached, compute_uv=False), atol=1e-12)


@pytest.mark.parametrize(
    ("build", "shape"),
    [(tiny, (6,)), (with_pooling, (8, 8, 1)), (residual, (6,))],
    ids=["dense", "pooling", "residual"],
)
def test_b1_has_the_gradients_and_jacobians_of_the_relu_network(build, shape):
    inputs, labels = samples(shape)
    model = network(build)
    net = spiking(model, "b1", inputs)
    loss, layers = loss_gradients(staged(model), inputs, labels)
    loss_b1, layers_b1 = loss_gradients(staged(net), inputs, labels)
    assert loss_b1 == pytest.approx(loss, rel=1e-9)
    for layer, other in zip(layers, layers_b1, strict=True):
        assert [other[key] for key in ("neurons", "firing")] == [layer[key] for key in ("neurons", "firing")]
        for key in ("activation_gradient", "weight_gradient"):
            assert other[key] == pytest.approx(layer[key], rel=1e-9)
    for relu, b1 in zip(of(model, inputs[:3]), of(net, inputs[:3]), strict=True):
        for kind in ("jacobian", "depth"):
            for mine, theirs in zip(relu[kind], b1[kind], strict=True):
                np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_alpha1_divides_by_the_slope():
    """dt_i/dt_j = J_ij / B_i, in the first layer, whose inputs are the same. [EM]"""
    model, (inputs, _) = network(), samples()
    net = spiking(model, "alpha1", inputs)
    J = model.layers[0].get_weights()[0]
    B = 1 + J.sum(axis=0)
    fired = net.layers[2](net.layers[1](inputs)).numpy() > 0
    assert (B > 0).sum() < 7, "a neuron that never fires must be among them"
    assert not fired[:, B <= 0].any()
    for image, jacobian in enumerate(of(net, inputs)[0]["jacobian"]):
        expected = (J / B).T[np.ix_(fired[image], inputs[image] > 0)]
        np.testing.assert_allclose(jacobian, expected, atol=1e-12)


def test_a_relu_at_the_end_is_part_of_the_readout():
    model = network(lambda: keras.Sequential([keras.Input((6,)), L.Dense(4, "relu"), L.Dense(3, "relu")]))
    assert list(staged(model).names) == [layer.name for layer in model.layers]
    inputs, _ = samples()
    assert [jacobian.shape[0] for jacobian in of(model, inputs)[-1]["jacobian"]] == [3] * len(inputs)


def test_large_jacobians_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "LARGEST_JACOBIAN", 36)
    model, (inputs, _) = network(), samples()
    shown = [(found["jacobian"] is None, found["depth"] is None) for found in of(model, inputs)]
    assert shown == [(True, True), (False, False), (False, False)]  # 7x6; 5x7, 5x6; 3x5, 3x6


# Singular values, and what is said of them.


def with_singular_values(values, rows, columns):
    random = np.random.default_rng(0)
    U, _ = np.linalg.qr(random.normal(size=(rows, len(values))))
    V, _ = np.linalg.qr(random.normal(size=(columns, len(values))))
    return U @ np.diag(values) @ V.T


def test_zeros_by_rounding_are_no_singular_values():
    matrix = with_singular_values([5.0, 1.0, 1e-3], 8, 6)
    np.testing.assert_allclose(singular_values(matrix), [5.0, 1.0, 1e-3], rtol=1e-9)
    assert singular_values(np.zeros((4, 3))).size == 0
    assert singular_values(np.zeros((0, 3))).size == 0


def test_all_images_together():
    found = spectrum([with_singular_values([4.0, 2.0], 5, 3), with_singular_values([1.0, 0.5, 0.25], 3, 7)])
    values = [4.0, 2.0, 1.0, 0.5, 0.25]
    assert (found["largest"], found["smallest"], found["rank"]) == pytest.approx((4.0, 0.25, 2.5))
    assert found["mean_log"] == pytest.approx(np.log(values).mean(), abs=1e-12)
    assert found["quantiles"] == pytest.approx({f"q{n:02}": np.quantile(values, n / 100) for n in (5, 25, 50, 75, 95)})
    assert found["values"] == pytest.approx([4.0, 2.0])


def test_a_network_in_which_nothing_fires():
    found = spectrum([np.zeros((0, 4)), np.zeros((3, 0))])
    assert np.isnan([found["largest"], found["smallest"], found["mean_log"], *found["quantiles"].values()]).all()
    assert (found["rank"], found["values"]) == (0.0, [])


def test_values_are_listed_for_small_layers_only():
    size = MOST_VALUES + 1
    assert spectrum([np.eye(size)])["values"] == []
    assert len(spectrum([np.eye(size - 1)])["values"]) == MOST_VALUES
