"""Data that cannot be used, wherever it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed import Snnctl

DATA = 4


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            "nan-pixels",
            ["data set 'nan-pixels' (faulty), load: train split: Sample 3 holds the value nan, not a finite number"],
        ),
        pytest.param(
            "odd-labels",
            ["data set 'odd-labels' (faulty), load: train split: Sample 5 has label 2, outside 0..1"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "bright-pixels",
            ["data set 'bright-pixels' (faulty), load: train split: Sample 3 holds the value 300, outside 0..255"],
            marks=pytest.mark.long,
        ),
        pytest.param(
            "wide-images",
            ["'wide-images' (faulty), load: train split: The inputs have shape (8, 5, 7, 1) instead of (n, 6, 3)"],
            marks=pytest.mark.long,
        ),
    ],
)
def test_samples_that_are_not_what_was_promised(
    snnctl: Snnctl, faulty_plugin: Path, data: str, words: list[str]
) -> None:
    message = snnctl.fail(DATA, "train", "--arch", "fc2", "--data", data, PYTHONPATH=str(faulty_plugin))
    assert [word for word in words if word not in message] == [], message


def test_without_files_and_network_every_place_is_named(snnctl: Snnctl) -> None:
    message = snnctl.fail(DATA, "train", "--arch", "fc2", "--data", "mnist", "--data-dir", "mine", "--out", "out")
    assert "The data set mnist is not on this machine" in message
    for place in ("mine (--data-dir)", "(user cache)", "(Keras cache)", "train-images-idx3-ubyte"):
        assert place in message
    assert "`--data mnist-mini` needs no files" in message


def test_fetching_without_a_network(snnctl: Snnctl) -> None:
    message = snnctl.fail(DATA, "data", "fetch", "cifar10")
    assert "The data set cifar10 is not on this machine" in message
    assert "no connection to" in message
    assert "SNNCTL_DATA" in message


@pytest.mark.long
def test_a_damaged_file(snnctl: Snnctl) -> None:
    folder = snnctl.cwd / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{name}-ubyte").write_bytes(b"\0\0\x08\x03\0\0")
    message = snnctl.fail(DATA, "train", "--arch", "fc2", "--data", "mnist", "--data-dir", "data")
    assert str(Path("data/mnist/train-")) in message
    assert "fresh copy" in message
