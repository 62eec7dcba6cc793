"""Care with files that come from anywhere: no code is run, no absurd size allocated, every failure is one message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import unpack_from
from typing import Any

import h5py
import keras
import tensorflow as tf

import snnctl.layers  # noqa: F401  (registers the spiking layers)
from snnctl.errors import ModelError, SnnctlError
from snnctl.ttfs.constraints import NO_PLUGIN
from snnctl.ttfs.keras_graph import all_layers, outputs

Config = dict[str, Any]
AGAIN = "Copy or save it again."
MODELS = ("Functional", "Model", "Sequential")
CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
STANDARD = "Replace it with standard layers or functions and save the model again"
MOST_LAYERS = 10_000
SPARE = 1 << 20  # values that a network may have and its file lacks, such as the states of random generators
LARGEST_TENSOR = 1 << 28  # values a sample between two layers
ALWAYS_READ = 16 << 20  # bytes; less than this is read however little of the file it takes
LARGEST_EXPANSION = 100  # how many times its size in the file a weight may have; real ones hardly compress
LONGEST_REASON, LONGEST_MESSAGE = 300, 5_000  # characters
DUMP = re.compile("Exception encountered:|Example error message for object")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn any exception raised while ``path`` is read into a ModelError that names it, with the reason."""
    try:
        yield
    except SnnctlError as error:
        error.what = printable(error.what)  # names of layers come from the file
        if isinstance(error, ModelError) and str(path) not in error.what:
            error.where = str(path)
        raise
    except Exception as error:
        todo = (
            "Install its package." if NO_PLUGIN in str(error) else "If the file may be damaged, copy or save it again."
        )
        raise ModelError(f"{path} cannot be opened: {reason(error)}", todo=todo) from error


