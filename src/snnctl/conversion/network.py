"""The spiking network under construction: makes its layers, and keeps branches in step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import keras
import numpy as np

from snnctl.conversion.linear import Linear, Shape, diagonal
from snnctl.conversion.offsets import SizeNotFixedError, distinct, through
from snnctl.conversion.settings import Neuron, SpikingSettings, neuron_of
from snnctl.conversion.values import Pooling, Rectified, Signal, Term, Value, Wire
from snnctl.errors import ConversionError
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.relay import Relay, Silence
from snnctl.ttfs.spiking import SpikingLayer

INPUT, CODING = "input", "input_coding"


@dataclass
class Network:
    """Makes spiking layers, relays and wiring; each only once, however many layers read it.

    *Wiring* are linear layers that stand in the network by themselves, without neurons: a layer that integrates
    reads spikes through them.

    Args:
        settings: precision, neuron model, windows.
        sources: which layers of the source are in each layer of the wiring, by its name.
    """

    settings: SpikingSettings
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: {INPUT, CODING})
    _fired: dict[int, tuple[Rectified, Value]] = field(default_factory=dict)
    _relayed: dict[tuple[int, int], Wire] = field(default_factory=dict)
    _carried: dict[int, Value] = field(default_factory=dict)

    def unique(self, wanted: str) -> str:
        """``wanted``, or ``wanted_2``, ``wanted_3``, ...: a source may call a layer twice, or use our names."""
        name = (
            wanted
            if wanted not in self._taken
            else next(f"{wanted}_{number}" for number in count(2) if f"{wanted}_{number}" not in self._taken)
        )
        self._taken.add(name)
        return name

    def coded(self, inputs: Any) -> Value:
        """The input as spikes: ``value = (q - p) x + p``."""
        low, high = self.settings.input_range
        tensor = InputCoding(low, high, name=CODING, dtype=self.settings.dtype)(inputs)
        value = Value.of(Wire(tensor, 0, pure=True, nonneg=True, name=CODING), "the input")
        channels = tensor.shape[-1]
        return value.scaled_and_shifted(np.full(channels, high - low), np.full(channels, low))

    # Spikes

    def value(self, signal: Signal) -> Value:
        """The signal as a value; what waits behind a ReLU is fired."""
        if isinstance(signal, Value):
            return signal
        if id(signal) not in self._fired:
            wire = self.fire(signal.value, max_value=signal.max_value)
            self._fired[id(signal)] = (signal, self._waited(Value.of(wire, signal.value.place), signal.value))
        return self._fired[id(signal)][1]

    def fire(self, value: Value, max_value: float | None = None, signed: bool = False, train_D: bool = True) -> Wire:
        """The spiking layer of a value, without what waits behind it."""
        name = self.unique(value.name)
        terms = self.aligned(value.terms, value.place)
        D, index = distinct(value.offset)
        neuron = neuron_of(self.settings.neuron)
        if neuron.neuron != "b1":
            terms, D = _other_neurons(neuron, value, terms, D, max_value)
        layer = SpikingLayer(
            self._groups(terms, name),
            width=self.settings.width,
            neuron=neuron.neuron,
            windows=self.settings.windows,
            gamma=self.settings.gamma,
            border_classes=None if index is None else len(D),
            max_value=max_value,
            signed=signed,
            train_D=train_D,
            source=value.source,
            name=name,
            dtype=self.settings.dtype,
        )
        tensor = layer(_inputs(terms))
        _set_parameters(layer, terms, D, index)
        return Wire(tensor, terms[0].wire.level + 1, True, True, name, value.source or (name,))

    def carried(self, value: Value) -> Value:
        """The value as spikes: ``relu(z)`` and, where z may be negative, also ``relu(-z)``, which is read with -1."""
        z = self.shared(replace(value, then=()))
        ones = np.ones(z.shape[-1] or 1)
        z = replace(z, name=f"{value.name}_carried", source=value.source or (value.name,))
        if z.never_negative:
            terms: tuple[Term, ...] = (Term(self.fire(z, train_D=False), ones),)
        else:
            negated = replace(z.scaled_and_shifted(-ones, 0 * ones), name=f"{z.name}_negative")
            positive, negative = (self.fire(half, signed=True, train_D=False) for half in (z, negated))
            terms = (Term(positive, ones), Term(negative, -ones))
        fired = Value(terms[0].wire.name, terms, 0 * ones, z.shape, value.place, comonotone=True)
        return self._waited(fired, value)

    def _waited(self, fired: Value, value: Value) -> Value:
        """What was ``fired`` of a value, behind the poolings and selections that waited."""
        for waiting in value.then:
            fired = self.pooled(waiting, fired) if isinstance(waiting, Pooling) else self.linear(fired, waiting)
        return fired

    def pooled(self, pooling: Pooling, value: Value) -> Value:
        """Max pooling of scaled, shifted spikes: ``max(k x + c) = k max(x) + c`` for k > 0, ``k min(x) + c`` else."""
        terms = tuple(self._pooled(pooling, term) for term in value.terms)
        return replace(value, terms=terms, shape=terms[0].wire.shape)

    def _pooled(self, pooling: Pooling, term: Term) -> Term:
        sign = pooling.sign * np.where(term.scale < 0, -1.0, 1.0)
        signed = bool(np.any(sign < 0))
        name = self.unique(pooling.name)
        layer = pooling.cls(**pooling.config, signed=signed, name=name, dtype=self.settings.dtype)
        self.sources[name] = (pooling.name,)
        tensor = layer(term.wire.tensor)
        if signed:
            layer.sign.assign(sign)
        return replace(term, wire=replace(term.wire, tensor=tensor, name=name))

    # Linear maps

    def linear(self, value: Value, linear: Linear, bias: np.ndarray | None = None) -> Value:
        """``linear(value) + bias``; the value may have nothing waiting.

        Raises:
            SizeNotFixedError: the constant depends on the position, and the input's size is not fixed.
        """
        offset = through(linear, value.offset, value.shape)
        if len(value.terms) == 1 or linear.kernel is None:
            terms = tuple(self._through(term, linear, value.shape) for term in value.terms)
        else:
            terms = (self._through(self._plain(self.merged(value)), linear, value.shape),)
        return replace(
            value,
            terms=terms,
            offset=offset if bias is None else offset + bias,
            shape=linear.output_shape(value.shape),
            comonotone=value.comonotone and linear.selects,
        )

    def _through(self, term: Term, linear: Linear, shape: Shape) -> Term:
        """The term read through one linear map more."""
        if term.chain:
            return replace(term, chain=(*term.chain, linear))
        if linear.kernel is not None and term.scale.ndim == 1:
            return Term(term.wire, np.ones_like(term.scale), (linear.inputs_scaled(term.scale),))
        if linear.channelwise and term.scale.ndim == 1:
            return Term(self._wired(linear, term.wire), term.scale)
        if linear.selects:
            wire = self._wired(linear, term.wire)
            return Term(wire, _rearranged(term.scale, linear, term.wire.shape, wire.shape))
        scaling = diagonal(term.scale, linear.name, shape)
        return Term(term.wire, np.ones(term.wire.shape[-1] or 1), (scaling, linear))

    def _wired(self, linear: Linear, wire: Wire) -> Wire:
        """A selection or average of the wire, as a layer of its own."""
        name = self.unique(linear.name)
        tensor = linear.layer(name, self.settings.dtype)(wire.tensor)
        self.sources[name] = (linear.name,)
        return replace(wire, tensor=tensor, pure=wire.pure and linear.selects, name=name)

    def merged(self, value: Value) -> Wire:
        """The value's terms as one wire, without the offset."""
        if len(value.terms) == 1 and _is_plain(value.terms[0]):
            return value.terms[0].wire
        terms = self.aligned(value.terms, value.place)
        name = f"{value.name}_wiring"
        source = value.source or (value.name,)
        tensors = [self._emitted(term, name, source) for term in terms]
        total = tensors[0]
        if len(tensors) > 1:
            joint = self.unique(name)
            self.sources[joint] = source
            total = keras.layers.Add(name=joint, dtype=self.settings.dtype)(tensors)
        nonneg = all(term.wire.nonneg and not term.chain and np.all(term.scale >= 0) for term in terms)
        return Wire(total, terms[0].wire.level, False, nonneg, value.name, value.source)

    def _emitted(self, term: Term, name: str, source: tuple[str, ...]) -> Any:
        tensor = term.wire.tensor
        for linear in _chain(term):
            layer = linear.layer(self.unique(f"{name}_{linear.name}"), self.settings.dtype)
            self.sources[layer.name] = (linear.name,) if linear.name in source else source
            tensor = layer(tensor)
            linear.assign_to(layer)
        return tensor

    def shared(self, value: Value) -> Value:
        """The value in a form that several layers can read without computing it anew."""
        value = self.settled(value)
        if not any(term.chain for term in value.terms) and len(value.terms) <= 2:
            return value
        wire = self.merged(value)
        return replace(value, terms=(self._plain(wire),), source=(), comonotone=False)

    def settled(self, value: Value) -> Value:
        """The value with nothing waiting: selections become linear maps, for a pooling it is carried by spikes."""
        if not value.then:
            return value
        if any(isinstance(waiting, Pooling) for waiting in value.then):
            return self.carried(value)
        then, value = value.then, replace(value, then=())
        for linear in then:
            assert isinstance(linear, Linear)
            value = self.linear(value, linear)
        return value

    def _plain(self, wire: Wire) -> Term:
        return Term(wire, np.ones(wire.shape[-1] or 1))

    def concatenated(self, wires: Sequence[Wire], axis: int, name: str) -> Wire:
        """Wires of one level side by side along ``axis``, counted without the batch."""
        name = self.unique(name)
        layer = keras.layers.Concatenate(axis=axis + 1, name=name, dtype=self.settings.dtype)
        tensor = layer([wire.tensor for wire in wires])
        source = tuple(dict.fromkeys(layer for wire in wires for layer in wire.source))
        self.sources[name] = source
        pure, nonneg = all(wire.pure for wire in wires), all(wire.nonneg for wire in wires)
        return Wire(tensor, wires[0].level, pure, nonneg, name, source)

    def silenced(self, wire: Wire) -> Wire:
        """As many places as the wire has, at which nothing fires."""
        name = self.unique(f"{wire.name}_silence")
        self.sources[name] = wire.source
        return replace(wire, tensor=Silence(name=name, dtype=self.settings.dtype)(wire.tensor), name=name)

    # Branches in step

    def aligned(self, terms: Sequence[Term], place: str, level: int = 0) -> tuple[Term, ...]:
        """The terms with all wires on the level of the latest, or on a later ``level``; sums of spikes are fired."""
        level = max(level, *(term.wire.level for term in terms))
        return tuple(late for term in terms for late in self._lifted(term, level, place))

    def _lifted(self, term: Term, level: int, place: str) -> tuple[Term, ...]:
        wire = term.wire
        if wire.level == level:
            return (term,)
        if wire.pure:
            return (replace(term, wire=self.relayed(wire, level)),)
        if id(wire.tensor) not in self._carried:
            self._carried[id(wire.tensor)] = self.carried(Value.of(wire, place))
        fired = self._carried[id(wire.tensor)]
        halves = tuple(replace(half, wire=self.relayed(half.wire, level)) for half in fired.terms)
        if len(halves) > 1 and term.chain:
            # One layer reads both halves, so that its weights are there, and trained, once.
            return (replace(term, wire=self.merged(replace(fired, name=wire.name, terms=halves))),)
        return tuple(replace(term, wire=half.wire, scale=term.scale * half.scale) for half in halves)

    def relayed(self, wire: Wire, level: int) -> Wire:
        """The wire's spikes, waiting in relay neurons until ``level``."""
        if wire.level == level:
            return wire
        key = (id(wire.tensor), level)
        if key not in self._relayed:
            before = self.relayed(wire, level - 1)
            name = self.unique(f"{wire.name}_relay")
            tensor = Relay(wire.source, name=name, dtype=self.settings.dtype)(before.tensor)
            self._relayed[key] = replace(wire, tensor=tensor, level=level)
        return self._relayed[key]

    # The end

    def read_out(self, signal: Signal) -> Any:
        """The readout's potentials, of the shape of the source's output."""
        decoding, max_value = "linear", None
        if isinstance(signal, Rectified) and not any(isinstance(waiting, Pooling) for waiting in signal.value.then):
            decoding, max_value, signal = "relu", signal.max_value, signal.value
        value = self.settled(self.value(signal))
        name = self.unique(f"{value.name}_readout" if value.name in self._taken else value.name)
        terms = self.aligned(value.terms, value.place)
        D, index = distinct(value.offset)
        layer = Readout(
            self._groups(terms, name),
            decoding=decoding,
            max_value=max_value,
            border_classes=None if index is None else len(D),
            source=value.source,
            name=name,
            dtype=self.settings.dtype,
        )
        outputs = layer(_inputs(terms))
        _set_parameters(layer, terms, D, index)
        return outputs

    def _groups(self, terms: Sequence[Term], name: str) -> list[list[keras.layers.Layer]]:
        chains = [_chain(term) for term in terms]
        total = sum(len(chain) for chain in chains)
        numbers = count(1)
        # Unique as well: Keras calls an optimiser's variables after them.
        return [
            [
                linear.layer(f"{name}_synapses" + ("" if total == 1 else f"_{next(numbers)}"), self.settings.dtype)
                for linear in chain
            ]
            for chain in chains
        ]


