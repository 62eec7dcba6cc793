"""The spiking network under construction: makes its layers, and keeps branches in step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import keras
import numpy as np

from snnctl.conversion.folding import Map, Signal, Term, Value, Wire, diagonal, distinct, never_negative
from snnctl.errors import ConversionError
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer, Readout
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer

INPUT, CODING = "input", "input_coding"


@dataclass(frozen=True)
class Neuron:
    """What ReLU units become.

    Args:
        name: of the neuron model, for messages.
        neuron: of :class:`~snnctl.ttfs.spiking.SpikingLayer`.
        parameters: (J, D) from (W, b); not asked of "b1" neurons, which have the same numbers.
    """

    name: str
    neuron: str
    parameters: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


B1 = Neuron("b1", "b1", lambda W, b: (W, b))


@dataclass(frozen=True)
class SpikingSettings:
    """What the source network does not say.

    Args:
        input_range: (p, q), the declared range of the input.
        neuron: what ReLU units become.
        width: first width of every window, in tau_c.
        windows: "grow" or "fixed", when the network is trained.
        gamma: see :class:`~snnctl.ttfs.spiking.SpikingLayer`.
        dtype: "float32" or "float64".
    """

    input_range: tuple[float, float] = (0.0, 1.0)
    neuron: Neuron = B1
    width: float = 1.5
    windows: str = "grow"
    gamma: float = 10.0
    dtype: str = "float32"


@dataclass
class Network:
    """Makes spiking layers, relays and wiring; each only once, however many layers read it.

    *Wiring* are linear layers that stand in the network by themselves, without neurons: a layer that integrates
    reads spikes through them.

    Args:
        settings: precision, neuron model, windows.
        places: where each layer of the source stands, by name, for messages.
        sources: which layers of the source are in each layer of the wiring, by its name.
    """

    settings: SpikingSettings
    places: Mapping[str, str]
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=lambda: {INPUT, CODING})
    _fired: dict[int, tuple[Signal, Value]] = field(default_factory=dict)
    _relayed: dict[tuple[int, int], Wire] = field(default_factory=dict)
    _carried: dict[int, Value] = field(default_factory=dict)

    def unique(self, wanted: str) -> str:
        """``wanted``, or ``wanted_2``, ``wanted_3``, ...: a source may call a layer twice, or use our names."""
        name, numbers = wanted, count(2)
        while name in self._taken:
            name = f"{wanted}_{next(numbers)}"
        self._taken.add(name)
        return name

    def coded(self, inputs: Any) -> Value:
        """The input as spikes: ``value = (q - p) x + p``."""
        low, high = self.settings.input_range
        tensor = InputCoding(low, high, name=CODING, dtype=self.settings.dtype)(inputs)
        value = Value.of(Wire(tensor, 0, pure=True, nonneg=True, name=CODING))
        channels = np.ones(tensor.shape[-1])
        return value.scaled_and_shifted((high - low) * channels, low * channels)

    # Spikes

    def value(self, signal: Signal) -> Value:
        """The signal without a ReLU behind it, which is fired."""
        if signal.limit is None:
            return signal
        if id(signal) not in self._fired:
            self._fired[id(signal)] = (signal, self.behind(signal.then, Value.of(self.fire(signal))))
        return self._fired[id(signal)][1]

    def fire(self, value: Value, signed: bool = False, train_D: bool = True) -> Wire:
        """The spiking layer of a value, without what waits behind it."""
        settings, name = self.settings, self.unique(value.name)
        options = {"width": settings.width, "windows": settings.windows, "gamma": settings.gamma, "train_D": train_D}
        options |= {"signed": signed, "max_value": value.max_value}
        tensor = self._integrated(SpikingLayer, name, value, settings.neuron, options)
        level = max(term.wire.level for term in value.terms) + 1
        return Wire(tensor, level, True, True, name, value.source or (name,))

    def carried(self, value: Value) -> Value:
        """The value as spikes: ``relu(z)`` and, where z may be negative, also ``relu(-z)``, which is read with -1."""
        z = self.shared(replace(value, then=()))
        ones = np.ones(z.shape[-1] or 1)
        z = replace(z, name=f"{value.name}_carried", source=value.source or (value.name,))
        terms = [Term.of(self.fire(z, signed=not z.never_negative, train_D=False))]
        if not z.never_negative:
            negated = replace(z.scaled_and_shifted(-ones), name=f"{z.name}_negative")
            terms.append(Term(self.fire(negated, signed=True, train_D=False), -ones))
        pair = Value(terms[0].wire.name, tuple(terms), 0 * ones, z.shape, comonotone=True)
        return self.behind(value.then, pair)

    def behind(self, then: Sequence[Map], value: Value) -> Value:
        """The value behind poolings and selections that waited until it was fired."""
        for waiting in then:
            value = self.pooled(waiting, value) if waiting.form == "max" else self.linear(value, waiting)
        return value

    def pooled(self, pooling: Map, value: Value) -> Value:
        """Max pooling of scaled, shifted spikes: ``max(k x + c) = k max(x) + c`` for k > 0, ``k min(x) + c`` else."""
        terms = []
        for term in value.terms:
            sign = pooling.kernel * np.where(term.scale < 0, -1.0, 1.0)
            signed = bool(np.any(sign < 0))
            make = replace(pooling, config={**pooling.config, "signed": signed}).layer
            layer = self.wired(make, pooling.name, (pooling.name,), term.wire.tensor)
            if signed:
                layer.sign.assign(sign)
            terms.append(replace(term, wire=replace(term.wire, tensor=layer.output, name=layer.name)))
        return replace(value, terms=tuple(terms), shape=terms[0].wire.shape)

    # Linear maps

    def linear(self, value: Value, linear: Map, bias: np.ndarray | None = None) -> Value:
        """``linear(value) + bias``; the value may have nothing waiting.

        Raises:
            SizeNotFixedError: the constant depends on the position, and the input's size is not fixed.
        """
        offset = linear.of_constant(value.offset, value.shape)
        terms = value.terms
        if len(terms) > 1 and linear.kernel is not None:
            terms = (Term.of(self.merged(value)),)
        return replace(
            value,
            terms=tuple(self._through(term, linear) for term in terms),
            offset=offset if bias is None else offset + bias,
            shape=linear.output_shape(value.shape),
            comonotone=value.comonotone and linear.selects,
        )

    def _through(self, term: Term, linear: Map) -> Term:
        """The term read through one linear map more."""
        wire, scale = term.wire, term.scale
        if term.chain:
            return replace(term, chain=(*term.chain, linear))
        if linear.kernel is not None and scale.ndim == 1:
            return Term.of(wire, (linear.inputs_scaled(scale),))
        if linear.selects or (linear.channelwise and scale.ndim == 1):
            layer = self.wired(linear.layer, linear.name, (linear.name,), wire.tensor)
            read = replace(wire, tensor=layer.output, pure=wire.pure and linear.selects, name=layer.name)
            if linear.channelwise and scale.ndim == 1:
                return Term(read, scale)
            if np.all(scale == scale.flat[0]):
                return Term(read, np.full(read.shape[-1], scale.flat[0]))
            return Term(read, linear.of_constant(np.broadcast_to(scale, wire.shape), wire.shape))
        return Term.of(wire, (diagonal(scale, linear.name, wire.shape), linear))

    def wired(self, make: Callable[..., Any], name: str, source: tuple[str, ...], inputs: Any) -> Any:
        """A layer of the wiring, called on ``inputs``."""
        layer = make(name=self.unique(name), dtype=self.settings.dtype)
        self.sources[layer.name] = source
        layer(inputs)
        return layer

    def merged(self, value: Value) -> Wire:
        """The value's terms as one wire, without the offset."""
        if len(value.terms) == 1 and not value.terms[0].linears:
            return value.terms[0].wire
        terms = self.aligned(value.terms)
        name, source = f"{value.name}_wiring", value.source or (value.name,)
        tensors = []
        for term in terms:
            tensor = term.wire.tensor
            for linear in term.linears:
                own = (linear.name,) if linear.name in source else source
                layer = self.wired(linear.layer, f"{name}_{linear.name}", own, tensor)
                linear.assign_to(layer)
                tensor = layer.output
            tensors.append(tensor)
        total = tensors[0] if len(tensors) == 1 else self.wired(keras.layers.Add, name, source, tensors).output
        return Wire(total, terms[0].wire.level, False, never_negative(terms), value.name, value.source)

    def shared(self, value: Value) -> Value:
        """The value in a form that several layers can read without computing it anew."""
        value = self.settled(value)
        if not any(term.chain for term in value.terms) and len(value.terms) <= 2:
            return value
        return replace(value, terms=(Term.of(self.merged(value)),), source=(), comonotone=False)

    def settled(self, value: Value) -> Value:
        """The value with nothing waiting: selections become linear maps, for a pooling it is carried by spikes."""
        if value.pools:
            return self.carried(value)
        return self.behind(value.then, replace(value, then=())) if value.then else value

    # Branches in step

    def aligned(self, terms: Sequence[Term], level: int = 0) -> tuple[Term, ...]:
        """The terms with all wires on the level of the latest, or on a later ``level``; sums of spikes are fired."""
        level = max(level, *(term.wire.level for term in terms))
        return tuple(late for term in terms for late in self._lifted(term, level))

    def _lifted(self, term: Term, level: int) -> tuple[Term, ...]:
        wire = term.wire
        if wire.pure or wire.level == level:
            return (replace(term, wire=self.relayed(wire, level)),)
        if id(wire.tensor) not in self._carried:
            self._carried[id(wire.tensor)] = self.carried(Value.of(wire))
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
        options: dict[str, Any] = {}
        if signal.limit is not None and not signal.pools:
            options = {"decoding": "relu", "max_value": signal.max_value}
            signal = replace(signal, limit=None)
        value = self.settled(self.value(signal))
        name = self.unique(f"{value.name}_readout" if value.name in self._taken else value.name)
        return self._integrated(Readout, name, value, B1, options)

    def _integrated(
        self, cls: type[IntegratingLayer], name: str, value: Value, neuron: Neuron, options: dict[str, Any]
    ) -> keras.KerasTensor:
        """The outputs of a spiking layer or readout that integrates the value's terms."""
        terms, dtype = self.aligned(value.terms), self.settings.dtype
        D, index = distinct(value.offset)
        if neuron.neuron != "b1":
            options["neuron"] = neuron.neuron
            terms, D = self._of_other_neurons(neuron, value, terms, D)
        linears = [linear for term in terms for linear in term.linears]
        # Unique as well: Keras calls an optimiser's variables after them.
        names = (f"{name}_synapses" + (f"_{i}" if len(linears) > 1 else "") for i in count(1))
        groups = [[linear.layer(next(names), dtype) for linear in term.linears] for term in terms]
        border_classes = None if index is None else len(D)
        layer = cls(groups, border_classes=border_classes, source=value.source, name=name, dtype=dtype, **options)
        outputs = layer([term.wire.tensor for term in terms] if len(terms) > 1 else terms[0].wire.tensor)
        for linear, synapses in zip(linears, layer.synapses, strict=True):
            linear.assign_to(synapses)
        layer.D.assign(D)
        if index is not None:
            layer.position_index.assign(index)
        return outputs

    def _of_other_neurons(
        self, neuron: Neuron, value: Value, terms: tuple[Term, ...], D: np.ndarray
    ) -> tuple[tuple[Term, ...], np.ndarray]:
        """J and D of neurons other than b1; they exist for plain chains of Dense and convolutions."""
        wire, linears = terms[0].wire, terms[0].linears
        plain = len(terms) == len(linears) == 1 and wire.pure and wire.nonneg and value.max_value is None
        if not plain or linears[0].form not in ("dense", "conv") or linears[0].config.get("groups", 1) != 1:
            what = f"{neuron.name} neurons exist for plain chains of Dense and convolutions only"
            where = self.places.get(value.source[-1] if value.source else value.name, "")
            raise ConversionError(what, where=where, todo="Use b1 neurons.")
        J, D = neuron.parameters(linears[0].kernel, D)
        return (Term.of(wire, (replace(linears[0], kernel=J),)),), D
