"""Files that are damaged, unsafe or made to harm: each is refused in one message, and no code in it runs."""

from __future__ import annotations

import random
import re
import resource
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import snnctl.layers as ttfs
from model_files import WEIGHTS, Edit, config, hdf5, load_model, loaded_outputs, mutated, outputs, parts, refusal
from snnctl.errors import ModelError, SnnctlError

MEGABYTES = 400  # of memory that a refusal may take at most
KERNEL, VARIABLE = "model_weights/alpha/sequential/alpha/kernel", "layers/dense/vars/0"
LINK, ELSEWHERE = "is a link to somewhere else", "is stored in another file"


@pytest.fixture
def copies(good: Path, tmp_path: Path) -> Path:
    """The good files, to be changed."""
    return Path(shutil.copytree(good, tmp_path / "files"))


def resized(**sizes: Any) -> Edit:
    """Entries of the first Dense layer changed."""
    return config(lambda stored: stored["config"]["layers"][1]["config"].update(sizes))


def with_layer(name: str, **options: Any) -> Edit:
    """A layer of Keras at the end of the configuration."""
    layer = {
        "module": "keras.layers",
        "class_name": name,
        "registered_name": None,
        "config": {"name": "odd", **options},
    }
    return config(lambda stored: stored["config"]["layers"].append(layer))


def kernel(value: Any) -> Edit:
    """The first kernel replaced by a link or by data."""

    def change(file: h5py.File) -> None:
        place = KERNEL if KERNEL in file else VARIABLE
        del file[place]
        if value is not None:
            file[place] = value

    return hdf5(change)


def dataset(**options: Any) -> Edit:
    """The first kernel replaced by an empty data set of absurd size, or by one in another file."""

    def change(file: h5py.File) -> None:
        place = KERNEL if KERNEL in file else VARIABLE
        del file[place]
        file.create_dataset(place, **{"dtype": "f4", "shape": (4, 3), **options})

    return hdf5(change)


