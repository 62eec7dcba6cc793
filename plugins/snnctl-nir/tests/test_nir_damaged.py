"""Files that are damaged, or changed to do harm, are refused in one message."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from snnctl_nir.exporter import NirExporter
from snnctl_nir.reader import NirReader

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import ModelError
from snnctl.lowering import lower
from snnctl.plugins import ExportContext, ReadContext

L = keras.layers


@pytest.fixture(scope="module")
def snn() -> keras.Model:
    """A small spiking network."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4, 4, 1))
    x = L.MaxPooling2D(2)(L.Conv2D(2, 3, padding="same", activation="relu")(inputs))
    x = L.Dense(3, name="end")(L.Flatten()(x))
    return build_spiking(keras.Model(inputs, x), SpikingSettings(width=3.0))


@pytest.fixture(scope="module")
def content(snn: keras.Model) -> bytes:
    """Its file."""
    return NirExporter().export(lower(snn), ExportContext(snn, "small"))["network.nir"]


def read(content: bytes, folder: Path) -> keras.Model:
    path = folder / "network.nir"
    path.write_bytes(content)
    return NirReader().read(path, ReadContext()).model


def changed(content: bytes, change: Callable[[h5py.File], None]) -> bytes:
    stream = io.BytesIO(content)
    with h5py.File(stream, "r+") as file:
        change(file)
    return stream.getvalue()


def put(path: str, value: object) -> Callable[[h5py.File], None]:
    """Replaces what stands at a place; None takes it away."""

    def change(file: h5py.File) -> None:
        if path in file:
            del file[path]
        if value is not None:
            file[path] = value

    return change


NODES = "node/nodes"
CONV = f"{NODES}/conv2d_synapses"
CODE = json.dumps({"activation": {"class_name": "x"}})
WIDE = json.dumps({"units": 1 << 40, "use_bias": False})
HUGE = {"shape": (1 << 20, 1 << 20), "dtype": "f4", "chunks": (1024, 1024), "compression": "gzip"}

CHANGES = {
    "another version": (put("node/metadata/snnctl.version", 2), "of format snnctl-nir 2"),
    "no role": (put(f"{CONV}/metadata/snnctl.role", None), "node 'conv2d_synapses'"),
    "another layer": (put(f"{CONV}/metadata/snnctl.keras", "Lambda"), "Lambda is no layer of spiking networks"),
    "code": (put(f"{CONV}/metadata/snnctl.config", CODE), "numbers and texts"),
    "other weights": (put(f"{CONV}/weight", np.ones((2, 1, 5, 5), "float32")), "weights of shape"),
    "no weights": (put(f"{CONV}/weight", None), "no NIR file"),
    "not a number": (put(f"{CONV}/weight", np.full((2, 1, 3, 3), np.nan, "float32")), "NaN or infinite values in its"),
    "complex": (put(f"{CONV}/weight", np.ones((2, 1, 3, 3), "complex64")), "complex numbers in its weight"),
    "absurdly wide": (put(f"{NODES}/end_synapses/metadata/snnctl.config", WIDE), "more weights than the file holds"),
    "an absurd input": (put(f"{NODES}/input/shape", [1 << 20, 1 << 20, 1]), "does not fit into memory"),
    "no window": (put(f"{NODES}/conv2d/metadata/snnctl.t_max", None), "node 'conv2d'"),
    "other edges": (put("node/edges", [("input", "output")]), "no NIR file"),
    "edges to nowhere": (put("node/edges", [("input", "nowhere")]), "nowhere"),
    "no graph": (put("node", None), "it has no node"),
    "a link": (lambda file: file["node"].update({"far": h5py.ExternalLink("/etc/passwd", "x")}), "is a link"),
    "huge": (lambda file: file[CONV].create_dataset("huge", **HUGE), "more than fits into memory"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_files(name: str, content: bytes, tmp_path: Path) -> None:
    change, message = CHANGES[name]
    with pytest.raises(ModelError, match=message) as error:
        read(changed(content, change), tmp_path)
    assert len(str(error.value).splitlines()) <= 3


def test_what_is_no_file_of_nir(content: bytes, tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.nir", "There is no file"), (tmp_path, "is a folder")):
        with pytest.raises(ModelError, match=message):
            NirReader().read(path, ReadContext())
    for damaged in (b"", b"no network", bytes(5000)):
        with pytest.raises(ModelError, match="no NIR file that can be read"):
            read(damaged, tmp_path)
    for part in (0.1, 0.9, 0.999):
        with pytest.raises(ModelError):
            read(content[: int(part * len(content))], tmp_path)


def test_flipped_bytes_are_refused_or_make_a_network(content: bytes, snn: keras.Model, tmp_path: Path) -> None:
    random, refused = np.random.default_rng(0), 0
    for _ in range(10):
        damaged = bytearray(content)
        for place in random.integers(len(content), size=20):
            damaged[place] = random.integers(256)
        try:
            shape = read(bytes(damaged), tmp_path).output_shape
        except ModelError:
            refused += 1
        else:
            assert shape == snn.output_shape
    assert refused


def test_a_file_that_hdf5_never_gets_through(content: bytes, tmp_path: Path) -> None:
    """Names that lie behind a stretch of zeros make HDF5 search for ever."""
    damaged = bytearray(content)
    start = damaged.index(b"conv2d_synapses")
    damaged[start : start + 100] = bytes(100)
    with pytest.raises(ModelError, match="is damaged"):
        read(bytes(damaged), tmp_path)


def test_thresholds_and_weights_are_those_of_the_nodes(content: bytes, tmp_path: Path) -> None:
    """Other tools may change them: what the graph says holds."""

    def change(file: h5py.File) -> None:
        file[f"{NODES}/conv2d/v_threshold"][...] += 0.25
        file[f"{NODES}/end_synapses/weight"][...] *= 2

    before, after = read(content, tmp_path), read(changed(content, change), tmp_path)
    np.testing.assert_allclose(after.get_layer("conv2d").D, before.get_layer("conv2d").D - 0.25, atol=1e-6)
    kernels = [network.get_layer("end").synapses[0].kernel for network in (before, after)]
    np.testing.assert_array_equal(kernels[1], 2 * kernels[0])
