"""A model must have finite weights and belong to its data set."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from loading import load_model
from snnctl.errors import ModelError
from snnctl.models import check_finite, check_fits


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_named(small_model, value, tmp_path):
    model = keras.models.clone_model(small_model)
    layer = model.layers[5]
    kernel = np.array(layer.kernel)
    kernel[0, 0] = value
    layer.kernel.assign(kernel)
    model.save(tmp_path / "model.keras")
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "model.keras")
    assert f"'{layer.name}'" in caught.value.what
    assert f"kernel: 1 of {kernel.size}" in caught.value.what


def test_finite_weights_pass(small_model):
    check_finite(small_model)


def test_the_data_set_it_was_made_for(small_model):
    check_fits(small_model, (6, 6, 1), 3, "tiny")


def test_any_size_where_the_model_takes_any():
    model = keras.Sequential(
        [keras.Input((None, None, 1)), keras.layers.Conv2D(3, 1), keras.layers.GlobalAveragePooling2D()]
    )
    check_fits(model, (28, 28, 1), 3, "mnist")


@pytest.mark.parametrize("shape", [(32, 32, 3), (6, 6), (6, 6, 3)])
def test_another_input_shape_says_both(small_model, shape):
    with pytest.raises(ModelError) as caught:
        check_fits(small_model, shape, 3, "cifar10")
    assert "(6, 6, 1)" in caught.value.what
    assert f"data set cifar10 have shape {shape}" in caught.value.what


def test_flattened_inputs_get_the_way_out(small_model):
    with pytest.raises(ModelError, match=r"samples have the shape \(6, 6, 1\)"):
        check_fits(small_model, (36,), 3, "flat")
    flat_model = keras.Sequential([keras.Input((36,)), keras.layers.Dense(3)])
    with pytest.raises(ModelError, match=r"Input\(\(6, 6, 1\)\) and Flatten"):
        check_fits(flat_model, (6, 6, 1), 3, "images")


def test_another_number_of_classes_says_both(small_model):
    with pytest.raises(ModelError, match="has 3 classes, but data set cifar100 has 100 classes"):
        check_fits(small_model, (6, 6, 1), 100, "cifar100")


def test_outputs_that_are_no_logits():
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(3, 1)])
    with pytest.raises(ModelError, match=r"outputs of shape \(6, 6, 3\)"):
        check_fits(model, (6, 6, 1), 3, "tiny")


def test_several_inputs():
    first, second = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([first, second], keras.layers.Add()([first, second]))
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        check_fits(model, (3,), 3, "tiny")
