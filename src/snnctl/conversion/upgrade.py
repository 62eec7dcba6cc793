"""Networks of snnctl 0.1.0 whose tensors of either sign were carried by signed neurons, converted again.

A spiking network is a network of linear layers and clipped ReLUs, so it converts as any other does: pairs of neurons
carry what signed ones did. For one more release.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np

from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.conversion.folding import Map, Signal, Value, Wire
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules import EARLIEST, array, default_rules
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import constrained, constraints_of
from snnctl.ttfs.integration import Diagonal, IntegratingLayer, Readout
from snnctl.ttfs.keras_graph import producer
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.version_0_1 import SignedLayer


def upgraded(model: keras.Model) -> keras.Model:
    """A network with pairs of neurons in place of signed ones; the network itself where it has none.

    Its logits are the same, and its windows cut off the same values where a signed neuron's range holds 0.
    """
    signed = next((layer for layer in model.layers if isinstance(layer, SignedLayer)), None)
    if signed is None:
        return model
    constraints = constraints_of(model)
    source = constrained(model, Constraints())
    coding = next((layer for layer in source.layers if isinstance(layer, InputCoding)), InputCoding())
    settings = SpikingSettings(input_range=(coding.low, coding.high), dtype=signed.compute_dtype)
    spiking = build_spiking(source, settings, RULES)
    # Keras takes a model's name only when it is made.
    spiking = keras.Model(spiking.inputs, spiking.outputs, name=model.name)
    return constrained(spiking, constraints) if constraints.in_force() else spiking


def _integrated(context: Context, layer: IntegratingLayer, signals: tuple[Signal, ...]) -> Value:
    rules = {**default_rules(), **RULES}
    arriving = []
    for group, signal in zip(layer.groups(), signals, strict=True):
        for synapses in group:
            signal = rules[type(synapses)](context, synapses, signal)
        arriving.append(signal)
    z = context.affine(context.add(arriving), 1.0, array(layer.offsets()))
    return replace(z, name=layer.name, source=layer.source)


def _spiking(context: Context, layer: SpikingLayer, *signals: Signal) -> Signal:
    value = _integrated(context, layer, signals)
    wire = context.network.fire(replace(value, limit=layer.max_value), train_D=layer.train_D)
    _set_window(wire, layer, float(layer.width))
    return Value.of(wire)


def _signed(context: Context, layer: SignedLayer, *signals: Signal) -> Signal:
    value = _integrated(context, layer, signals)
    pair = context.network.carried(replace(value, name=layer.name.removesuffix("_carried")))
    low, high = float(layer.low), float(layer.low) + float(layer.width)
    for term, width in zip(pair.terms, (high, -low), strict=False):
        _set_window(term.wire, layer, width if width > 0 else high - low)
    return pair


def _set_window(wire: Wire, layer: Any, width: float) -> None:
    spiking = producer(wire.tensor)[0]
    spiking.width.assign(width)
    spiking.windows, spiking.gamma = layer.windows, layer.gamma


def _relay(context: Context, layer: Relay, signal: Signal) -> Signal:
    """Relays of the same level: what is read behind them is not to be carried once more."""
    value = context.network.value(signal)
    level = max(term.wire.level for term in value.terms) + 1
    return replace(value, terms=context.network.aligned(value.terms, level))


def _pooling(context: Context, layer: Any, signal: Value) -> Signal:
    sign = array(layer.sign) if layer.signed else np.ones(context.shape(signal)[-1])
    config = {"pool_size": layer.pool.pool_size, "strides": layer.pool.strides, "padding": layer.pool.padding}
    return context.network.pooled(Map(type(layer), config, "max", layer.name, sign), signal)


def _readout(context: Context, layer: Readout, *signals: Signal) -> Signal:
    value = _integrated(context, layer, signals)
    return value if layer.decoding == "linear" else context.rectify(value, layer.max_value)


RULES: dict[type, Rule] = {
    # The input's spikes themselves, without the range that they stand for.
    InputCoding: lambda context, layer, signal: Value.of(signal.terms[0].wire),
    SpikingLayer: _spiking,
    SignedLayer: _signed,
    Relay: _relay,
    **dict.fromkeys(EARLIEST.values(), _pooling),
    Diagonal: lambda context, layer, signal: context.affine(signal, array(layer.kernel)),
    Readout: _readout,
}
