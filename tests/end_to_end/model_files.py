"""Model files as users have them: good ones, damaged ones, and networks that do not convert."""

from __future__ import annotations

import shutil
from pathlib import Path

IMAGE = (28, 28, 1)


def write_model_files(folder: Path) -> None:
    """Write them all to ``folder``, which appears when it is complete."""
    import keras

    from snnctl.plugins import load_registry

    unfinished = folder.with_name(f"{folder.name}-unfinished")
    unfinished.mkdir()
    keras.utils.set_random_seed(1)
    for name, model in networks().items():
        model.save(unfinished / f"{name}.keras")
    network().save(unfinished / "good.h5")
    load_registry().architecture("fc2").build(IMAGE, 10, hidden=30).save_weights(unfinished / "fc2.weights.h5")
    write_hostile_files(unfinished)
    for name in ("good.keras", "good.h5"):
        cut_in_half(unfinished / name, unfinished / f"truncated-{name}")
    unfinished.rename(folder)


def networks() -> dict:
    """Keras models by name."""
    import keras
    from keras import layers

    return {
        "good": network(layers.Dense(6, activation="relu")),
        "seven-classes": network(classes=7),
        "nan": with_nan(network(layers.Dense(6, activation="relu", name="broken"))),
        "layer-norm": network(layers.Dense(6), layers.LayerNormalization(name="normed"), layers.ReLU()),
        "tanh": network(layers.Dense(6, activation="tanh", name="curved")),
        "sigmoid": network(layers.Dense(6, activation="sigmoid", name="squashed")),
        "lambda": network(layers.Lambda(lambda x: x * 2, name="doubled", output_shape=(784,))),
        "lstm": keras.Sequential([keras.Input((6, 3)), layers.LSTM(4, name="memory"), layers.Dense(2)]),
    }


def network(*hidden, classes: int = 10):
    """Images in, logits out, with ``hidden`` layers between."""
    import keras

    outputs = keras.layers.Dense(classes, name="logits")
    return keras.Sequential([keras.Input(IMAGE), keras.layers.Flatten(), *hidden, outputs])


def with_nan(model):
    """``model`` with one weight that is not a number."""
    kernel, *others = model.layers[1].get_weights()
    kernel[3, 2] = float("nan")
    model.layers[1].set_weights([kernel, *others])
    return model


def write_hostile_files(folder: Path) -> None:
    """From the good ones: a layer of absurd size, an archive that unpacks to far more, weights that are elsewhere."""
    import h5py

    from helpers.archives import CONFIG, WEIGHTS, rewritten

    good = folder / "good.keras"
    rewritten(good, folder / "huge.keras", {CONFIG: lambda text: text.replace(b'"units": 6', b'"units": 600000000000')})
    rewritten(good, folder / "bomb.keras", {WEIGHTS: lambda content: content + bytes(200 << 20)})
    shutil.copy(folder / "good.h5", folder / "linked.h5")
    with h5py.File(folder / "linked.h5", "r+") as file:
        del file["model_weights/logits"]
        file["model_weights/logits"] = h5py.ExternalLink("good.h5", "/model_weights/logits")


def cut_in_half(whole: Path, half: Path) -> None:
    """As a copy that was interrupted."""
    content = whole.read_bytes()
    half.write_bytes(content[: len(content) // 2])
