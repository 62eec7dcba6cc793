"""Random ReLU networks of the kinds that convert, for property tests."""

from __future__ import annotations

import keras
import numpy as np
from hypothesis import strategies as st

from snnctl.models import precision

layers = keras.layers


@st.composite
def recipes(draw) -> dict:
    """A description of a network: small, JSON-like, so that a failing example can be read."""
    convolutional = draw(st.booleans())
    blocks = [draw(blocks_of("conv")) for _ in range(draw(st.integers(1, 3)))] if convolutional else []
    return {
        "shape": (draw(st.integers(7, 14)), draw(st.integers(7, 14)), draw(st.integers(1, 3)))
        if convolutional
        else (draw(st.integers(2, 12)),),
        "input_range": draw(st.sampled_from([(0.0, 1.0), (-1.9, 2.1), (0.0, 255.0), (0.5, 1.0)])),
        "first_norm": draw(st.booleans()),
        "blocks": blocks,
        "dense": [draw(blocks_of("dense")) for _ in range(draw(st.integers(0, 2)))],
        "flatten_late": draw(st.booleans()),
        "end": draw(st.sampled_from(["linear", "softmax", "softmax layer", "relu", "norm"])),
        "seed": draw(st.integers(0, 2**31 - 1)),
    }


def blocks_of(kind: str) -> st.SearchStrategy[dict]:
    """One linear layer with what may stand around it."""
    common = {
        "kind": st.just(kind),
        "units": st.integers(1, 6),
        "bias": st.booleans(),
        "relu": st.sampled_from(["argument", "activation", "layer"]),
        "norm_before": st.booleans(),
        "norm_after": st.booleans(),
        "dropout": st.booleans(),
    }
    if kind == "dense":
        return st.fixed_dictionaries(common)
    return st.fixed_dictionaries(
        {
            **common,
            "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
            "stride": st.tuples(st.integers(1, 2), st.integers(1, 2)),
            "dilation": st.integers(1, 2),
            "padding": st.sampled_from(["same", "valid"]),
            "pool": st.sampled_from([None, "before", "after"]),
            "pool_size": st.tuples(st.integers(1, 3), st.integers(1, 3)),
            "pool_stride": st.sampled_from([None, 1, 2]),
            "pool_padding": st.sampled_from(["same", "valid"]),
        }
    )


def build(recipe: dict, dtype: str = "float64") -> keras.Model:
    """The described network with random weights and statistics; gammas of both signs."""
    rng = np.random.default_rng(recipe["seed"])
    keras.utils.set_random_seed(recipe["seed"] % 2**31)
    with precision(dtype):
        inputs = keras.Input(recipe["shape"])
        x = layers.BatchNormalization()(inputs) if recipe["first_norm"] else inputs
        for block in recipe["blocks"]:
            x = add_block(x, block)
        if len(x.shape) > 2:
            x = layers.Flatten()(x)
        for block in recipe["dense"]:
            x = add_block(x, block)
        x = add_end(x, recipe["end"])
        model = keras.Model(inputs, x)
    randomize(model, rng)
    return model


def add_block(x, block: dict):
    """Linear, [norm], [pool], ReLU, [norm], [pool], [dropout]."""
    pool = block.get("pool")
    in_argument = block["relu"] == "argument" and not block["norm_before"] and pool != "before"
    x = linear(block, x.shape)(activation="relu" if in_argument else None)(x)
    if block["norm_before"] and not in_argument:
        x = layers.BatchNormalization()(x)
    if pool == "before" and not in_argument:
        x = pooling(block, x.shape)(x)
        if block["norm_before"]:
            x = layers.BatchNormalization()(x)
    if not in_argument:
        x = (layers.ReLU() if block["relu"] == "layer" else layers.Activation("relu"))(x)
    if block["norm_after"]:
        x = layers.BatchNormalization()(x)
    if pool == "after":
        x = pooling(block, x.shape)(x)
    return layers.Dropout(0.3)(x) if block["dropout"] else x


def linear(block: dict, shape: tuple):
    """The block's linear layer, waiting for its activation."""
    if block["kind"] == "dense":
        return lambda activation: layers.Dense(block["units"], use_bias=block["bias"], activation=activation)
    stride, dilation = block["stride"], block["dilation"]
    if max(stride) > 1:
        dilation = 1  # Keras allows one or the other
    size = [min(k, 1 + (side - 1) // dilation) for k, side in zip(block["kernel"], shape[1:3], strict=True)]
    if shape[-1] == 1 and shape[2] - size[1] < stride[1]:
        # One channel, one column of output and a rest of the image: TensorFlow 2.21 with oneDNN reads past the end
        # of the image in float32, in Keras's own network as well.
        stride = (stride[0], 1)
    return lambda activation: layers.Conv2D(
        block["units"],
        size,
        strides=stride,
        dilation_rate=dilation,
        padding=block["padding"],
        use_bias=block["bias"],
        activation=activation,
    )


def pooling(block: dict, shape: tuple):
    """The block's pooling, no larger than what it pools."""
    size = [min(p, side) for p, side in zip(block["pool_size"], shape[1:3], strict=True)]
    return layers.MaxPooling2D(size, block["pool_stride"], block["pool_padding"])


def add_end(x, end: str):
    """The last linear layer and what follows it."""
    x = layers.Dense(4, activation="softmax" if end == "softmax" else None)(x)
    if end == "softmax layer":
        return layers.Softmax()(x)
    if end == "relu":
        return layers.ReLU()(x)
    return layers.BatchNormalization()(x) if end == "norm" else x


def randomize(model: keras.Model, rng: np.random.Generator) -> None:
    """Random biases and batch statistics."""
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            n = layer.gamma.shape[0]
            sign = rng.choice([-1.0, 1.0], n)
            layer.gamma.assign(sign * rng.uniform(0.5, 1.5, n))
            layer.beta.assign(rng.normal(size=n))
            layer.moving_mean.assign(rng.normal(size=n))
            layer.moving_variance.assign(rng.uniform(0.5, 2.0, n))
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(rng.normal(size=layer.bias.shape))


def inputs_for(recipe: dict, count: int = 6) -> np.ndarray:
    """Random inputs in the declared range, its ends included, float64."""
    low, high = recipe["input_range"]
    values = np.random.default_rng(recipe["seed"] + 1).uniform(low, high, (count, *recipe["shape"]))
    values[0], values[1] = low, high
    return values