def _chain(term: Term) -> tuple[Linear, ...]:
    """All linear maps of the term, its scale included."""
    if np.all(term.scale == 1):
        return term.chain
    return (diagonal(term.scale, "scale", term.wire.shape), *term.chain)


def _rearranged(scale: np.ndarray, linear: Linear, shape: Shape, output: Shape) -> np.ndarray:
    """The scale of rearranged elements, given the tensors' shapes."""
    if output[-1] is None:
        raise SizeNotFixedError
    if np.all(scale == scale.flat[0]):
        return np.full(output[-1], scale.flat[0])
    if any(side is None for side in shape):
        raise SizeNotFixedError
    return through(linear, np.broadcast_to(scale, shape), shape)


def _is_plain(term: Term) -> bool:
    return not _chain(term)


def _inputs(terms: Sequence[Term]) -> Any:
    return [term.wire.tensor for term in terms] if len(terms) > 1 else terms[0].wire.tensor


def _set_parameters(layer: IntegratingLayer, terms: Sequence[Term], D: np.ndarray, index: np.ndarray | None) -> None:
    linears = [linear for term in terms for linear in _chain(term)]
    for linear, synapses in zip(linears, layer.synapses, strict=True):
        linear.assign_to(synapses)
    layer.D.assign(D)
    if index is not None:
        layer.position_index.assign(index)


def _other_neurons(
    neuron: Neuron,
    value: Value,
    terms: tuple[Term, ...],
    D: np.ndarray,
    max_value: float | None,
) -> tuple[tuple[Term, ...], np.ndarray]:
    """J and D of neurons other than b1; they exist for plain chains of Dense and convolutions.

    Raises:
        ConversionError: the network is more than that.
    """
    chain = _chain(terms[0])
    plain = len(terms) == 1 and len(chain) == 1 and terms[0].wire.pure and terms[0].wire.nonneg
    ordinary = plain and (
        chain[0].form == "dense" or (chain[0].form == "conv" and chain[0].config.get("groups", 1) == 1)
    )
    if not ordinary or max_value is not None:
        raise ConversionError(
            f"{neuron.name} neurons exist for plain chains of Dense and convolutions only",
            where=value.place,
            todo="Use b1 neurons.",
        )
    assert chain[0].kernel is not None
    J, D = neuron.parameters(chain[0].kernel, D)
    return (replace(terms[0], scale=np.ones_like(terms[0].scale), chain=(replace(chain[0], kernel=J),)),), D
