"""The data of a verb: its data set by name, preprocessed, as the options say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.prepare import load_raw, load_split
from snnctl.data.prepared import PreparedStream
from snnctl.data.preprocess import Preprocessing, parse_preprocess
from snnctl.data.stream import ArrayStream, Stream, first
from snnctl.errors import DataError
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.options import check_options
from snnctl.plugins.own import OWN
from snnctl.runs import expanded
from snnctl.verbs.checked_stream import CheckedStream, gathered
from snnctl.verbs.options import DataOptions
from snnctl.verbs.recorded import DEFAULT_DATA
from snnctl.verbs.result import Run


@dataclass(frozen=True)
class NamedData:
    """A data set as it is named.

    Args:
        name: as written, perhaps with the package before it.
        options: its options.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """As resolved options, for the record; paths as text, absolute, so that they hold in every folder."""
        return {"data": self.name, "data_opt": recorded_options(self.options)}


def recorded_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a plugin's thing for the record: paths as text, absolute, so that they hold in every folder."""
    return {name: _recorded(value) for name, value in options.items()}


def _recorded(value: Any) -> Any:
    """The value of an option, with paths as absolute text, those in lists and mappings too."""
    if isinstance(value, Path):
        return str(expanded(value).absolute())
    if isinstance(value, Mapping):
        return {key: _recorded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_recorded(item) for item in value]
    return value


def named_data(options: DataOptions, recorded: Mapping[str, Any]) -> NamedData | None:
    """The data set that is used; None if none is named.

    Args:
        options: of any verb.
        recorded: the settings of the run that made the network: its data set is used if the options name none.
    """
    if options.data is not None:
        return NamedData(options.data, options.data_opt)
    if recorded.get("data") is not None:
        given = recorded.get("data_opt")
        return NamedData(recorded["data"], given if isinstance(given, Mapping) else {})
    return None


def data_or_default(options: DataOptions) -> NamedData:
    """The data set that is named, or the one that comes with snnctl."""
    return NamedData(DEFAULT_DATA) if options.data is None else NamedData(options.data, options.data_opt)


@dataclass(frozen=True)
class Source:
    """A data set, and how its samples are found and prepared.

    Args:
        dataset: the data set, with its options.
        named: how it is named.
        preprocessing: how raw values become inputs.
        context: where files are looked for.
        limit: first samples of each split that are used; None for all.
        dtype: precision of the inputs.
    """

    dataset: Dataset
    named: NamedData
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
        raw = self._raw_stream(name)
        if raw is not None:
            return gathered(self._prepared(raw), f"{self.dataset.name}, {name} split", self.context.reporter)
        with guard(f"load failed for the {name} split", where=origin(self.dataset)), told_whose(self.dataset):
            return load_split(self.dataset, name, self.context, self.preprocessing, limit=self.limit, dtype=self.dtype)

    def stream(self, name: str) -> Stream:
        """The samples of a split, preprocessed batch by batch; shapes and errors as of :meth:`split`.

        They have no labels if the data set's own stream has none.
        """
        stored = self._raw_stream(name)
        if stored is None:
            with guard(f"load failed for the {name} split", where=origin(self.dataset)), told_whose(self.dataset):
                raw = load_raw(self.dataset, name, self.context, limit=self.limit)
            stored = ArrayStream(lambda: raw.inputs, raw.labels)
        return self._prepared(stored)

    def _raw_stream(self, name: str) -> Stream | None:
        """The data set's own stream of a split, cut to the limit; None if it has none."""
        with guard(f"stream failed for the {name} split", where=origin(self.dataset)):
            stream = self.dataset.stream(name, self.context)
            if stream is None:
                return None
            checked = CheckedStream(stream, self.dataset, name)
        return checked if self.limit is None else first(checked, self.limit)

    def _prepared(self, stored: Stream) -> Stream:
        return PreparedStream(
            stored, self.dataset.input_shape, self.preprocessing, self.dtype, classes=self.dataset.classes
        )


@contextmanager
def told_whose(dataset: Dataset) -> Iterator[None]:
    """Around the samples of a plugin's data set: what is wrong with them is told with its package and method.

    Raises:
        DataError: with that in front of its place.
    """
    try:
        yield
    except DataError as error:
        if type(dataset).__module__.partition(".")[0] != OWN:
            place = error.where.removeprefix(f"{dataset.name}, ")
            error.where = ": ".join(filter(None, (f"{origin(dataset)}, load", place)))
        raise


def data_source(options: DataOptions, run: Run, named: NamedData, preprocess: str | None, dtype: str) -> Source:
    """The data that ``options`` ask for.

    Args:
        options: of any verb.
        run: knows the data sets.
        named: the data set, resolved.
        preprocess: its preprocessing, resolved; None: the default.
        dtype: precision of the inputs.

    Raises:
        PluginError: no such data set.
        UsageError: a preprocessing that cannot be read, or options that do not fit the data set.
    """
    options_given = check_options(run.registry.find("datasets", named.name), named.options)
    dataset = run.registry.dataset(named.name, options_given)
    return Source(
        dataset=dataset,
        named=NamedData(named.name, options_given),
        preprocessing=parse_preprocess(preprocess, dataset),
        context=DataContext(options.data_dir, reporter=run.reporter),
        limit=options.limit,
        dtype=dtype,
    )
