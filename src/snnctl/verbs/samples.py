"""The data of a verb: its data set by name, preprocessed, as the options say."""

from __future__ import annotations

from dataclasses import dataclass

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.prepare import load_raw, load_split
from snnctl.data.prepared import PreparedStream
from snnctl.data.preprocess import Preprocessing, parse_preprocess
from snnctl.data.stream import ArrayStream, Stream
from snnctl.plugins.guard import guard, origin
from snnctl.verbs.options import DataOptions
from snnctl.verbs.result import Run


@dataclass(frozen=True)
class Source:
    """A data set, and how its samples are found and prepared.

    Args:
        dataset: the data set.
        preprocessing: how raw values become inputs.
        context: where files are looked for.
        limit: first samples of each split that are used; None for all.
        dtype: precision of the inputs.
    """

    dataset: Dataset
    preprocessing: Preprocessing
    context: DataContext
    limit: int | None
    dtype: str

    def split(self, name: str) -> Samples:
        """The samples of a split: inputs (samples, \\*input_shape) in ``dtype``, integer labels.

        Raises:
            DataError: missing or damaged files, or values that the data set does not allow.
            PluginError: the data set's own code fails.
        """
        with guard(f"load failed for the {name} split", where=origin(self.dataset)):
            return load_split(self.dataset, name, self.context, self.preprocessing, limit=self.limit, dtype=self.dtype)

    def stream(self, name: str) -> Stream:
        """The samples of a split, preprocessed batch by batch; shapes and errors as of :meth:`split`."""
        with guard(f"load failed for the {name} split", where=origin(self.dataset)):
            raw = load_raw(self.dataset, name, self.context, limit=self.limit)
        stored = ArrayStream(lambda: raw.inputs, raw.labels)
        return PreparedStream(
            stored, self.dataset.input_shape, self.preprocessing, self.dtype, classes=self.dataset.classes
        )


def data_source(options: DataOptions, run: Run, name: str, preprocess: str | None, dtype: str) -> Source:
    """The data that ``options`` ask for.

    Args:
        options: of any verb.
        run: knows the data sets.
        name: of the data set, resolved.
        preprocess: its preprocessing, resolved; None: the default.
        dtype: precision of the inputs.

    Raises:
        PluginError: no such data set.
        UsageError: a preprocessing that cannot be read.
    """
    dataset = run.registry.dataset(name)
    return Source(
        dataset=dataset,
        preprocessing=parse_preprocess(preprocess, dataset),
        context=DataContext(options.data_dir, reporter=run.reporter),
        limit=options.limit,
        dtype=dtype,
    )
