"""``snnctl trajectory``: a ReLU network and its spiking forms, trained side by side. [HP, Fig. 3]"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.errors import UsageError
from snnctl.verbs.comparing.networks import Compared, compared
from snnctl.verbs.comparing.options import RELU, TrajectoryOptions
from snnctl.verbs.comparing.trajectory_figures import charts, figures, table
from snnctl.verbs.result import Result, Run

if TYPE_CHECKING:
    import keras

MEASURED_AT_ONCE = 256  # samples


def trajectory(options: TrajectoryOptions, run: Run) -> Result:
    """The loss of every network and its distance from the ReLU network, step by step.

    Raises:
        UsageError: a network whose spiking form has other weights, or trains otherwise.
        PluginError, DataError, ConversionError: see :func:`~snnctl.verbs.comparing.networks.compared`.
    """
    from snnctl.models.network import precision
    from snnctl.training.trajectory import trajectories

    with precision(options.dtype):
        found = compared(options, run)
        training, test = found.split("train"), found.split("test")
        _prepare(found, options, training[0][: options.batch_size])
        tracks = trajectories(
            found.networks,
            training,
            options.steps,
            _fit_settings(options),
            {name: options.alpha1_lr for name in found.networks if "alpha1" in name},
            _accuracy_on(test),
            options.measure_every,
            run.reporter,
        )
    for track in tracks:
        if track.diverged is not None:
            run.reporter.warn(f"{track.name} diverged in step {track.diverged}; the others went on")
    metrics = {"steps": options.steps, "images": len(test[1]), "networks": [figures(track) for track in tracks]}
    files = {"trajectory.csv": table(tracks), **charts(tracks, options.arch)}
    return Result("trajectory", {**metrics, "split": "test"}, found.settings, files=files)


def _accuracy_on(samples: tuple[np.ndarray, np.ndarray]) -> Callable[[keras.Model], float]:
    """A function that measures a network; it makes one graph a network, however often it is asked."""
    from snnctl.forward import batches, compiled
    from snnctl.metrics.predictions import predictions

    inputs, labels = samples
    graphs: dict[int, Callable[[np.ndarray], Any]] = {}

    def accuracy_of(model: keras.Model) -> float:
        if id(model) not in graphs:
            graphs[id(model)] = compiled(lambda x: model(x, training=False), inputs)
        parts = [graphs[id(model)](batch).numpy() for batch in batches(inputs, MEASURED_AT_ONCE)]
        return float(np.mean(predictions(np.concatenate(parts)) == labels))

    return accuracy_of


def _fit_settings(options: TrajectoryOptions) -> Any:
    from dataclasses import fields

    from snnctl.training.fit import FitSettings

    names = {field.name for field in fields(FitSettings)} & set(type(options).model_fields)
    return FitSettings(**{name: getattr(options, name) for name in names})


def _prepare(found: Compared, options: TrajectoryOptions, inputs: np.ndarray) -> None:
    """Checks that the networks can be compared, and lets windows see ``inputs``, as if in training.

    Raises:
        UsageError: see :func:`trajectory`.
    """
    from snnctl.training.trajectory import relu_weights
    from snnctl.ttfs.timeline import set_windows

    if found.lost:
        raise UsageError(
            f"the weights of {options.arch} with these options cannot be compared: {found.lost[0]}",
            todo="Leave out dropout and batch normalisation (--arch-opt).",
        )
    reference = relu_weights(found.networks[RELU], RELU)
    for name, model in found.networks.items():
        weights = relu_weights(model, name)
        same_shapes = [weight.shape for weight in weights] == [weight.shape for weight in reference]
        if not same_shapes or (name == "b1" and not all(map(np.array_equal, weights, reference))):
            raise UsageError(
                f"the spiking form of {options.arch} has other weights than the ReLU network",
                todo="Those of Dense and convolution layers with biases, ReLU and pooling can be compared.",
            )
        if name != RELU:
            set_windows(model, options.windows, options.gamma)
            model(inputs, training=True)
