"""One image in the network of a run: its spikes and some potentials, for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnctl.errors import DataError, ModelError, SnnctlError, UsageError
from snnctl.models.load import RUN_MODEL
from snnctl.reports.charts import Spikes, Trajectory
from snnctl.reports.facts import BESIDE, ReportedRun, TracedImage, text
from snnctl.reports.picture import png
from snnctl.runs import expanded
from snnctl.verbs.options import EvalOptions, HardwareOptions
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.result import Run
from snnctl.verbs.samples import NamedData, Source, data_source

if TYPE_CHECKING:
    from snnctl.events import Network, Population, Potential, Trace
    from snnctl.verbs.opening import Opened

SPLIT = "test"
MOST_OUTPUTS = 20
MAKERS = ("train", "convert", "finetune")  # what they name as "model" is the network they began with
Choice = tuple[str, int]


class ImageNumberError(UsageError):
    """The image that was asked for does not exist."""


def image_of(
    runs: Sequence[ReportedRun], options: ReportOptions, run: Run, before_model: Callable[[], object]
) -> TracedImage:
    """What the last spiking network among ``runs`` that can be shown does with one image.

    Runs that look at a network from beside, as sweeps and exports do, are only asked if no other can be shown.

    Args:
        runs: of the report.
        options: say which image.
        run: knows the data sets.
        before_model: called before anything heavy is imported.

    Raises:
        ImageNumberError: the split has not so many images.
        ModelError: no run has a network that can be shown; says why, run by run.
    """
    from snnctl.events import NetworkError

    reasons: list[str] = []
    for found in candidates(runs):
        try:
            return _image_of(found, options, run, before_model)
        except ImageNumberError:
            raise
        except (SnnctlError, NetworkError) as error:
            reasons.append(error.what if isinstance(error, SnnctlError) else str(error))
    raise ModelError(" ".join(dict.fromkeys(map(_sentence, reasons))) or "No run has a spiking network.")


def candidates(runs: Sequence[ReportedRun]) -> list[ReportedRun]:
    """The runs whose network may be shown, the best choice first: the last that measures or makes one."""
    spiking = [run for run in reversed(runs) if run.spiking or run.verb == "sweep"]
    return sorted(spiking, key=lambda run: run.verb in BESIDE)


def _sentence(reason: str) -> str:
    reason = reason[:1].upper() + reason[1:]
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


def _image_of(found: ReportedRun, options: ReportOptions, run: Run, before_model: Callable[[], object]) -> TracedImage:
    model = _model_of(found)
    if model is None:
        raise ModelError(f"The model of {found.name} is not there.")
    name = text(found.settings, "data")
    if not name:
        raise DataError(f"the run {found.name} does not name a data set")
    given = _model_options(found, model, options)
    source = _here(data_source(given, run, NamedData(name, given.data_opt), given.preprocess, "float32"))
    number = options.image or 0
    raw, label = _sample(source, number)
    before_model()
    opened = _opened(found, given, run, source)
    network = _lowered(opened)
    inputs = source.preprocessing.apply(raw[None], opened.dtype)[0]
    return _traced(found, network, inputs, raw, label, number, source)


def _model_of(run: ReportedRun) -> Path | None:
    """The run's own folder if it holds a model, or else the one that it names, which may have moved along with it.

    Raises:
        ModelError: the run made a network, and it is gone.
    """
    folder = Path(run.folder)
    if (folder / RUN_MODEL).is_file():
        return folder
    if run.verb in MAKERS:
        raise ModelError(f"The {RUN_MODEL} of {run.name} is missing")
    named = text(run.settings, "model")
    if not named:
        return None
    places = (expanded(named), folder.resolve().parent / Path(named).name)
    return next((place for place in places if place.exists()), None)


def _model_options(found: ReportedRun, model: Path, options: ReportOptions) -> EvalOptions:
    """As an evaluation of the run's network, under the constraints of the run if that is what it was.

    Constraints under which it was trained are in the network itself.
    """
    from snnctl.verbs.validation import make_options

    keys = ["data", "data_opt", "preprocess"]
    if model != Path(found.folder):
        keys += ["arch", "arch_opt"]
    if found.verb == "eval":
        keys += HardwareOptions.model_fields
    given = {key: found.settings[key] for key in keys if found.settings.get(key) is not None}
    data_dir = options.data_dir or found.settings.get("data_dir")
    named = {"model": str(model), "data_dir": data_dir, "allow_code": options.allow_code, "seed": found.seed or 0}
    return make_options(EvalOptions, {**given, **named})


def _here(source: Source) -> Source:
    """The same, without downloading anything."""
    return replace(source, context=replace(source.context, download=False))


def _sample(source: Source, number: int) -> tuple[np.ndarray, int]:
    from snnctl.data.prepare import load_raw
    from snnctl.plugins.guard import guard, origin

    with guard(f"load failed for the {SPLIT} split", where=origin(source.dataset)):
        samples = load_raw(source.dataset, SPLIT, source.context)
    if number >= len(samples):
        raise ImageNumberError(
            f"there is no image {number}: the {SPLIT} split of {source.dataset.name} has {len(samples):,}",
            todo=f"Give --image a number from 0 to {len(samples) - 1}, or none.",
        )
    return samples.inputs[number], int(samples.labels[number])


def _opened(found: ReportedRun, options: EvalOptions, run: Run, source: Source) -> Opened:
    from snnctl.verbs.constraints import on_hardware
    from snnctl.verbs.opening import Opened, open_network

    network = open_network(options, run, source.dataset)
    if network.kind != "snn":
        raise ModelError(f"The network of {found.name} is no spiking one.")
    opened = Opened(network.model, network.kind, replace(source, dtype=network.dtype), network.dtype, {})
    return on_hardware(options, opened, run)[0]


def _lowered(opened: Opened) -> Network:
    from snnctl.lowering import lower

    return lower(opened.model)


def _traced(
    found: ReportedRun, network: Network, inputs: np.ndarray, raw: np.ndarray, label: int, number: int, source: Source
) -> TracedImage:
    from snnctl.events import trace

    first = trace(network, inputs, number=number)
    readout = network.readouts[0]
    logits = first.logits[0].ravel()
    winner = int(np.argmax(logits))
    neurons = watched_neurons(network.populations, first)
    classes = shown_outputs(logits)
    watched = [*neurons, *((readout.name, place) for place in classes)]
    course = trace(network, inputs, watched, number=number).potentials
    shapes = {one.name: one.shape for one in network.populations}
    picture, size = _picture(raw, source.dataset.raw_range)
    names = source.dataset.class_names
    return TracedImage(
        run=found.name,
        index=number,
        split=SPLIT,
        label=label,
        prediction=winner,
        populations=[
            Spikes(one.name, first.times[one.name].tolist(), one.t_min, one.t_max) for one in network.populations
        ],
        neurons=[_trajectory(one, shapes) for one in course[: len(neurons)]],
        outputs=[
            Trajectory(names[place] if place < len(names) else str(place), one.t.tolist(), one.V.tolist())
            for place, one in zip(classes, course[len(neurons) :], strict=True)
        ],
        winner=classes.index(winner),
        t_read=readout.t_read,
        picture=picture,
        size=size,
    )


def watched_neurons(populations: Sequence[Population], traced: Trace) -> list[Choice]:
    """Of the last spiking population an early, a middling and a silent neuron, of the first one a middling one."""
    spiking = [one for one in populations if one.kind == "spiking"]
    if not spiking:
        return []
    chosen: list[Choice] = []
    first, last = spiking[0], spiking[-1]
    if first is not last:
        chosen += [(first.name, place) for place in _by_time(traced.times[first.name], (0.5,))]
    times = traced.times[last.name]
    chosen += [(last.name, place) for place in _by_time(times, (0.0, 0.5))]
    silent = np.flatnonzero(~np.isfinite(times))
    return chosen + [(last.name, int(place)) for place in silent[:1]]


def _by_time(times: np.ndarray, parts: Sequence[float]) -> list[int]:
    """The neurons that so many of those that fire come before; each once."""
    order = np.argsort(times, kind="stable")[: int(np.isfinite(times).sum())]
    places = [int(order[int(part * (len(order) - 1))]) for part in parts if len(order)]
    return list(dict.fromkeys(places))


def shown_outputs(logits: np.ndarray) -> list[int]:
    """All outputs; of many the highest ones, in their order."""
    best = np.argsort(-logits, kind="stable")[:MOST_OUTPUTS]
    return sorted(int(place) for place in best)


def _trajectory(one: Potential, shapes: dict[str, tuple[int, ...]]) -> Trajectory:
    place = np.unravel_index(one.neuron, shapes[one.population])
    number = str(one.neuron) if len(place) == 1 else "(" + ", ".join(str(int(index)) for index in place) + ")"
    spike = float(one.spike_time) if np.isfinite(one.spike_time) else None
    name = f"{one.population}, neuron {number}"
    return Trajectory(name, one.t.tolist(), one.V.tolist(), one.threshold, one.t_min, one.t_max, spike)


def _picture(raw: np.ndarray, raw_range: tuple[float, float]) -> tuple[bytes | None, tuple[int, int]]:
    """The sample as a PNG file, if it is a picture."""
    pixels = raw[..., 0] if raw.ndim == 3 and raw.shape[-1] == 1 else raw
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[-1] != 3) or max(pixels.shape[:2]) > 512:
        return None, (0, 0)
    low, high = raw_range
    scaled = (pixels.astype(np.float64) - low) / (high - low or 1.0)
    grey = np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)
    height, width = pixels.shape[:2]
    return png(grey.tobytes(), width, height, 1 if pixels.ndim == 2 else 3), (width, height)
