"""What a conversion reads: samples to calibrate on, samples to verify on, and the range of inputs that is coded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnctl.data.fitting import fitted
from snnctl.data.prepared import PreparedStream
from snnctl.data.preprocess import FLOAT32_MAX, Preprocessing, RawValues, parse_spelling
from snnctl.data.stream import Stream, drawn
from snnctl.data.survey import Survey, survey
from snnctl.errors import DataError, SnnctlError
from snnctl.verbs.network_shape import class_count, input_shape
from snnctl.verbs.opening import Network
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.own_data import OwnData, counted, open_own_data
from snnctl.verbs.result import Run
from snnctl.verbs.samples import Source

PIXELS = (0.0, 255.0)
SAMPLE = 1000

Range = tuple[float, float]


@dataclass(frozen=True)
class Feed:
    """Prepared samples.

    Args:
        calibration: the windows are made for these.
        verification: the networks are compared on these; None if they are not compared.
        input_range: (p, q) of the inputs.
        classes: how many classes the labels have; None without labels.
        name: of the data set or file that is verified on.
        split: "test", or "calibration" if no other samples are there.
        preprocess: how raw values became inputs.
        settings: data, preprocessing and range as resolved, for the record.
    """

    calibration: Stream
    verification: Stream | None
    input_range: Range
    classes: int | None
    name: str
    split: str
    preprocess: str
    settings: dict[str, Any]


def named_feed(options: ConvertOptions, source: Source, calibration: Stream | None = None) -> Feed:
    """A data set: its test split to verify on, its training split to calibrate on if nothing else is given for that."""
    input_range = options.input_range or source.preprocessing.input_range
    spelling = source.preprocessing.spelling
    return Feed(
        calibration=drawn(calibration or source.stream("train"), options.calibration_images, options.seed),
        verification=None if options.verify == "none" else _verified(source.stream("test"), options, "full"),
        input_range=input_range,
        classes=source.dataset.classes,
        name=source.dataset.name,
        split="test",
        preprocess=spelling,
        settings={**source.named.settings, "preprocess": spelling, "input_range": list(input_range)},
    )


def own_feed(options: ConvertOptions, run: Run, network: Network, source: Source | None) -> Feed:
    """Samples of a file, a folder or an object; if a data set is named besides, that is verified on.

    Args:
        options: of ``convert``.
        run: holds objects in place of files.
        network: what the samples are for.
        source: the data set that is named, or None.

    Raises:
        DataError: missing or damaged data, or data that does not fit the network.
        UsageError: a preprocessing that does not fit the data.
    """
    taken, classes = input_shape(network.model), class_count(network.model)
    data = open_own_data(options, run.given, taken, classes, run.reporter)
    shape = fitted(taken, data.stream.sample_shape, data.name)
    preprocessing = preprocessing_of(data, options, run, network, source)
    stream, seen = _looked_through(data, options.limit, run)
    _check_unit(preprocessing, data, seen, stream, run)
    prepared = PreparedStream(stream, shape, preprocessing, network.dtype, classes, data.name)
    if source is not None:
        return named_feed(options, source, prepared)
    if stream.labelled and classes is None:
        run.reporter.note(f"{data.name}: its labels are not used, as no output of the network has one value a class")
    input_range = options.input_range or coded_range(preprocessing, data, seen)
    return Feed(
        calibration=drawn(prepared, options.calibration_images, options.seed),
        verification=_verified(prepared, options, "sample"),
        input_range=input_range,
        classes=classes if prepared.labelled else None,
        name=data.name,
        split="calibration",
        preprocess=preprocessing.spelling,
        settings={
            "data": None,
            "data_opt": {},
            "preprocess": preprocessing.spelling if data.integers else None,
            "input_range": list(input_range),
            "calibrate": data.name,
        },
    )


def preprocessing_of(
    data: OwnData, options: ConvertOptions, run: Run, network: Network, source: Source | None
) -> Preprocessing:
    """How the samples become inputs.

    As asked for. Else whole numbers and images as the data set of the network's run was prepared, ``unit`` without
    one; floats are left as they are.
    """
    text = options.preprocess or ("raw" if not data.integers else network.recorded.get("preprocess")) or "unit"
    raw = RawValues("data without a data set (--data)", PIXELS)
    dataset = source.dataset if source is not None else _recorded_dataset(run, network)
    if dataset is not None:
        raw = RawValues(raw.name, dataset.raw_range if data.integers else PIXELS, dataset.standard)
    return parse_spelling(text, raw)


def coded_range(preprocessing: Preprocessing, data: OwnData, seen: Survey | None) -> Range:
    """(p, q): what the smallest and the largest value become.

    These are the values that pixels can have, and the values that were seen of everything else.

    Raises:
        DataError: all values are the same.
    """
    low, high = preprocessing.raw_range
    within = seen is None or (data.integers and low <= seen.low and seen.high <= high)
    if within or seen is None or preprocessing.spelling == "unit":
        return preprocessing.input_range
    p, q = ((value - preprocessing.mean) / preprocessing.std for value in (seen.low, seen.high))
    if not (p >= -FLOAT32_MAX and q <= FLOAT32_MAX and np.float32(p) < np.float32(q)):
        raise DataError(
            f"The data's values lie from {seen.low:g} to {seen.high:g}, which is no range of inputs that can be coded.",
            where=data.name,
            todo="Give the range with --input-range P,Q, or other data.",
        )
    return p, q


def _looked_through(data: OwnData, limit: int | None, run: Run) -> tuple[Stream, Survey | None]:
    """The samples that are used, and what their values are where that is not known beforehand."""
    if data.counted:
        stream = data.stream if limit is None else data.stream.some(limit)
        return stream, None if data.pixels else survey(stream, data.name, run.reporter)
    seen = survey(data.stream, data.name, run.reporter, total=limit or 0)
    return counted(data, seen.samples), None if data.pixels else seen


def _check_unit(preprocessing: Preprocessing, data: OwnData, seen: Survey | None, stream: Stream, run: Run) -> None:
    """``unit`` is for pixels; floats from 0 to 1 are that already."""
    low, high = preprocessing.raw_range
    if preprocessing.spelling != "unit" or seen is None:
        return
    for value, row in ((seen.low, seen.lowest), (seen.high, seen.highest)):
        if not low <= value <= high:
            raise DataError(
                f"{stream.place(row)} holds the value {value:g}, but unit is for values from {low:g} to {high:g}.",
                where=data.name,
                todo="Use --preprocess raw (values as they are) or mean=M,std=S.",
            )
    if not data.integers and seen.high <= 1 < high:
        run.reporter.warn(
            f"the values of {data.name} lie from {seen.low:g} to {seen.high:g} already, and --preprocess unit divides "
            f"them by {high - low:g}: leave it out, or use raw"
        )


def _verified(stream: Stream, options: ConvertOptions, default: str) -> Stream | None:
    how = options.verify or default
    if how == "none":
        return None
    return stream if how == "full" else drawn(stream, SAMPLE, options.seed)


def _recorded_dataset(run: Run, network: Network) -> Any:
    """The data set of the network's run, if it is still known."""
    name = network.recorded.get("data")
    try:
        return run.registry.dataset(name, network.recorded.get("data_opt")) if name else None
    except SnnctlError:
        return None
