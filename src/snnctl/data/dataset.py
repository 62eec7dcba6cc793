"""What a data set is: the class a plugin subclasses, and the samples it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from snnctl.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    import numpy as np

    from snnctl.data.stream import Stream

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Samples:
    """Labelled samples.

    Args:
        inputs: shape (samples, \\*input_shape), the data set's raw values (``uint8`` or a float type).
        labels: shape (samples,), integers from 0.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.inputs)


@dataclass(frozen=True)
class DataContext:
    """What a data set may use to find its files.

    Args:
        data_dir: the folder given by ``--data-dir``; None when not given.
        download: whether files that are not found may be downloaded.
        reporter: progress of a download.
    """

    data_dir: Path | None = None
    download: bool = True
    reporter: Reporter = field(default_factory=SilentReporter)


class Dataset(ABC):
    """A named data set with a train and a test split.

    Attributes:
        name: what ``--data`` calls it: lower case, digits and dashes.
        summary: one line for ``snnctl data list``.
        input_shape: shape of one sample, channels last, e.g. (28, 28, 1).
        classes: number of classes.
        class_names: their names, or () when they have none.
        raw_range: smallest and largest value a raw sample can hold, e.g. (0.0, 255.0).
        standard: (mean, std) in raw units for ``--preprocess standard``; None when the data set has none.
        licence: licence and source, one line.
        sizes: number of samples of each split, as far as it is known without reading anything; for estimates only.
    """

    name: str = ""
    summary: str = ""
    input_shape: tuple[int, ...] = ()
    classes: int = 0
    class_names: tuple[str, ...] = ()
    raw_range: tuple[float, float] = (0.0, 255.0)
    standard: tuple[float, float] | None = None
    licence: str = ""
    sizes: Mapping[str, int] = MappingProxyType({})

    def configured(self, *args: Any, **options: Any) -> Dataset:
        """The data set with these options, as a new object of the same name; by default it has none.

        A subclass with options declares them as keyword-only parameters, each with a type:
        ``configured(self, *, root: str, size: int = 64)``. Those without a default must be given.
        ``--data-opt name=value`` and the recipes' ``data_opt`` are checked against them. Shape, classes and names are
        those of the object that is returned.

        Args:
            args: none; written here so that type checkers accept a subclass's own keyword-only options.
            options: the keyword-only options a subclass declares.

        Raises:
            SnnctlError: the options do not fit.
        """
        return self

    @abstractmethod
    def load(self, split: str, context: DataContext) -> Samples:
        """All samples of ``split`` ("train" or "test") in their stored order.

        Raises:
            DataError: a file is missing or damaged.
        """

    def stream(self, split: str, context: DataContext) -> Stream | None:
        """The samples of ``split`` read batch by batch, for data that memory need not hold; None: :meth:`load` is used.

        Where there is a stream, it is used in place of :meth:`load`; it must give the same raw samples in the same
        order. One without labels will do for calibration and verification, but not for training.

        Raises:
            DataError: a file is missing or damaged.
        """
        return None

    def where(self, context: DataContext) -> str | None:
        """Where the files would be read from (a folder, "inside the package"), or None when they are not here.

        Never downloads and never reads whole files.
        """
        return None

    def fingerprint(self, context: DataContext) -> str | None:
        """What the samples depend on besides the data set's name, its options, and the code that makes them.

        A text that changes when the samples do, such as a checksum; recipes take the results of an earlier run only if
        it is still the same. None, the default: files are known by name, size and time of change, those that
        :meth:`where` names and those that options name; without such files samples depend on the code alone.

        Called only when the files are here. Never downloads.
        """
        return None

    def fetch(self, context: DataContext) -> str:
        """Make the files available, downloading if needed; returns where they are.

        Raises:
            DataError: not found and not downloadable.
        """
        found = self.where(context)
        if found is None:
            for split in SPLITS:
                self.load(split, context)
            found = self.where(context) or "provided by the plugin"
        return found
