"""Files that only look like models: each is refused with its reason, in a line or two."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from loading import load_model
from snnctl.errors import ModelError
from snnctl.models import check_savable

KERNEL = "layers/dense/vars/0"


@pytest.fixture
def rewrite(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a small model with entries changed: ``rewrite(name, change)``, bytes to bytes."""

    def write(name: str, change: Callable[[bytes], bytes], extra: dict[str, bytes] | None = None) -> Path:
        layers = keras.layers
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="alpha"), layers.Dense(2)])
        model.save(tmp_path / "good.keras")
        with (
            zipfile.ZipFile(tmp_path / "good.keras") as old,
            zipfile.ZipFile(tmp_path / "bad.keras", "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for entry in old.namelist():
                new.writestr(entry, change(old.read(entry)) if entry == name else old.read(entry))
            for entry, content in (extra or {}).items():
                new.writestr(entry, content)
        return tmp_path / "bad.keras"

    return write


def refusal(path: Path) -> str:
    """What is said about a file; two lines at most."""
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert len(str(caught.value).splitlines()) <= 2
    return str(caught.value)


def with_kernel(value: Any) -> Callable[[bytes], bytes]:
    """Replaces the first layer's kernel; None leaves it out."""

    def change(content: bytes) -> bytes:
        buffer = io.BytesIO(content)
        with h5py.File(buffer, "r+") as file:
            del file[KERNEL]
            if value is not None:
                file[KERNEL] = value
        return buffer.getvalue()

    return change


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (np.zeros((5, 3), "f4"), r"Layer 'alpha': .*\(4, 3\).*\(5, 3\)"),
        (None, "Layer 'alpha' expected 2 variables, but received 1"),
        (h5py.SoftLink(f"/{KERNEL}"), f"{KERNEL} is a link"),
        (h5py.ExternalLink("other.h5", "/x"), f"{KERNEL} is a link"),
        (np.full((4, 3), b"a"), f"{KERNEL} is of type .*S1"),
        (np.ones((4, 3), "c8"), f"{KERNEL} is of type complex64"),
    ],
)
def test_weights_are_refused_with_the_reason(rewrite: Any, kernel: Any, reason: str) -> None:
    path = rewrite("model.weights.h5", with_kernel(kernel))
    with pytest.raises(ModelError, match=reason):
        load_model(path)
    refusal(path)


@pytest.mark.parametrize("name", ["config.json", "metadata.json"])
@pytest.mark.parametrize("content", ["null", "[]", "3", "[" * 100_000, "{"])
def test_descriptions_that_are_none(rewrite: Any, name: str, content: str) -> None:
    assert f"its {name} is no" in refusal(rewrite(name, lambda _: content.encode()))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: {"config": {}},
        lambda config: {"class_name": "Sequential", "config": None},
        lambda config: config | {"config": {"layers": [None]}},
        lambda config: config | {"config": {"layers": [{"class_name": "Dense", "config": None}]}},
        lambda config: config | {"config": {"layers": [{"class_name": "Dense", "config": {}, "module": 5}]}},
    ],
)
def test_configurations_that_are_none(rewrite: Any, change: Any) -> None:
    path = rewrite("config.json", lambda content: json.dumps(change(json.loads(content))).encode())
    assert "not as Keras writes it" in refusal(path)


def test_a_description_that_inflates(rewrite: Any) -> None:
    assert "at most 67,108,864" in refusal(rewrite("config.json", lambda _: b" " * (65 << 20)))


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\\\evil", "C:evil"])
def test_entries_that_lead_out(rewrite: Any, name: str) -> None:
    assert "leads out of the archive" in refusal(rewrite("", bytes, {name: b""}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entries_that_are_there_twice(rewrite: Any) -> None:
    assert "config.json is there 2 times" in refusal(rewrite("", bytes, {"config.json": b"{}"}))


def test_a_network_that_does_not_fit_into_memory(rewrite: Any) -> None:
    path = rewrite("config.json", lambda content: content.replace(b'"units": 3', b'"units": 100000000000000000000'))
    assert "too large for the memory" in refusal(path)


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.keras")
    assert "no regular file" in refusal(tmp_path / "model.keras")


class Shrink(keras.layers.Layer):
    """Not registered."""

    def call(self, inputs: Any) -> Any:
        return inputs / 2


class Stretch(keras.layers.Layer):
    """Cannot be written down."""

    def __init__(self, factor: object, name: str) -> None:
        super().__init__(name=name)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs


def squish(x: Any) -> Any:
    """A function that is not registered."""
    return x


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: keras.layers.Lambda(lambda x: x, name="odd"), "Layer 'odd' holds Python code"),
        (lambda: Shrink(name="odd"), "Layer 'odd' is of class Shrink"),
        (lambda: Stretch(object(), name="odd"), "Layer 'odd' cannot be saved"),
        (lambda: keras.layers.Dense(2, activation=squish, name="odd"), "Layer 'odd' uses the function squish"),
        (lambda: keras.Sequential([keras.Input((3,)), Shrink(name="odd")]), "Layer 'odd' is of class Shrink"),
    ],
)
def test_what_could_not_be_read_again_is_refused(layer: Any, message: str) -> None:
    model = keras.Sequential([keras.Input((3,)), layer()])
    with pytest.raises(ModelError, match=message) as caught:
        check_savable(model, "architecture 'odd'")
    assert caught.value.where == "architecture 'odd'"
    assert len(str(caught.value).splitlines()) == 2


def test_what_can_be_read_again_passes(small_model: keras.Model) -> None:
    check_savable(small_model)
    check_savable(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation=keras.activations.relu)]))
