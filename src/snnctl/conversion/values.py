"""What a tensor of the source network is in the spiking network: a linear function of spikes, plus a constant.

All folding happens here in float64 NumPy; the spiking network's own precision comes last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from snnctl.conversion.linear import Linear, Shape, diagonal


@dataclass(frozen=True)
class Wire:
    """A tensor of the spiking network.

    Args:
        tensor: Keras's symbolic tensor, (batch, \\*shape): local spike times, or weighted sums of them.
        level: how many windows come before the one its spikes are fired in.
        pure: whether each element is one spike train; only these can be pooled and relayed.
        nonneg: whether no element can be negative; single spikes never are.
        name: of the layer that made it.
        source: names of the source layers it stands for.
    """

    tensor: Any
    level: int
    pure: bool
    nonneg: bool
    name: str
    source: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """Without the batch."""
        return tuple(self.tensor.shape[1:])


@dataclass(frozen=True)
class Term:
    """``chain(scale * wire)``: a wire, read through linear layers that are not part of the network yet.

    ``scale`` is per channel, or of the wire's whole shape, in float64.
    """

    wire: Wire
    scale: np.ndarray
    chain: tuple[Linear, ...] = ()

    @classmethod
    def of(cls, wire: Wire, chain: tuple[Linear, ...] = ()) -> Term:
        """The wire itself, or read through ``chain``."""
        return cls(wire, np.ones(wire.shape[-1] or 1), chain)

    @property
    def linears(self) -> tuple[Linear, ...]:
        """All linear maps of the term, its scale included."""
        if np.all(self.scale == 1):
            return self.chain
        return (diagonal(self.scale, "scale", self.wire.shape), *self.chain)

    def scaled(self, k: np.ndarray, shape: Shape) -> Term:
        """The term times ``k``, per channel (last axis) or of the term's whole ``shape``; folded where it can be."""
        if np.all(k == 1):
            return self
        if not self.chain:
            return replace(self, scale=self.scale * k)
        if k.ndim == 1:
            last = max((i for i, linear in enumerate(self.chain) if not linear.channelwise), default=None)
            if last is None and self.scale.ndim == 1:
                return replace(self, scale=self.scale * k)
            if last is not None and self.chain[last].kernel is not None:
                folded = self.chain[last].outputs_scaled(k)
                return replace(self, chain=(*self.chain[:last], folded, *self.chain[last + 1 :]))
        return replace(self, chain=(*self.chain, diagonal(k, self.chain[-1].name, shape)))


@dataclass(frozen=True)
class Pooling:
    """A max pooling of the source layer ``name``, to be applied to spikes by the spiking layer ``cls``.

    ``sign`` is +1 or -1 per channel: whether the largest or the smallest value passes.
    """

    cls: type
    config: dict[str, Any]
    name: str
    sign: np.ndarray

    def turned(self, k: np.ndarray) -> Pooling:
        """The pooling of a signal that is multiplied by ``k`` first."""
        return replace(self, sign=self.sign * np.where(k < 0, -1.0, 1.0))

    def output_shape(self, shape: Shape) -> Shape:
        """The shape it makes of ``shape``, both without the batch."""
        return tuple(self.cls(**self.config).compute_output_shape((None, *shape))[1:])


@dataclass(frozen=True)
class Value:
    """``sum of terms + offset``; what waits until the sum has been fired; and whether a ReLU has to fire it.

    Firing commutes with max pooling and with selecting or rearranging elements. What stands between a linear layer and
    its ReLU in the source waits, so that thresholds stay one per channel and no window is spent on it.

    Args:
        name: name of the layer it would become.
        terms: what is summed.
        offset: the constant, (channels,) or ``shape``; float64.
        shape: of the sum, without the batch.
        then: poolings and selections that wait, first to last.
        limit: of the ReLU behind it, infinite but for a clipped one; None where there is no ReLU.
        source: names of the source layers that are folded into it.
        comonotone: whether all terms are monotone functions of one common quantity, so that pooling may act on each
            by its own sign (a leaky ReLU's two halves).
    """

    name: str
    terms: tuple[Term, ...]
    offset: np.ndarray
    shape: Shape
    then: tuple[Linear | Pooling, ...] = ()
    limit: float | None = None
    source: tuple[str, ...] = ()
    comonotone: bool = False

    @classmethod
    def of(cls, wire: Wire) -> Value:
        """The wire itself."""
        return cls(wire.name, (Term.of(wire),), np.zeros(wire.shape[-1] or 1), wire.shape)

    @property
    def final_shape(self) -> Shape:
        """The shape behind all that waits, without the batch."""
        shape = self.shape
        for waiting in self.then:
            shape = waiting.output_shape(shape)
        return shape

    @property
    def max_value(self) -> float | None:
        """Limit of a clipped ReLU; None when there is none."""
        return None if self.limit == np.inf else self.limit

    @property
    def pools(self) -> bool:
        """Whether a pooling waits."""
        return any(isinstance(waiting, Pooling) for waiting in self.then)

    @property
    def unfired(self) -> bool:
        """Whether it is more than scaled and shifted spikes: it has terms with chains, sums, or sums in its wires."""
        return bool(self.then) or any(term.chain or not term.wire.pure for term in self.terms)

    @property
    def never_negative(self) -> bool:
        """Whether every value is >= 0, whatever the spikes."""
        return not self.then and bool(np.all(self.offset >= 0)) and never_negative(self.terms)

    def scaled_and_shifted(self, k: np.ndarray, c: np.ndarray | float = 0.0) -> Value:
        """``k * value + c``, per channel or of the value's whole shape; nothing but poolings may wait."""
        then = tuple(waiting.turned(k) if isinstance(waiting, Pooling) else waiting for waiting in self.then)
        terms = tuple(term.scaled(k, self.shape) for term in self.terms)
        return replace(self, terms=terms, offset=self.offset * k + c, then=then)


def never_negative(terms: tuple[Term, ...]) -> bool:
    """Whether none of the terms is ever negative, whatever the spikes."""
    return all(term.wire.nonneg and not term.chain and np.all(term.scale >= 0) for term in terms)


Signal = Value
"""What rules are given and make."""
