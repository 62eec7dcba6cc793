"""Linear maps in NumPy, tap by tap: what Keras's layers without bias and activation compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

Map = Callable[[np.ndarray], np.ndarray]
Selection = Callable[[np.ndarray, float], np.ndarray]


@dataclass(frozen=True)
class Image:
    """How a kernel or a pool moves over the axes of an image, its batch and channels left out.

    Args:
        size: taps along each axis.
        strides: step between two places of it.
        padding: "valid", "same" or "causal".
        dilation: distance of two taps.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str
    dilation: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.dilation:
            object.__setattr__(self, "dilation", (1,) * len(self.size))

    @property
    def reach(self) -> list[int]:
        """From the first to the last tap, both included."""
        return [(size - 1) * step + 1 for size, step in zip(self.size, self.dilation, strict=True)]

    def taps(self) -> Iterator[tuple[int, ...]]:
        """The places of the kernel."""
        return product(*map(range, self.size))

    def margins(self, sides: Sequence[int]) -> list[tuple[int, int]]:
        """What is added before and behind each axis."""
        found = []
        for side, reach, stride in zip(sides, self.reach, self.strides, strict=True):
            missing = max(0, (-(-side // stride) - 1) * stride + reach - side) if self.padding == "same" else 0
            before = reach - 1 if self.padding == "causal" else missing // 2
            found.append((before, missing - before if self.padding == "same" else 0))
        return found


def cut_out(x: np.ndarray, image: Image, fill: float) -> np.ndarray:
    """What each tap sees at all places of the output: (taps, batch, \\*places, channels)."""
    margins = image.margins(x.shape[1:-1])
    x = np.pad(x, [(0, 0), *margins, (0, 0)], constant_values=fill)
    axes = list(zip(x.shape[1:-1], image.reach, image.strides, image.dilation, strict=True))
    places = [(side - reach) // stride + 1 for side, reach, stride, _ in axes]
    seen = []
    for tap in image.taps():
        starts = [at * step for at, (*_, step) in zip(tap, axes, strict=True)]
        ranges = [
            slice(start, start + (count - 1) * stride + 1, stride)
            for start, count, (_, _, stride, _) in zip(starts, places, axes, strict=True)
        ]
        seen.append(x[(slice(None), *ranges)])
    return np.stack(seen)


# Maps with weights. J: the kernel; what a kernel's axes are is said by Keras.


def dense(layer: Any) -> Map:
    """J: (inputs, outputs)."""
    J = kernel(layer)
    return lambda x: x @ J


def one_to_one(layer: Any) -> Map:
    """J: (channels,), or of the tensor's shape."""
    J = kernel(layer)
    return lambda x: x * J


def convolution(layer: Any) -> Map:
    """J: (\\*taps, inputs of a group, outputs); the outputs of the first group first."""
    J, image = kernel(layer), image_of(layer)

    def convolved(x: np.ndarray) -> np.ndarray:
        of_groups = np.split(x, layer.groups, axis=-1)
        J_of_groups = np.split(J, layer.groups, axis=-1)
        return np.concatenate([weighted(x, image, J) for x, J in zip(of_groups, J_of_groups, strict=True)], axis=-1)

    return convolved


def weighted(x: np.ndarray, image: Image, J: np.ndarray) -> np.ndarray:
    """A convolution of one group."""
    seen = cut_out(x, image, 0.0)
    return sum((part @ J[tap] for tap, part in zip(image.taps(), seen, strict=True)), np.zeros(1))


def depthwise(layer: Any) -> Map:
    """J: (\\*taps, channels, multiplier); the outputs of the first channel first."""
    J, image = kernel(layer), image_of(layer)

    def convolved(x: np.ndarray) -> np.ndarray:
        parts = zip(image.taps(), cut_out(x, image, 0.0), strict=True)
        total = sum((part[..., None] * J[tap] for tap, part in parts), np.zeros(1))
        return total.reshape(*total.shape[:-2], -1)

    return convolved


def transposed(layer: Any) -> Map:
    """J: (\\*taps, outputs, inputs). Each input adds J to the outputs around ``strides`` times its place."""
    J, image = kernel(layer), image_of(layer)

    def spread(x: np.ndarray) -> np.ndarray:
        sides = x.shape[1:-1]
        sizes = [transposed_side(layer, image, axis, side) for axis, side in enumerate(sides)]
        whole = [
            max((side - 1) * stride + reach, size)
            for side, stride, reach, size in zip(sides, image.strides, image.reach, sizes, strict=True)
        ]
        y = np.zeros((len(x), *whole, J.shape[-2]))
        for tap in image.taps():
            ranges = [
                slice(at * step, at * step + (side - 1) * stride + 1, stride)
                for at, step, side, stride in zip(tap, image.dilation, sides, image.strides, strict=True)
            ]
            y[(slice(None), *ranges)] += x @ J[tap].T
        cut = [
            max(0, (side - 1) * stride + reach - size) // 2 if image.padding == "same" else 0
            for side, stride, reach, size in zip(sides, image.strides, image.reach, sizes, strict=True)
        ]
        return y[(slice(None), *[slice(first, first + size) for first, size in zip(cut, sizes, strict=True)])]

    return spread


def transposed_side(layer: Any, image: Image, axis: int, side: int) -> int:
    """Side of a transposed convolution's output."""
    stride, reach, more = image.strides[axis], image.reach[axis], layer.output_padding
    if more is None:
        return side * stride + (max(reach - stride, 0) if image.padding == "valid" else 0)
    more = more if isinstance(more, int) else more[axis]
    lost = 2 * (reach // 2) if image.padding == "same" else 0
    return (side - 1) * stride + reach - lost + more


# Maps without weights.


def average_pooling(layer: Any) -> Map:
    """The mean of what lies inside the image."""
    image = Image(as_tuple(layer.pool_size), as_tuple(layer.strides), layer.padding)

    def averaged(x: np.ndarray) -> np.ndarray:
        count = cut_out(np.ones((1, *x.shape[1:])), image, 0.0).sum(axis=0)
        return cut_out(x, image, 0.0).sum(axis=0) / count

    return averaged


def global_average(layer: Any) -> Map:
    """The mean over all places."""
    return lambda x: x.mean(axis=tuple(range(1, x.ndim - 1)), keepdims=bool(layer.keepdims))


def bilinear(layer: Any) -> Map:
    """Upsampling to places between the old ones; outside the outermost, their value."""

    def enlarged(x: np.ndarray) -> np.ndarray:
        for axis, factor in enumerate(layer.size, start=1):
            side = x.shape[axis]
            places = np.clip((np.arange(side * factor) + 0.5) / factor - 0.5, 0, side - 1)
            before = np.floor(places).astype(int)
            part = (places - before).reshape([-1 if of == axis else 1 for of in range(x.ndim)])
            after = np.minimum(before + 1, side - 1)
            x = np.take(x, before, axis) * (1 - part) + np.take(x, after, axis) * part
        return x

    return enlarged


MAPS: dict[str, Callable[[Any], Map]] = {
    "Dense": dense,
    "Diagonal": one_to_one,
    **{f"Conv{rank}D": convolution for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise for rank in (1, 2)},
    **{f"Conv{rank}DTranspose": transposed for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": average_pooling for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": global_average for rank in (1, 2, 3)},
}


# Selections: each output is one of the inputs, or new ("fill").


def zero_padding(layer: Any) -> Selection:
    """New places around the image."""
    return lambda x, fill: np.pad(x, [(0, 0), *pairs(layer.padding), (0, 0)], constant_values=fill)


def cropping(layer: Any) -> Selection:
    """The outer places left out."""

    def cropped(x: np.ndarray, fill: float) -> np.ndarray:
        axes = zip(pairs(layer.cropping), x.shape[1:-1], strict=True)
        return x[(slice(None), *[slice(before, side - behind) for (before, behind), side in axes])]

    return cropped


def repetition(layer: Any) -> Selection:
    """Each place several times in a row."""

    def repeated(x: np.ndarray, fill: float) -> np.ndarray:
        for axis, factor in enumerate(as_tuple(layer.size), start=1):
            x = np.repeat(x, factor, axis)
        return x

    return repeated


SELECTIONS: dict[str, Callable[[Any], Selection]] = {
    **{f"ZeroPadding{rank}D": zero_padding for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": cropping for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": repetition for rank in (1, 2, 3)},
    "Flatten": lambda layer: lambda x, fill: x.reshape(len(x), -1),
    "Reshape": lambda layer: lambda x, fill: x.reshape(len(x), *layer.target_shape),
    "Permute": lambda layer: lambda x, fill: x.transpose(0, *layer.dims),
    "RepeatVector": lambda layer: lambda x, fill: np.repeat(x[:, None], layer.n, axis=1),
}


def selection(layer: Any) -> Selection | None:
    """What a layer makes of single elements; None for a layer that adds several up."""
    if getattr(layer, "interpolation", "nearest") != "nearest":
        return None
    found = SELECTIONS.get(type(layer).__name__)
    return found(layer) if found else None


def linear_map(layer: Any) -> Map:
    """What a linear layer computes."""
    select = selection(layer)
    if select is not None:
        return lambda x: select(x, 0.0)
    if getattr(layer, "interpolation", "nearest") == "bilinear":
        return bilinear(layer)
    kind = type(layer).__name__
    assert kind in MAPS, f"the reference does not know {kind}"
    return MAPS[kind](layer)


# Parameters.


def kernel(layer: Any) -> np.ndarray:
    """J."""
    return layer.kernel.numpy().astype(np.float64)


def image_of(layer: Any) -> Image:
    """How a convolution moves."""
    size, strides, dilation = map(as_tuple, (layer.kernel_size, layer.strides, layer.dilation_rate))
    image = Image(size, strides, layer.padding, dilation)
    return replace(image, strides=strides * len(size)) if len(strides) < len(size) else image


def as_tuple(number: Any) -> tuple[int, ...]:
    """One number an axis."""
    return (number,) if isinstance(number, int) else tuple(number)


def pairs(margins: Any) -> list[tuple[int, int]]:
    """(before, behind) of each axis, as Keras's layers keep them: a single pair for a sequence."""
    margins = tuple(margins)
    return [margins] if isinstance(margins[0], int) else [tuple(pair) for pair in margins]
