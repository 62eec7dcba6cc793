"""Samples that belong to no data set: a file, a folder of images, or an object in Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.data.array_files import LABELS, open_arrays, unused_labels
from snnctl.data.batch_source import WHERE, BatchStream, open_batches
from snnctl.data.image_folder import ImageFiles, ImageStream, find_images
from snnctl.data.stream import ArrayStream, Stream
from snnctl.errors import DataError, UsageError
from snnctl.progress import Reporter
from snnctl.runs import expanded
from snnctl.verbs.images import Shape, decoder, image_shape
from snnctl.verbs.options import ConvertOptions
from snnctl.verbs.result import Given


@dataclass(frozen=True)
class OwnData:
    """Raw samples.

    Args:
        stream: the samples as stored.
        name: the file or folder, for messages.
        pixels: whether they are pixels from 0 to 255, without looking: images and arrays of bytes.
        integers: whether they are whole numbers, or images: what ``unit`` is the default for.
        counted: whether the number of samples is known.
    """

    stream: Stream
    name: str
    pixels: bool
    integers: bool
    counted: bool = True


def open_own_data(
    options: ConvertOptions, given: Given, taken: Shape, classes: int | None, reporter: Reporter
) -> OwnData:
    """What ``--calibrate`` names, or a caller in Python gives.

    Args:
        options: of ``convert``.
        given: objects in place of files.
        taken: shape of a sample the network takes.
        classes: as many as the network has.
        reporter: is told what is done to images.

    Raises:
        DataError: missing, damaged, or without samples.
        UsageError: an object that holds no samples.
    """
    if options.calibrate is None:
        return _of_object(given, options.limit)
    path = expanded(options.calibrate)
    if path.is_dir():
        return _of_folder(path, image_shape(taken, path), classes, reporter)
    data = _of_array(open_arrays(path, taken), str(path))
    for name in unused_labels(path):
        reporter.note(f"{path}: no labels are used; labels are read from {', '.join(LABELS)}, not from '{name}'")
    return data


def stored_shape(options: ConvertOptions, given: Given) -> tuple[int, ...] | None:
    """Shape of a sample as stored, for a network that does not say what it takes; None if only the network tells."""
    if options.calibrate is None:
        return tuple(given.calibration.shape[1:]) if _is_array(given.calibration) else None
    path = expanded(options.calibrate)
    try:
        return None if path.is_dir() else open_arrays(path, ()).sample_shape
    except DataError:  # told when the network is known
        return None


def _of_array(stream: Stream, name: str) -> OwnData:
    return OwnData(stream, name, stream.dtype == np.uint8, stream.dtype.kind in "iu")


def _of_folder(folder: Path, shape: tuple[int, int, int], classes: int | None, reporter: Reporter) -> OwnData:
    files = find_images(folder)
    labels = files.labels if files.classes and len(files.classes) == classes else None
    for note in _notes(files, shape, classes, labels is not None):
        reporter.note(note)
    return OwnData(ImageStream(folder, files.names, labels, shape, decoder(shape)), str(folder), True, True)


def _notes(files: ImageFiles, shape: tuple[int, int, int], classes: int | None, labelled: bool) -> list[str]:
    height, width, channels = shape
    notes = [
        f"{files.folder}: {len(files.names):,} images, brought to {height} x {width} with {channels} "
        f"channel{'s' if channels > 1 else ''} (bilinear, not antialiased, proportions not kept)"
    ]
    if labelled:
        notes.append(f"labels from the subfolders, in this order: {', '.join(files.classes)}")
    elif files.classes:
        count = len(files.classes)
        notes.append(
            f"{count} subfolder{'s' if count > 1 else ''}, but the network "
            f"{'names no classes' if classes is None else f'has {classes} classes'}: no labels are taken from them"
        )
    if files.others:
        notes.append(f"{files.others} file{'s' if files.others > 1 else ''} of other kinds left out")
    return notes


def _of_object(given: Given, limit: int | None) -> OwnData:
    source = given.calibration
    if not _is_array(source):
        if given.labels is not None:
            raise UsageError(
                "labels are given apart, but the calibration data is no array",
                where=WHERE,
                todo="Let the data set or generator give pairs (x, y).",
            )
        stream = open_batches(source, limit)
        return OwnData(stream, WHERE, stream.dtype == np.uint8, stream.dtype.kind in "iu", counted=False)
    array = np.asarray(source)
    if array.dtype.kind not in "iuf" or not array.ndim or not len(array):
        raise DataError(
            f"The array is {array.dtype} of shape {array.shape}; samples of numbers are expected.", where=WHERE
        )
    return _of_array(ArrayStream(lambda: array, _labels(given.labels, len(array))), WHERE)


def _is_array(source: Any) -> bool:
    return hasattr(source, "__array__") and hasattr(source, "shape")


def _labels(labels: Any, samples: int) -> np.ndarray | None:
    if labels is None:
        return None
    array = np.asarray(labels)
    if array.shape[:1] != (samples,) or array.dtype.kind not in "iufb":
        raise DataError(f"{samples} samples come with labels of shape {array.shape} ({array.dtype}).", where="labels")
    return array


def counted(data: OwnData, samples: int) -> Stream:
    """The stream, when its samples have been counted."""
    return data.stream.counted(samples) if isinstance(data.stream, BatchStream) else data.stream
