from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from data_files import cifar10_files, images, labels, write_files, write_mnist

from snnctl.builtin.datasets import fashion_mnist
from snnctl.builtin.datasets.cifar10 import Cifar10
from snnctl.builtin.datasets.fashion_mnist import FashionMnist
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data.dataset import DataContext
from snnctl.data.locate import places, user_cache


class Notes:
    """A reporter that remembers notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


def test_the_places_come_in_order_and_each_shadows_the_next(
    bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNCTL_DATA", str(tmp_path / "named"))
    context = DataContext(tmp_path / "given", download=False)
    expected = [
        tmp_path / "given" / "fashion-mnist",
        tmp_path / "named" / "fashion-mnist",
        user_cache() / "fashion-mnist",
        bare_machine / ".keras" / "datasets" / "fashion-mnist",
        tmp_path / "system",
    ]
    for seed, folder in enumerate(expected):
        write_mnist(folder, seed=seed)
    for seed, folder in enumerate(expected):
        assert FashionMnist().where(context) == str(folder)
        np.testing.assert_array_equal(FashionMnist().load("train", context).inputs[..., 0], images(7, seed))
        shutil.rmtree(folder)
    assert FashionMnist().where(context) is None


def test_debian_installs_fashion_mnist_here() -> None:
    assert fashion_mnist.FashionMnist.system_folders == (Path("/usr/share/datasets/fashion-mnist"),)


def test_unset_places_are_not_looked_at(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [place.origin for place in places(None)] == ["user cache", "Keras cache"]
    monkeypatch.setenv("SNNCTL_DATA", "")
    assert [place.origin for place in places(None)] == ["user cache", "Keras cache"]


def test_the_cache_belongs_to_the_user_and_the_program(bare_machine: Path) -> None:
    assert user_cache().is_relative_to(bare_machine)
    assert "snnctl" in user_cache().name


def test_home_is_expanded(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNCTL_DATA", "~/named")
    assert [place.folder for place in places(Path("~/given"))][:2] == [bare_machine / "given", bare_machine / "named"]


def test_keras_home_moves_the_keras_cache(bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    file = tmp_path / "keras" / "datasets" / "mnist.npz"
    np.savez(file, x_train=images(7), y_train=labels(7), x_test=images(3), y_test=labels(3))
    assert Mnist().where(DataContext(download=False)) == str(file)
    assert len(Mnist().load("test", DataContext(download=False))) == 3


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_every_spelling_of_the_files(
    bare_machine: Path, tmp_path: Path, dotted: bool, compressed: bool, subfolder: str
) -> None:
    write_mnist(tmp_path / "given" / subfolder, dotted=dotted, compressed=compressed)
    samples = Mnist().load("train", DataContext(tmp_path / "given", download=False))
    np.testing.assert_array_equal(samples.inputs, images(7)[..., None])
    np.testing.assert_array_equal(samples.labels, labels(7))


def test_the_subfolder_goes_before_the_folder(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(tmp_path)
    write_mnist(tmp_path / "mnist")
    assert Mnist().where(DataContext(tmp_path)) == str(tmp_path / "mnist")


def test_an_incomplete_folder_is_passed_over(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    assert Mnist().where(DataContext(tmp_path)) is None


def test_mnist_is_never_taken_for_fashion_mnist(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(tmp_path / "mnist")
    context = DataContext(tmp_path / "mnist")
    assert Mnist().where(context) == str(tmp_path / "mnist")
    assert FashionMnist().where(context) is None


@pytest.mark.parametrize(
    "folder",
    ["cifar-10-batches-py", "cifar10/cifar-10-batches-py", "cifar-10-batches-py-target/cifar-10-batches-py", ""],
)
def test_cifar_folders(bare_machine: Path, tmp_path: Path, folder: str) -> None:
    write_files(tmp_path / folder, cifar10_files())
    assert Cifar10().where(DataContext(tmp_path)) == str(tmp_path / folder)


def test_a_note_says_when_the_given_folder_did_not_have_the_files(bare_machine: Path, tmp_path: Path) -> None:
    write_mnist(user_cache() / "mnist")
    elsewhere = Notes()
    Mnist().load("test", DataContext(tmp_path / "given", reporter=elsewhere))  # type: ignore[arg-type]
    assert elsewhere.notes == [
        f"mnist is not in {tmp_path / 'given'}; it is read from {bare_machine / '.cache' / 'snnctl' / 'mnist'}."
    ]
    write_mnist(tmp_path / "given")
    there = Notes()
    Mnist().load("test", DataContext(tmp_path / "given", reporter=there))  # type: ignore[arg-type]
    assert there.notes == []