def virtual(path: Path) -> Path:
    """The first kernel replaced by a view into another file."""
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", shape=(4, 3))

    def change(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_virtual_dataset(KERNEL, layout)

    return hdf5(change)(path)


def without(*names: str) -> Edit:
    """An archive that lacks parts."""

    def edit(path: Path) -> Path:
        target = path.with_name("bad.keras")
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
            for name in set(old.namelist()) - set(names):
                new.writestr(name, old.read(name))
        return target

    return edit


def stating_four_gigabytes(path: Path) -> Path:
    """In the archive's list of parts; there are a few thousand bytes."""
    content = bytearray(path.read_bytes())
    entry = content.rindex(WEIGHTS.encode()) - 46
    content[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    target = path.with_name("bad.keras")
    target.write_bytes(content)
    return target


def flat(stored: dict[str, Any]) -> None:
    """A huge input before a dense layer."""
    first, *others = stored["config"]["layers"]
    first["config"]["batch_shape"] = [None, 10**6, 10**6]
    flatten = {"module": "keras.layers", "class_name": "Flatten", "config": {"name": "flat"}}
    stored["config"]["layers"] = [first, flatten, *others]
    for part in (stored, *others):
        part.pop("build_config", None)


DAMAGED: list[tuple[str, Edit, str]] = [
    ("keras", without("metadata.json", WEIGHTS), "metadata.json, model.weights.h5 is missing"),
    ("keras", lambda path: cut(path), "cannot be opened: File is not a zip file"),
    ("h5", lambda path: cut(path), "cannot be opened: .*truncated"),
    ("keras", parts(lambda _: b"{"), "cannot be opened: Expecting"),
    ("keras", parts(lambda _: b"[" * 100_000), "content is not as Keras writes it"),
    ("keras", config(lambda stored: stored | {"config": None}), "cannot be opened: A Sequential model conf"),
    ("h5", config(lambda _: [1]), "content is not as Keras writes it"),
    ("keras", with_layer("Dense", units="x"), "cannot be opened: "),
    ("keras", kernel(None), "Layer 'alpha' expected 2 variables, but received 1"),
    ("keras", kernel(np.zeros((5, 3), "f4")), r"alpha.*\(4, 3\).*\(5, 3\)"),
    ("keras", kernel(np.full((4, 3), b"a")), "alpha.*could not convert string"),
    ("h5", kernel(np.full((4, 3), b"a")), r"layer 'alpha', kernel: \(4, 3\) in the network, \(4, 3\) of type"),
    ("h5", kernel(np.full((4, 3), np.nan, "f4")), "has NaN or infinite values in its kernel: 12 of 12"),
    ("h5", kernel(h5py.ExternalLink("other.h5", "/x")), f"{KERNEL} {LINK}"),
    ("keras", kernel(h5py.SoftLink("/layers/dense/vars/1")), f"{VARIABLE} {LINK}"),
    ("h5", dataset(external=[("secret", 0, 48)]), f"{KERNEL} {ELSEWHERE}"),
    ("h5", virtual, f"{KERNEL} {ELSEWHERE}"),
    ("keras", resized(name="\x1b[2J\x1b[31mowned\r\n", activation="\x1b[31mevil"), "evil"),
]

BOMBS: list[tuple[str, Edit, str]] = [
    ("keras", resized(units=10**12), r"more weights than the file holds: its kernel of shape \(4, 1000000000000\)"),
    ("h5", resized(units=10**7), r"more weights than the file holds: its kernel of shape \(4, 10000000\)"),
    ("keras", resized(units=10**30), "cannot be opened: "),
    ("keras", config(flat), r"more weights than the file holds: its kernel of shape \(1000000000000, 3\)"),
    ("keras", with_layer("RepeatVector", n=10**12), r"Layer 'odd' gives outputs of shape \(None, 1000000000000, 2\)"),
    (
        "keras",
        config(lambda stored: stored["config"]["layers"].extend([stored["config"]["layers"][-1]] * 10_001)),
        "at most 10,000 are read",
    ),
    ("keras", parts(lambda _: b" " * (70 << 20)), "but unpacks to 73,"),
    ("keras", parts(lambda content: content + bytes(200 << 20), WEIGHTS), "but unpacks to 209,"),
    ("keras", stating_four_gigabytes, "but unpacks to 4,29"),
    (
        "h5",
        dataset(shape=(10**6, 250_000), chunks=(1000, 1000), compression="gzip"),
        f"{KERNEL} unpacks to 1,000,000,000,000 bytes, of which the file holds 0",
    ),
    ("keras", dataset(shape=(1, 1), maxshape=(None, None), chunks=(20_000, 10_000)), f"{VARIABLE} unpacks to 800,0"),
]


@pytest.mark.parametrize(("suffix", "edit", "reason"), DAMAGED)
def test_damaged_files(suffix: str, edit: Edit, reason: str, copies: Path) -> None:
    assert re.search(reason, refusal(edit(copies / f"good.{suffix}")))


@pytest.mark.parametrize(("suffix", "edit", "reason"), BOMBS)
def test_what_is_too_large_is_refused_before_memory_is_taken(
    suffix: str, edit: Edit, reason: str, copies: Path
) -> None:
    path = edit(copies / f"good.{suffix}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert re.search(reason, refusal(path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before < MEGABYTES


def cut(path: Path) -> Path:
    """As a copy that was interrupted."""
    target = path.with_name(f"bad{path.suffix}")
    target.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return target


def test_a_file_that_hdf5_never_gets_through(keras2_folder: Path, tmp_path: Path) -> None:
    """Names that lie behind a stretch of zeros make HDF5 search for ever."""
    content = bytearray((keras2_folder / "deep.h5").read_bytes())
    start = content.index(b"stem/dense/kernel:0")
    content[start : start + 100] = bytes(100)
    (tmp_path / "bad.h5").write_bytes(content)
    assert "is damaged" in refusal(tmp_path / "bad.h5")


def nested_in_each_other(file: h5py.File) -> None:
    """Groups without end, in two ways."""
    file["model_weights/alpha/round"] = file["model_weights"]
    group = file
    for _ in range(1000):
        group = group.create_group("x")


def test_groups_without_end(copies: Path) -> None:
    assert load_model(hdf5(nested_in_each_other)(copies / "good.h5")).model.count_params() == 23


# Code


class Shrink(keras.layers.Layer):
    """Registered nowhere."""

    def call(self, inputs: Any) -> Any:
        return inputs / 2


class Net(keras.Model):
    """A model whose layers are in its code only."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def stack(*layers: keras.layers.Layer) -> keras.Model:
    """Layers behind each other, on three inputs."""
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), *layers])


KERAS_2_LAMBDA = {"name": "odd", "function": ["4wEAAAAA", None, None], "function_type": "lambda"}
HIDDEN = {"class_name": "__lambda__", "config": {"value": "4wEAAAAA"}}
HOLDS_CODE, OF_CLASS = "Layer 'odd' holds Python code, which is not run", "Layer 'odd' is of class "
UNSAFE: list[tuple[str, Edit, str]] = [
    ("keras", resized(name="odd", activation=HIDDEN), HOLDS_CODE),
    ("keras", with_layer("TFSMLayer", filepath="elsewhere"), HOLDS_CODE),
    (
        "h5",
        config(lambda stored: stored["config"]["layers"].append({"class_name": "Lambda", "config": KERAS_2_LAMBDA})),
        HOLDS_CODE,
    ),
    ("h5", with_layer("layers.Lambda", function=KERAS_2_LAMBDA["function"]), HOLDS_CODE),
    ("h5", with_layer("Mine"), "cannot be opened: Could not deserialize 'keras.layers.Mine'"),
    (
        "keras",
        config(lambda stored: stored["config"]["layers"][1].update(module="os", class_name="system")),
        "Layer 'alpha' is of class system",
    ),
    (
        "keras",
        resized(activation="squish"),
        "Layer 'alpha' uses the function squish, which neither Keras",
    ),
]


@pytest.mark.parametrize(("suffix", "edit", "reason"), UNSAFE)
def test_files_with_code_or_unknown_classes(suffix: str, edit: Edit, reason: str, copies: Path) -> None:
    assert reason in refusal(edit(copies / f"good.{suffix}"))


def test_a_network_that_needs_a_plugin_is_not_called_damaged(tmp_path: Path) -> None:
    synapses = keras.layers.Dense(2, use_bias=False)
    keras.Sequential([keras.Input((3,)), ttfs.SpikingLayer(synapses)]).save(tmp_path / "a.keras")
    needy = config(lambda stored: stored["config"]["layers"][1]["config"].update(neuron="pp:own"))
    message = refusal(needy(tmp_path / "a.keras"))
    assert "the neuron model 'pp:own' is not known; the plugin that has it must be installed" in message
    assert message.endswith("Install its package.")


def test_unknown_layers_are_named_with_the_way_out(tmp_path: Path) -> None:
    """Nested ones, too; and code that is allowed does not make them known."""
    for name, model in (("a.keras", stack(Shrink(name="odd"))), ("b.h5", stack(stack_of_two(Shrink(name="odd"))))):
        model.save(tmp_path / name)
        message = refusal(tmp_path / name, allow_code=True)
        assert OF_CLASS + "Shrink" in message
        assert "install the plugin that brings it (docs/plugins.md, Layer rules)" in message
    net = Net()
    net(keras.ops.ones((1, 3)))
    net.save(tmp_path / "net.keras")
    assert "is of class Net" in refusal(tmp_path / "net.keras")


def stack_of_two(layer: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((2,)), layer])


def test_registered_layers_of_others_are_welcome(tmp_path: Path) -> None:
    cls = keras.saving.register_keras_serializable("somebody")(type("Halve", (Shrink,), {}))
    stack(cls()).save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").kind == "relu"


def test_code_is_run_when_it_is_allowed_and_not_before(tmp_path: Path) -> None:
    """The code leaves a file behind."""
    trace = tmp_path / "trace"
    double = eval(f"lambda x: (open({str(trace)!r}, 'w').close(), x * 2)[1]")
    model = stack(keras.layers.Lambda(double, output_shape=(2,), name="odd"))
    x = np.ones((1, 3), "float32")
    for name, dtype in (("model.keras", None), ("model.h5", "float64")):
        model.save(tmp_path / name)
        trace.unlink(missing_ok=True)
        message = refusal(tmp_path / name)
        assert HOLDS_CODE in message
        assert "--allow-code" in message
        assert not trace.exists()
        y = loaded_outputs(tmp_path / name, x, allow_code=True, dtype=dtype)
        np.testing.assert_allclose(y, outputs(model, x), rtol=1e-5)
        assert trace.exists()


@pytest.mark.parametrize("file", ["coded.h5", "coded.keras"])
def test_code_of_keras_2(file: str, keras2_folder: Path, expected: dict[str, np.ndarray]) -> None:
    """Bytecode is of one Python only, here that of the fixtures."""
    assert "Layer 'doubled' holds Python code" in refusal(keras2_folder / file)
    try:
        y = loaded_outputs(keras2_folder / file, expected["coded/x"], allow_code=True)
    except ModelError as error:
        pytest.skip(f"another Python wrote the bytecode: {error}")
    np.testing.assert_allclose(y, expected["coded/y"], rtol=1e-5, atol=1e-6)


# Damage at random


def redescribed(stored: Any, seed: int) -> None:
    """One entry of a configuration gone, of another size or of another kind."""
    chance = random.Random(seed)
    holder, key = chance.choice(list(entries(stored)))
    how = chance.random()
    if how < 0.2:
        del holder[key]
    elif how < 0.7 and type(holder[key]) is int:
        holder[key] = chance.choice((0, -1, 2, 7, 10**5, 10**9, 10**18, 10**30))
    else:
        holder[key] = chance.choice((None, True, "x", 1.5, [], {}, [[1]], "relu", "float16"))


def entries(node: Any) -> Iterator[tuple[Any, Any]]:
    """(dictionary or list, key or index) of everything below ``node``."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in pairs:
        yield node, key
        yield from entries(child)


def in_bytes(path: Path, seed: int) -> Path:
    """Anywhere in the file, or in one of the files of a folder."""
    files = sorted(file for file in path.rglob("*.*") if file.name != "saved_model.pb") if path.is_dir() else [path]
    file = files[seed % len(files)]
    file.write_bytes(mutated(file.read_bytes(), seed))
    return path


DAMAGE: list[tuple[str, Callable[[Path, int], Path]]] = [
    ("deep.h5", in_bytes),
    ("deep.keras", in_bytes),
    ("saved_deep", in_bytes),
    ("deep.keras", lambda path, seed: parts(lambda content: mutated(content, seed), WEIGHTS)(path)),
    ("deep.keras", lambda path, seed: config(lambda stored: redescribed(stored, seed))(path)),
    ("good.keras", lambda path, seed: parts(lambda content: mutated(content, seed), WEIGHTS)(path)),
    ("good.keras", lambda path, seed: config(lambda stored: redescribed(stored, seed))(path)),
    ("good.h5", lambda path, seed: config(lambda stored: redescribed(stored, seed))(path)),
]


SEEDS = [range(32), pytest.param(range(1000, 1200), marks=pytest.mark.long)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seeds", SEEDS, ids=["few", "many"])
def test_files_damaged_at_random(seeds: range, good: Path, keras2_folder: Path, tmp_path: Path) -> None:
    """Each damaged copy is refused in a few lines, or opens with finite weights."""
    for seed in seeds:
        name, damage = DAMAGE[seed % len(DAMAGE)]
        whole = (good if name.startswith("good") else keras2_folder) / name
        copy = tmp_path / str(seed)
        copy.mkdir()
        path = (shutil.copytree if whole.is_dir() else shutil.copy)(whole, copy / name)
        try:
            model = load_model(damage(Path(path), seed)).model
        except SnnctlError as error:
            message = str(error)
            assert len(message.splitlines()) <= 3, (seed, message)
            assert str(copy) in message, (seed, message)
            assert message.replace("\n", "").isprintable(), (seed, message)
        else:
            assert all(np.isfinite(weight).all() for weight in model.get_weights()), seed


@pytest.mark.filterwarnings("ignore")
def test_one_changed_bit_changes_no_result_unseen(copies: Path) -> None:
    """In an archive, which has checksums: it opens and computes the same, or is refused."""
    path, x = copies / "good.keras", np.ones((1, 4), "float32")
    content, y = path.read_bytes(), loaded_outputs(path, x)
    for place in np.linspace(0, len(content) - 1, 12, dtype=int):
        path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
        try:
            changed = loaded_outputs(path, x)
        except SnnctlError:
            continue
        np.testing.assert_array_equal(changed, y)
