"""``snnctl train``: a ReLU or a spiking network from scratch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.plugins.options import check_options
from snnctl.verbs.building import build
from snnctl.verbs.constraints import apply_constraints, calibration_images, figures, merged
from snnctl.verbs.constraints import settings as in_force
from snnctl.verbs.conversion_rules import layer_rules
from snnctl.verbs.options import TrainOptions
from snnctl.verbs.plugin_objects import neuron_of
from snnctl.verbs.result import Result, Run
from snnctl.verbs.samples import Source, data_or_default, data_source, recorded_options

if TYPE_CHECKING:
    import keras


def train(options: TrainOptions, run: Run) -> Result:
    """Builds the architecture, in spiking form if asked for, trains it, and measures it on the test split.

    Raises:
        PluginError: unknown data set or architecture, or one that fails.
        UsageError: an option that does not fit.
        DataError: missing or damaged data.
        ConversionError: an architecture without a spiking form.
        TrainingError: the loss diverged.
    """
    import keras

    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.models.network import check_savable, precision
    from snnctl.training.fit import fit
    from snnctl.ttfs.constraints import Constraints
    from snnctl.verbs import callbacks
    from snnctl.verbs.measure import measure

    constraints = merged(options, Constraints(), options.seed, run.registry)
    architecture = run.registry.architecture(options.arch)
    arch_options = check_options(architecture, options.arch_opt)
    source = data_source(options, run, data_or_default(options), options.preprocess, options.dtype)
    training, test = source.split("train"), source.split("test")
    keras.utils.set_random_seed(options.seed)
    with precision(options.dtype):
        model = build(architecture, source.dataset.input_shape, source.dataset.classes, arch_options)
        if options.type == "snn":
            settings = SpikingSettings(
                input_range=source.preprocessing.input_range,
                neuron=neuron_of(options.neuron, run.registry),
                width=(1 + options.zeta) * options.x_n,
                windows=options.windows,
                gamma=options.gamma,
                dtype=options.dtype,
            )
            for note in lost_in_spiking(model):
                run.reporter.note(note)
            rules = layer_rules(run)
            model = apply_constraints(build_spiking(model, settings, rules), constraints)
        check_savable(model, f"architecture '{architecture.name}'")
        windows = epoch_windows(options, source)
        context = callbacks.context_of("train", options, model, training, test, run)
        history = fit(
            model,
            (training.inputs, training.labels),
            (test.inputs, test.labels),
            fit_settings(options, model),
            run.reporter,
            [*windows, *callbacks.made(options.callback, context, run)],
        )
        if not history:
            for callback in windows:
                callback.calibrate(model)
        metrics = measure(
            model, options.type, test, options.batch_size, run.reporter, "measuring", registry=run.registry
        )
    resolved = {
        **options.model_dump(mode="json"),
        **in_force(constraints),
        **source.named.settings,
        "preprocess": source.preprocessing.spelling,
        "arch_opt": recorded_options(arch_options),
    }
    metrics |= {"split": "test", **figures(constraints, options)}
    return Result("train", metrics, resolved, model, history)


def epoch_windows(options: TrainOptions, source: Source) -> list[Any]:
    """What calibrates the windows after every epoch, if that is asked for."""
    if options.latency_quantile is None:
        return []
    from snnctl.verbs.epoch_windows import EpochWindows

    images = calibration_images(source, options.seed)
    return [EpochWindows(images, options.latency_quantile, options.zeta, options.batch_size)]


def lost_in_spiking(model: keras.Model) -> list[str]:
    """What the ReLU network does in training and its spiking form does not, one sentence each."""
    import keras

    layers = keras.layers
    notes = {
        layers.Dropout: "dropout acts while a ReLU network is trained; the spiking network is trained without it",
        layers.BatchNormalization: "batch normalisation is folded into weights and thresholds at the start; "
        "the spiking network is trained without it",
    }
    return [note for kind, note in notes.items() if any(isinstance(layer, kind) for layer in model.layers)]


def fit_settings(options: Any, model: keras.Model) -> Any:
    """The part of the options that the training loop takes, and whether ``model`` returns logits."""
    from dataclasses import fields

    from snnctl.conversion.logits import returns_logits
    from snnctl.training.fit import FitSettings

    names = {field.name for field in fields(FitSettings)} - {"from_logits"}
    return FitSettings(**{name: getattr(options, name) for name in names}, from_logits=returns_logits(model))
