"""What a reader is: the class a plugin subclasses to open models of other tools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReadContext:
    """What a reader may use.

    Args:
        input_shape: shape of one sample, channels last, if the data is known: for networks that do not say it.
        classes: number of classes, if the data is known.
        dtype: "float32" or "float64", if it is asked for; what is returned is cast to it anyway.
        allow_code: whether code that a file holds may be run.
        build: builds the architecture that is named, for files that hold weights only; None if none is named.
        arch: the name of that architecture.
    """

    input_shape: tuple[int, ...] | None = None
    classes: int | None = None
    dtype: str | None = None
    allow_code: bool = False
    build: Callable[[], keras.Model] | None = None
    arch: str = ""


@dataclass(frozen=True)
class Read:
    """What was read.

    Args:
        model: a built Keras model.
        notes: what the user should know about how it was read, one sentence each.
    """

    model: keras.Model
    notes: tuple[str, ...] = ()


class Reader(ABC):
    """A file format that networks are read from.

    Attributes:
        name: lower case, digits and dashes.
        summary: one line.
        suffixes: of its files, lower case, with the dot: (".onnx",).
    """

    name: str = ""
    summary: str = ""
    suffixes: tuple[str, ...] = ()

    def recognises(self, path: Path) -> bool:
        """Whether it reads ``path``, a file or folder that is there; by the suffix unless a subclass knows better."""
        return path.suffix.lower() in self.suffixes

    @abstractmethod
    def read(self, path: Path, context: ReadContext) -> keras.Model | Read:
        """The network: a ReLU network, or a spiking one made of the layers of :mod:`snnctl.layers`.

        Images are channels last. Import what is heavy inside this method only.

        Raises:
            ModelError: damaged, or holding what cannot be read; names every layer.
        """
