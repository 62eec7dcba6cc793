"""What a step depends on, piece by piece."""

from pathlib import Path

import counted_steps
import pytest

import fake_package
from snnctl.data.dataset import DataContext
from snnctl.plugins import load_registry
from snnctl.recipes import inputs, make_plan
from snnctl.recipes.keys import step_keys

NAME = counted_steps.MODULE.replace("_", "-")
FILES = [f"{split}-{kind}-ubyte" for split in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
METRIC = """
    from snnctl.plugins import hookimpl

    @hookimpl
    def register_metrics(register):
        pass
"""


def test_the_files_of_a_data_set_are_looked_at_and_nothing_else(tmp_path, monkeypatch):
    for name in ("SNNCTL_DATA", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    mnist = load_registry(entry_points=False).dataset("mnist")
    assert mnist.fingerprint(DataContext(tmp_path)) is None
    for name in FILES:
        (tmp_path / name).write_text(name)
    first = mnist.fingerprint(DataContext(tmp_path))
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10/batch").touch()
    assert mnist.fingerprint(DataContext(tmp_path)) == first
    (tmp_path / FILES[0]).write_text("changed")
    assert mnist.fingerprint(DataContext(tmp_path)) != first


FULL = [
    pytest.param(name, marks=[pytest.mark.long, pytest.mark.real_data])
    for name in ("mnist", "fashion-mnist", "cifar10")
]


@pytest.mark.parametrize("name", ["mnist-mini", *FULL])
def test_sizes_of_data_sets(name: str, request: pytest.FixtureRequest) -> None:
    dataset = load_registry(entry_points=False).dataset(name)
    context = DataContext(None if name == "mnist-mini" else request.getfixturevalue("real_data"))
    assert dataset.sizes == {split: len(dataset.load(split, context)) for split in ("train", "test")}


def test_only_plugins_that_take_part_count(recipe_of, tmp_path, monkeypatch):
    recipe = recipe_of("steps: [{make: {value: 1}}, {id: relu, train: {arch: fc2, data: coded}}, {train: {arch: fc2}}]")

    def owners() -> list[list[str]]:
        registry = load_registry()
        packages = {info.package for info in registry.plugins if info.package in (NAME, "unrelated", "measuring")}
        steps = make_plan(recipe.path, [], registry).steps
        return [[name for name in inputs.packages(step, registry) if name in packages] for step in steps]

    other = tmp_path / "site"
    other.mkdir()
    monkeypatch.syspath_prepend(other)
    fake_package.install(other, "unrelated", fake_package.GOOD)
    assert owners() == [[NAME], [NAME], []]
    fake_package.install(other, "measuring", METRIC)
    assert owners() == [sorted([NAME, "measuring"]), sorted([NAME, "measuring"]), ["measuring"]]


def test_a_network_in_a_run_folder_counts_by_content_and_settings(tmp_path: Path) -> None:
    keys = []
    for settings, duration, weights in (("{}", 1, "w"), ("{}", 2, "w"), ('{"data": "mnist"}', 2, "w"), ("{}", 1, "v")):
        (tmp_path / "run.json").write_text(f'{{"verb": "make", "settings": {settings}, "duration": {duration}}}')
        (tmp_path / "model.keras").write_text(weights)
        keys.append(inputs.network(str(tmp_path)))
    assert keys[0] == keys[1]
    assert keys[2] != keys[0] != keys[3]
    assert inputs.network(str(tmp_path / "model.keras")) == {"content": keys[3]["content"]}
    saved = []
    for name, text in (("one/below", "v"), ("two/below", "v"), ("three/below", "w")):  # SavedModel folders
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "file").write_text(text)
        saved.append(inputs.network(str((tmp_path / name).parent)))
    assert saved[0] == saved[1] != saved[2]


def test_samples_that_are_not_here_are_not_known(three) -> None:
    three.edit("value: 3", "value: 3, data: lines")
    registry = load_registry()
    assert set(step_keys(make_plan(three.path, [], registry), registry).values()) == {None}


@pytest.mark.parametrize("value", ["-1", ""])
def test_gpus_may_be_hidden(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(inputs, "GPU_FILES", (str(tmp_path),))
    assert inputs.device_kind() == "gpu"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert inputs.device_kind() == "cpu"
