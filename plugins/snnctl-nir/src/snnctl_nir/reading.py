"""From a NIR graph that snnctl wrote back to its spiking network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import nir
import numpy as np

from snnctl.conversion.folding import distinct
from snnctl.errors import ModelError
from snnctl.events.network import threshold_for
from snnctl.models.safety import budget
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import Diagonal, IntegratingLayer, Readout
from snnctl.ttfs.pooling import EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D
from snnctl.ttfs.relay import Relay, Silence
from snnctl.ttfs.spiking import SpikingLayer
from snnctl_nir.arrangement import Shape, channels_first, in_a_row, to_keras
from snnctl_nir.fields import FORMAT, VERSION, unpacked
from snnctl_nir.files import damaged
from snnctl_nir.forms import Read, express, kernel_in
from snnctl_nir.ordering import in_order, sources

L = keras.layers

CLASSES: Mapping[str, type[keras.layers.Layer]] = {
    cls.__name__: cls
    for cls in (
        *(L.Dense, L.Conv1D, L.Conv2D, L.Conv3D, L.DepthwiseConv1D, L.DepthwiseConv2D),
        *(L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose, Diagonal, Silence),
        *(L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D),
        *(L.GlobalAveragePooling1D, L.GlobalAveragePooling2D, L.GlobalAveragePooling3D),
        *(L.Flatten, L.Reshape, L.Permute, L.RepeatVector, L.Add, L.Concatenate),
        *(L.ZeroPadding1D, L.ZeroPadding2D, L.ZeroPadding3D, L.Cropping1D, L.Cropping2D, L.Cropping3D),
        *(L.UpSampling1D, L.UpSampling2D, L.UpSampling3D),
        *(EarliestSpikePooling1D, EarliestSpikePooling2D, EarliestSpikePooling3D),
    )
}
"""The layers that a file may hold, besides neurons; any other is refused."""


@dataclass(frozen=True)
class Value:
    """What a node sends, in Keras.

    Args:
        tensor: spikes, or what wiring makes of them.
        order: how the node's output is arranged.
        shape: of the Keras tensor behind the chain, without the batch.
        chain: synapses on the way to a layer of neurons, and their kernels.
    """

    tensor: Any
    order: np.ndarray
    shape: Shape
    chain: tuple[tuple[keras.layers.Layer, np.ndarray | None], ...] = ()


@dataclass(frozen=True)
class Currents:
    """What a layer of neurons integrates, group by group."""

    groups: tuple[Value, ...]


def spiking_network(graph: nir.NIRGraph, path: Path) -> keras.Model:
    """The network that was exported.

    Raises:
        ModelError: of another version, incomplete, or changed such that it is no network of snnctl any more.
    """
    about = unpacked(graph.metadata)
    if about.get("format") != FORMAT or about.get("version") != VERSION:
        raise ModelError(
            f"{path} is of format {about.get('format')} {about.get('version')}; this is {FORMAT} {VERSION}.",
            todo="Read it with the snnctl-nir that wrote it, or a newer one.",
        )
    node = ""
    try:
        reading = Reading(graph, str(about["dtype"]), json.loads(about.get("constraints", "{}")))
        # Layers of synapses are built twice: to find out where their weights stand, and in the network.
        with budget(2 * _values(graph), path):
            for node in in_order(graph, str(path)):
                reading.add(node)
        node = ""
        return reading.model(str(about["name"]))
    except ModelError:
        raise
    except Exception as error:  # a changed file can make Keras fail in any way
        place = f"node '{node}': " if node else ""
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise damaged(path, f"{place}{reason}") from error


@dataclass
class Reading:
    """A network in the making.

    Args:
        graph: in NIR.
        dtype: of the network.
        constraints: on spike times, by name.
    """

    graph: nir.NIRGraph
    dtype: str
    constraints: Mapping[str, Any]
    values: dict[str, Value | Currents] = field(default_factory=dict)
    outputs: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sources = sources(self.graph)
        self.input: Any = None

    def model(self, name: str) -> keras.Model:
        """What was made.

        Raises:
            ValueError: input or outputs are missing.
        """
        if self.input is None or not self.outputs:
            raise ValueError("input or output is missing")
        outputs = [self.outputs[number] for number in sorted(self.outputs)]
        return keras.Model(self.input, outputs if len(outputs) > 1 else outputs[0], name=name)

    def add(self, name: str) -> None:
        """One node.

        Raises:
            ValueError: its metadata do not say what it is.
        """
        node = self.graph.nodes[name]
        about = unpacked(node.metadata)
        role = about.get("role")
        makers: dict[Any, Callable[[str, Any, Mapping[str, Any]], Value | Currents]] = {
            "input": self.given,
            "part": self.passed,
            "row": self.unrolled,
            "wiring": self.wired,
            "synapses": self.reached,
            "currents": self.integrated,
            "neurons": self.fired,
            "pools": self.wired,
            "readout": self.read_out,
        }
        if role == "output":
            self.outputs[int(about["number"])] = self.one(name).tensor
        elif role in makers:
            self.values[name] = makers[role](name, node, about)
        else:
            raise ValueError("its metadata do not say what it is in a network of snnctl")

    # What nodes read

    def one(self, name: str) -> Value:
        """What the only source sends."""
        (source,) = self.sources[name]
        return self.value(source)

    def value(self, name: str) -> Value:
        """What a node sends, which is no current."""
        value = self.values[name]
        if not isinstance(value, Value):
            raise ValueError(f"it reads the currents of {name}")
        return value

    def several(self, name: str, about: Mapping[str, Any]) -> list[Value]:
        """What the sources send, in the order of Keras."""
        inputs = [self.value(source) for source in json.loads(about["inputs"])]
        reached = [self.value(source) for source in self.sources[name]]
        if sorted(map(id, inputs)) != sorted(map(id, reached)):
            raise ValueError("its edges are not those that its metadata names")
        return inputs

    # Nodes

    def given(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """The input."""
        channels, *sides = (int(side) for side in node.input_type["input"])
        shape = (*sides, channels)
        self.input = keras.Input(shape, name="input", dtype=self.dtype)
        tensor = self.input
        if "low" in about:
            options = {"constraints": self.constraints, "name": about["layer"], "dtype": self.dtype}
            coding = InputCoding(about["low"], about["high"], **options)
            tensor = coding(tensor)
        return Value(tensor, channels_first(shape), shape)

    def passed(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """A part of a layer that is told of in another node."""
        return self.one(name)

    def unrolled(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """Elements put in a row, which Keras need not do."""
        value = self.one(name)
        return replace(value, order=in_a_row(value.shape))

    def layer(self, about: Mapping[str, Any]) -> keras.layers.Layer:
        """The layer of Keras that a node stands for."""
        if about["keras"] not in CLASSES:
            raise ValueError(f"{about['keras']} is no layer of spiking networks")
        config = json.loads(about["config"])
        if any(isinstance(value, dict) for value in config.values()):
            raise ValueError("its configuration holds more than numbers and texts")
        return CLASSES[about["keras"]].from_config({**config, "name": about["layer"], "dtype": self.dtype})

    def wired(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """A layer of Keras between the neurons."""
        layer = self.layer(about)
        if isinstance(layer, (L.Add, L.Concatenate)):
            values = self.several(name, about)
            tensor = layer([value.tensor for value in values])
            shape = tuple(tensor.shape[1:])
            order = values[0].order
            if isinstance(layer, L.Concatenate):
                order = channels_first(shape) if node.scale.ndim > 1 else in_a_row(shape)
            return Value(tensor, order, shape)
        value = self.one(name)
        tensor = layer(value.tensor)
        expressed = express(layer, self.reads(value, node))
        kernel = self.kernel(layer, value, node)
        if kernel is not None:
            layer.kernel.assign(kernel)
        if "sign" in about:
            layer.sign.assign(about["sign"])
        return Value(tensor, expressed.order, expressed.shape)

    def reached(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """Synapses on the way to a layer of neurons."""
        value, layer = self.one(name), self.layer(about)
        layer.build((None, *value.shape))
        expressed = express(layer, self.reads(value, node))
        link = (self.layer(about), self.kernel(layer, value, node))
        return Value(value.tensor, expressed.order, expressed.shape, (*value.chain, link))

    def reads(self, value: Value, node: Any) -> Read:
        """What a layer behind a value reads; it is not to be expressed by more weights than its node has."""
        held = max((values.size for values in vars(node).values() if isinstance(values, np.ndarray)), default=0)
        return Read(value.shape, value.order, _kernel, self.dtype, held)

    def kernel(self, layer: keras.layers.Layer, value: Value, node: Any) -> np.ndarray | None:
        """The weights of a layer; None for one without."""
        kernel = getattr(layer, "kernel", None)
        return None if kernel is None else kernel_in(layer, self.reads(value, node), node, tuple(kernel.shape))

    # Neurons

    def integrated(self, name: str, node: Any, about: Mapping[str, Any]) -> Currents:
        """The synapse groups of a layer."""
        return Currents(tuple(self.several(name, about)))

    def groups(self, name: str) -> tuple[Value, ...]:
        """What a layer of neurons integrates."""
        (source,) = self.sources[name]
        currents = self.values[source]
        if not isinstance(currents, Currents):
            raise ValueError("it does not integrate currents")
        return currents.groups

    def fired(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """A spiking or relay layer."""
        groups = self.groups(name)
        order, shape = groups[0].order, groups[0].shape
        source = json.loads(about["source"])
        if about["kind"] == "relay":
            relay = Relay(source, constraints=self.constraints, name=about["layer"], dtype=self.dtype)
            return Value(relay(groups[0].tensor), order, shape)
        if np.any(about.get("low", 0.0)):
            raise ValueError("its neurons are signed ones of snnctl 0.1.0: export the network again")
        D, index = distinct(to_keras(offsets(node, about), order, shape))
        layer = SpikingLayer(
            [[layer for layer, _ in group.chain] for group in groups],
            neuron=about["neuron"],
            width=about["width"],
            windows=about["windows"],
            gamma=about["gamma"],
            border_classes=None if index is None else len(D),
            max_value=about.get("max_value"),
            signed=about["kind"] == "signed",
            source=source,
            train_D=bool(about["train_D"]),
            constraints=self.constraints,
            name=about["layer"],
            dtype=self.dtype,
        )
        tensor = layer(_tensors(groups))
        _assign(layer, groups, D, index)
        layer.width.assign(about["width"])
        return Value(tensor, order, shape)

    def read_out(self, name: str, node: Any, about: Mapping[str, Any]) -> Value:
        """A readout."""
        groups = self.groups(name)
        order, shape = groups[0].order, groups[0].shape
        D, index = distinct(to_keras(about["D"], order, shape))
        layer = Readout(
            [[layer for layer, _ in group.chain] for group in groups],
            decoding=about["decoding"],
            max_value=about.get("max_value"),
            border_classes=None if index is None else len(D),
            source=json.loads(about["source"]),
            train_D=bool(about["train_D"]),
            constraints=self.constraints,
            name=about["layer"],
            dtype=self.dtype,
        )
        tensor = layer(_tensors(groups))
        _assign(layer, groups, D, index)
        return Value(tensor, order, shape)


def offsets(node: Any, about: Mapping[str, Any]) -> np.ndarray:
    """D of each neuron of a node, from its threshold: both are in NIR's order."""
    B = np.asarray(about["B"], np.float64)
    most = threshold_for(np.zeros(()), about["t_max"] - about["t_min"], B, about["A"], about["end"] - about["start"])
    return most - np.asarray(node.v_threshold, np.float64)


def _values(graph: nir.NIRGraph) -> int:
    """How many numbers the nodes hold."""
    arrays = (values for node in graph.nodes.values() for values in vars(node).values())
    return sum(values.size for values in arrays if isinstance(values, np.ndarray))


def _kernel(layer: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer.kernel)


def _tensors(groups: Sequence[Value]) -> Any:
    return [group.tensor for group in groups] if len(groups) > 1 else groups[0].tensor


def _assign(layer: IntegratingLayer, groups: Sequence[Value], D: np.ndarray, index: np.ndarray | None) -> None:
    kernels = [kernel for group in groups for _, kernel in group.chain]
    for synapses, kernel in zip(layer.synapses, kernels, strict=True):
        if kernel is not None:
            synapses.kernel.assign(kernel)
    layer.D.assign(D)
    if index is not None:
        layer.position_index.assign(index)
