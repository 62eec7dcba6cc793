"""How raw values become the inputs of a network: ``(raw - mean) / std``."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from snnctl.data.dataset import Dataset
from snnctl.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike

ACCEPTED = ("unit", "raw", "standard", "mean=M,std=S")
CHUNK_VALUES = 1 << 20
FLOAT32_MAX = (2 - 2**-23) * 2.0**127


@dataclass(frozen=True)
class Preprocessing:
    """The map ``raw -> (raw - mean) / std``.

    Args:
        spelling: what ``--preprocess`` calls it, so that it means the same for any data set: ``standard`` in numbers.
        mean: the raw value that becomes 0.
        std: the raw distance that becomes 1; positive.
        raw_range: smallest and largest raw value.
    """

    spelling: str
    mean: float
    std: float
    raw_range: tuple[float, float]

    @property
    def input_range(self) -> tuple[float, float]:
        """Smallest and largest input ``(p, q)``: the images of the smallest and largest raw value."""
        low, high = self.raw_range
        return (low - self.mean) / self.std, (high - self.mean) / self.std

    def apply(self, inputs: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        """The inputs of the network, same shape, in ``dtype``.

        Each value is computed in float64 and rounded once, so ``unit`` gives raw / 255 to the last bit and
        the extreme raw values give exactly ``input_range`` rounded to ``dtype``.
        """
        import numpy as np  # a spelling is checked without it

        result = np.empty(inputs.shape, dtype)
        rows = max(1, CHUNK_VALUES // max(1, inputs[:1].size))
        for start in range(0, len(inputs), rows):
            chunk = inputs[start : start + rows].astype(np.float64)
            chunk -= self.mean
            chunk /= self.std
            result[start : start + rows] = chunk
        return result


@dataclass(frozen=True)
class RawValues:
    """What is known of raw values before they are read.

    Args:
        name: whose they are, for messages.
        range: smallest and largest value they can have.
        standard: (mean, std) of ``standard``; None when it has no meaning for them.
    """

    name: str
    range: tuple[float, float]
    standard: tuple[float, float] | None = None


def parse_preprocess(text: str | None, dataset: Dataset) -> Preprocessing:
    """The preprocessing that ``text`` spells for ``dataset``; see :func:`parse_spelling`."""
    return parse_spelling(text, RawValues(f"the data set {dataset.name}", dataset.raw_range, dataset.standard))


def parse_spelling(text: str | None, raw: RawValues) -> Preprocessing:
    """The preprocessing that ``text`` spells.

    Args:
        text: ``unit`` (raw range to 0..1; also when None), ``raw`` (as stored), ``standard`` (the data set's mean
            and standard deviation) or ``mean=M,std=S`` in raw units.
        raw: the values it is for.

    Raises:
        UsageError: another spelling, numbers that cannot be used, or ``standard`` where it has no meaning.
    """
    spelling = (text or "unit").strip()
    low, high = raw.range
    if spelling == "unit":
        mean, std = low, high - low
    elif spelling == "raw":
        mean, std = 0.0, 1.0
    else:
        mean, std = _standard(raw) if spelling == "standard" else _numbers(spelling)
        spelling = f"mean={mean!r},std={std!r}"
    return _usable(Preprocessing(spelling, mean, std, raw.range), raw)


def _standard(raw: RawValues) -> tuple[float, float]:
    if raw.standard is None:
        raise _refused(
            f"{raw.name[:1].upper()}{raw.name[1:]} has no standard preprocessing.", "Use unit, raw or mean=M,std=S."
        )
    mean, std = raw.standard
    return float(mean), float(std)


def _numbers(spelling: str) -> tuple[float, float]:
    pairs = [part.partition("=") for part in spelling.split(",")]
    keys = sorted(key.strip() for key, _, _ in pairs)
    if keys != ["mean", "std"]:
        raise _refused(f'"{spelling}" is not a preprocessing.', _suggestion(spelling))
    values = {key.strip(): _number(key.strip(), value.strip()) for key, _, value in pairs}
    return values["mean"], values["std"]


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (key == "std" and value <= 0):
        kind = "a positive number" if key == "std" else "a number"
        raise _refused(f'{key} must be {kind}, not "{text}".', "Example: mean=127.5,std=64.")
    return value


def _usable(preprocessing: Preprocessing, raw: RawValues) -> Preprocessing:
    # float32 decides: it is the narrower of the two precisions networks have.
    low, high = preprocessing.input_range if preprocessing.std > 0 else (0.0, 0.0)
    if not (abs(low) <= FLOAT32_MAX and abs(high) <= FLOAT32_MAX and _single(low) < _single(high)):
        raise _refused(
            f"{preprocessing.spelling} maps the raw values {raw.range[0]:g}..{raw.range[1]:g} of "
            f"{raw.name} to {low:g}..{high:g}, which is no range of inputs a network can use.",
            "Choose mean and std near those of the raw values.",
        )
    return preprocessing


def _suggestion(spelling: str) -> str:
    close = get_close_matches(spelling.lower(), ACCEPTED, n=1)
    nearest = f"Did you mean {close[0]}? " if close else ""
    return f"{nearest}Accepted: {', '.join(ACCEPTED)}."


def _refused(what: str, todo: str) -> UsageError:
    return UsageError(what, where="preprocess", todo=todo)


def _single(value: float) -> float:
    """``value`` in single precision."""
    return float(struct.unpack("f", struct.pack("f", value))[0])
