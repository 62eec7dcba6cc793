"""Moved elements as Keras layers: reshaping, permuting, cropping, striding, repeating, padding.

A handler that only moves elements changes a signal's index. Here an index becomes layers, when a layer needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl_onnx.context import Context
from snnctl_onnx.selecting import Lists, identity, selected
from snnctl_onnx.signals import Signal, channels_last

Atoms = list[tuple[int, int]]  # (size, stride), the slowest first


def standard_form(context: Context, signal: Signal) -> Signal:
    """The signal in the standard layout.

    Raises:
        NotReadableError: it mixes samples, or no Keras layers move elements so.
    """
    if signal.index is None:
        return signal
    wanted = channels_last(sample_places(context, signal))
    return replace(signal, tensor=_gathered(context, signal.tensor, wanted), index=None)


def plain_tensor(context: Context, signal: Signal) -> Any:
    """The Keras tensor with its axes in the file's order, (batch, \\*shape[1:])."""
    if signal.index is None and len(signal.shape) == 2:
        return signal.tensor
    return _gathered(context, signal.tensor, sample_places(context, signal))


def plainly(context: Context, tensor: Any, nonneg: bool = False) -> Signal:
    """The signal of a Keras tensor whose axes are in the file's order."""
    sides = tuple(tensor.shape[1:])
    shape = (context.batch, *sides)
    places = np.arange(1, prod(shape) + 1).reshape(shape)
    return Signal(tensor, shape, places if len(sides) > 1 else None, nonneg)


def sample_places(context: Context, signal: Signal) -> np.ndarray:
    """Where the numbers of one sample are, (\\*shape[1:]), counted from 1; 0 stands for zero.

    Raises:
        NotReadableError: the first axis is not that of the samples.
    """
    places, elements = signal.places(context.batch), prod(signal.sides)
    if places.ndim < 2 or places.shape[0] != context.batch:
        raise context.refuse("the axis of the samples got lost before it")
    shifts = np.arange(context.batch).reshape(-1, *[1] * (places.ndim - 1)) * elements
    own = np.where(places == 0, 0, places - shifts)
    if np.any(own != own[0]) or np.any(own[0] > elements):
        raise context.refuse("it mixes samples")
    return own[0]


def _gathered(context: Context, tensor: Any, wanted: np.ndarray) -> Any:
    """A tensor of the shape of ``wanted`` whose elements are at these places of ``tensor``."""
    sides = tuple(tensor.shape[1:])
    if np.array_equal(wanted.ravel(), np.arange(1, prod(sides) + 1)):
        return _reshaped(context, tensor, wanted.shape)
    atoms = _atoms(wanted)
    if atoms is not None and _fill(atoms, prod(sides)):
        return _permuted(context, tensor, atoms, wanted.shape)
    by_axis = _by_axis(wanted, sides)
    if by_axis is None:
        picked = selected(context, _reshaped(context, tensor, (prod(sides),)), [wanted.ravel() - 1])
        return _reshaped(context, picked, wanted.shape)
    order, lists = by_axis
    picked = selected(context, tensor, lists)
    if list(order) != sorted(order):
        picked = context.layer(keras.layers.Permute, picked, tuple(axis + 1 for axis in order), part="permute")
    return _reshaped(context, picked, wanted.shape)


def _reshaped(context: Context, tensor: Any, sides: tuple[int, ...]) -> Any:
    if tuple(tensor.shape[1:]) == tuple(sides):
        return tensor
    if len(sides) == 1:
        return context.layer(keras.layers.Flatten, tensor, part="flatten")
    return context.layer(keras.layers.Reshape, tensor, tuple(map(int, sides)), part="reshape")


def _atoms(wanted: np.ndarray) -> Atoms | None:
    """Sizes and strides whose combinations are the places, axis by axis; None when they are not so regular."""
    origin: tuple[Any, ...] = (0,) * wanted.ndim
    atoms: Atoms = []
    total = np.zeros((1,) * wanted.ndim, dtype=wanted.dtype)
    for axis in range(wanted.ndim):
        line = wanted[(*origin[:axis], slice(None), *origin[axis + 1 :])] - wanted[origin]
        digits = _digits(line)
        if digits is None:
            return None
        atoms += digits
        total = total + line.reshape([-1 if place == axis else 1 for place in range(wanted.ndim)])
    return atoms if wanted[origin] == 1 and np.array_equal(wanted, total + 1) else None


def _digits(line: np.ndarray) -> Atoms | None:
    """A sequence that counts with mixed strides, as (size, stride); None if it does not."""
    digits: Atoms = []
    while len(line) > 1:
        stride = int(line[1])
        off = np.flatnonzero(line != np.arange(len(line)) * stride)
        size = int(off[0]) if len(off) else len(line)
        if len(line) % size or np.any(line.reshape(-1, size) != line[::size, None] + np.arange(size) * stride):
            return None
        digits.insert(0, (size, stride))
        line = line[::size]
    return digits


def _fill(atoms: Atoms, elements: int) -> bool:
    """Whether every element is taken once."""
    filled = 1
    for size, stride in sorted(atoms, key=lambda atom: atom[1]):
        if stride != filled:
            return False
        filled *= size
    return filled == elements


def _permuted(context: Context, tensor: Any, atoms: Atoms, sides: tuple[int, ...]) -> Any:
    stored = sorted(range(len(atoms)), key=lambda place: -atoms[place][1])
    split = _reshaped(context, tensor, tuple(atoms[place][0] for place in stored))
    order = tuple(stored.index(place) + 1 for place in range(len(atoms)))
    return _reshaped(context, context.layer(keras.layers.Permute, split, order, part="permute"), sides)


def _by_axis(wanted: np.ndarray, sides: tuple[int, ...]) -> tuple[tuple[int, ...], Lists] | None:
    """Each axis of the tensor selected from by itself: (order of the axes afterwards, what to take along each)."""
    inside = np.argwhere(wanted > 0)
    if not len(inside):
        return None
    pivot = tuple(inside[0])
    axes = [axis for axis in range(wanted.ndim) if wanted.shape[axis] > 1]
    lines = [wanted[(*pivot[:axis], slice(None), *pivot[axis + 1 :])] for axis in axes]
    start = np.unravel_index(wanted[pivot] - 1, sides)
    for order in permutations(range(len(sides)), len(axes)):
        lists = [np.array([place]) for place in start]
        for line, axis in zip(lines, order, strict=True):
            lists[axis] = np.where(line > 0, np.unravel_index(np.maximum(line, 1) - 1, sides)[axis], -1)
        full = (*order, *(axis for axis in range(len(sides)) if axis not in order))
        if np.array_equal(_places(lists, sides).transpose(full).ravel(), wanted.ravel()):
            return full, [
                identity(side) if np.array_equal(taken, identity(side)) else taken
                for taken, side in zip(lists, sides, strict=True)
            ]
    return None


def _places(lists: Sequence[np.ndarray], sides: tuple[int, ...]) -> np.ndarray:
    """The places that lists along all axes select, 0 where one of them says zero."""
    grids = np.meshgrid(*lists, indexing="ij")
    places = np.ravel_multi_index([np.maximum(grid, 0) for grid in grids], sides) + 1
    return np.where(np.any([grid < 0 for grid in grids], axis=0), 0, places)