def printable(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """``text`` in one line, without what would move a terminal's cursor or colour it, and not endless."""
    line = "".join(letter if letter.isprintable() else " " for letter in COLOURS.sub("", text))
    return line if len(line) <= longest else line[:longest] + " ..."


def reason(error: Exception) -> str:
    """The essential part of an error's text, in one line; Keras puts it behind a dump of the configuration."""
    line = printable(" ".join(DUMP.split(str(error))[-1].split()), LONGEST_REASON)
    if isinstance(error, AttributeError | LookupError | RecursionError) or not line:  # of Python, not of the file
        return "its content is not as Keras writes it."
    return line


def check_heaps(path: Path) -> None:
    """Refuse a file that HDF5 reads forever, with a free object of no size in a heap (HDF5 specification, III.E)."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        for heap in re.finditer(rb"GCOL\x01\0\0\0(.{8})", content, re.DOTALL):
            place, end = heap.end(), min(heap.start() + int.from_bytes(heap[1], "little"), len(content))
            while place + 16 <= end:
                number, size = unpack_from("<H6xQ", content, place)
                if number == size == 0:
                    raise ModelError("It is damaged: a part of it is gone.", todo=AGAIN)
                place += size if number == 0 else 16 + -(-size // 8) * 8


def check_storage(file: h5py.File) -> int:
    """The number of values in an HDF5 file; refused if they lie elsewhere, or unpack to far more than it holds."""
    total = 0
    links: list[tuple[str, Any]] = []
    file.visititems_links(lambda *link: links.append(link))  # h5py loses what is raised in here
    for name, link in links:
        if not isinstance(link, h5py.HardLink):
            raise ModelError(f"its weight {name} is a link to somewhere else, which is not followed.")
        if not isinstance(node := file[name], h5py.Dataset):
            continue
        if node.external or node.is_virtual:
            raise ModelError(f"its weight {name} is stored in another file, which is not followed.")
        values, stored = prod(node.shape or ()), min(node.id.get_storage_size(), file.id.get_filesize())
        size = max(values, prod(node.chunks or ())) * node.dtype.itemsize
        if size > max(ALWAYS_READ, LARGEST_EXPANSION * stored):
            what = f"its weight {name} unpacks to {size:,} bytes, of which the file holds {stored:,}."
            raise ModelError(what, todo=AGAIN)
        total += values
    return total


def vet(config: Config, *, allow_code: bool = False) -> None:
    """Refuse a serialised network with code, unless it is allowed, or with unknown layers or functions."""
    objects = list(_objects(config, "A layer of the network"))
    if (layers := sum(is_layer for _, is_layer, _ in objects)) > MOST_LAYERS:
        raise ModelError(f"The network has {layers:,} layers; at most {MOST_LAYERS:,} are read.")
    for owner, is_layer, item in objects:
        name, own = item["class_name"], item.get("config")
        activation = own.get("activation") if isinstance(own, dict) else None
        if re.split("[.>]", name)[-1] in CODE and not allow_code:
            todo = f"{STANDARD}; or, if you trust whoever made the file, add --allow-code."
            raise ModelError(f"{owner} holds Python code, which is not run from a model file.", todo=todo)
        if is_layer and not _is_known(item, name, keras.layers):
            what = f"{owner} is of class {name}"
        elif name == "function" and not _is_known(item, str(own), keras.activations):
            what = f"{owner} uses the function {own}"
        elif isinstance(activation, str) and not _is_known({}, activation, keras.activations):
            what = f"{owner} uses the function {activation}"
        else:
            continue
        todo = f"{STANDARD}, or install the plugin that brings it (docs/plugins.md, Layer rules)."
        raise ModelError(f"{what}, which neither Keras nor snnctl has.", todo=todo)


def _objects(node: Any, owner: str, is_layer: bool = True) -> Iterator[tuple[str, bool, Config]]:
    """Every serialised object, outer before inner: (the layer it belongs to, whether it is a layer, the object)."""
    if isinstance(node, list):
        for child in node:
            yield from _objects(child, owner, is_layer)
    elif isinstance(node, dict):
        if isinstance(node.get("class_name"), str):
            config = node.get("config")
            name = config.get("name") if isinstance(config, dict) else None
            owner = f"Layer '{name}'" if name else owner
            yield owner, is_layer, node
        for key, child in node.items():
            yield from _objects(child, owner, key == "layers")


def _is_known(item: Config, name: str, module: Any) -> bool:
    """Whether Keras has a class or function, of which files of Keras 2 have only the name, or someone registered it."""
    if any(map(keras.saving.get_registered_object, (name, item.get("registered_name")))):
        return True
    if (origin := item.get("module")) in (None, "builtins"):
        return name in MODELS or hasattr(module, name)
    return str(origin).split(".")[0] == "keras"


@contextmanager
def budget(values: int, path: Path) -> Iterator[None]:
    """Within it, no network can be built that has many more weights than ``values``, which the file ``path`` holds."""
    left = values + SPARE

    def create(make: Callable[..., tf.Variable], **arguments: Any) -> tf.Variable:
        nonlocal left
        initial = arguments["initial_value"]
        with tf.Graph().as_default():  # a graph that is never run: an absurd shape takes no memory
            shape = tuple((initial() if callable(initial) else initial).shape)
        left -= prod(shape)
        if left < 0:
            what = f"its {arguments['name'] or 'weight'} of shape {shape} is too many"
            raise ModelError(f"{path} describes a network with more weights than the file holds: {what}.", todo=AGAIN)
        return make(**arguments)

    with tf.variable_creator_scope(create):
        yield


def check_tensors(model: keras.Model, path: Path) -> None:
    """Refuse a network that could be built, but not run: a tensor in it would fill the memory."""
    for layer in all_layers(model):
        for shape in (tuple(tensor.shape) for tensor in outputs(layer)):
            if prod(size or 1 for size in shape) > LARGEST_TENSOR:
                what = f"Layer '{layer.name}' gives outputs of shape {shape}, which do not fit into memory."
                raise ModelError(what, where=str(path), todo=AGAIN)
