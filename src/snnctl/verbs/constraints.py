"""Hardware constraints and windows recalibrated: the steps that eval, finetune, train and sweep share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError, UsageError
from snnctl.plugins.options import check_options, declared_options
from snnctl.verbs.known import CONSTRAINTS, WINDOWS, Known
from snnctl.verbs.options import (
    BITS,
    NO_BITS,
    ConstraintOptions,
    EvalOptions,
    FinetuneOptions,
    HardwareOptions,
    TrainOptions,
)

if TYPE_CHECKING:
    import keras

    from snnctl.data.stream import Stream
    from snnctl.forward import Inputs
    from snnctl.plugins import Registry
    from snnctl.progress import Reporter
    from snnctl.ttfs.constraints import Constraints
    from snnctl.verbs.opening import Opened
    from snnctl.verbs.result import Run
    from snnctl.verbs.samples import Source

CALIBRATION_IMAGES = 10_000
QUANTILE, ZETA = 1.0, 0.5  # those of conversion


def on_hardware(options: EvalOptions | FinetuneOptions, opened: Opened, run: Run) -> tuple[Opened, dict[str, Any]]:
    """A network under the constraints that are asked for or that it carries; its windows calibrated anew if asked for.

    Args:
        options: of eval or finetune.
        opened: the network and its data.
        run: shows progress.

    Returns:
        The network, with its resolved options; what is in force, as an entry of the metrics, and if windows are
        calibrated the latency of the network as given.

    Raises:
        ModelError: constraints on a ReLU network.
        UsageError: a range of weights that does not fit.
        DataError: an activation is NaN or infinite.
    """
    from snnctl.ttfs.hardware import constraints_of
    from snnctl.ttfs.timeline import latency

    if opened.kind != "snn":
        refuse_on_relu(options)
        return opened, {}
    constraints = merged(options, constraints_of(opened.model), options.seed, run.registry)
    model = apply_constraints(opened.model, constraints)
    if asks_for_windows(options):
        images = calibration_images(opened.source, options.seed)
        model = recalibrated(model, images, options.latency_quantile, options.zeta, options.batch_size, run.reporter)
    resolved = {**opened.settings, **settings(constraints), **windows(options)}
    given = {"latency_given": latency(opened.model)} if asks_for_windows(options) else {}
    return replace(opened, model=model, settings=resolved), {**figures(constraints, options), **given}


def known_under(options: EvalOptions, opened: Opened) -> Known:
    """What is known of a network before it is put under the constraints that are asked for."""
    from snnctl.ttfs.hardware import constraints_of

    return Known(opened.kind, opened.dtype, constraints_of(opened.model).in_force()).under(options.model_dump())


def apply_constraints(model: keras.Model, constraints: Constraints) -> keras.Model:
    """The network on hardware with these constraints, in place of those that it carries.

    Args:
        model: a spiking network; stays as it is.
        constraints: what the hardware does.

    Returns:
        A new model with weights of its own; ``model`` itself if these are its constraints already.

    Raises:
        UsageError: the network cannot be constrained so.
    """
    from snnctl.ttfs.hardware import constrained, constraints_of

    if constraints_of(model).in_force() == constraints.in_force():
        return model
    try:
        return constrained(model, constraints)
    except ValueError as error:
        raise UsageError(str(error)) from error


def recalibrated(
    model: keras.Model,
    inputs: Inputs,
    latency_quantile: float | None,
    zeta: float | None,
    batch_size: int,
    reporter: Reporter,
) -> keras.Model:
    """The network with windows that hold a quantile of the activations, and a margin.

    Calibration sees rounded weights and thresholds, but neither jitter nor rounded times.

    Args:
        model: a spiking network; stays as it is.
        inputs: calibration images (images, \\*input_shape), or a stream; see :func:`calibration_images`.
        latency_quantile: X_n is this quantile of a layer's spikes; None: all of them.
        zeta: margin; None: that of conversion.
        batch_size: images at a time.
        reporter: shows progress.

    Raises:
        DataError: an activation is NaN or infinite.
    """
    from snnctl.conversion.calibrate import calibrate
    from snnctl.ttfs.hardware import constrained, constraints_of

    copy = constrained(model, constraints_of(model))
    quantile, margin = _or(latency_quantile, QUANTILE), _or(zeta, ZETA)
    calibrate(copy, inputs, quantile, margin, batch_size, reporter)
    return copy


def calibration_images(source: Source, seed: int) -> Stream:
    """At most 10,000 images of the training split, drawn with the seed."""
    from snnctl.data.stream import drawn

    return drawn(source.stream("train"), CALIBRATION_IMAGES, seed)


def asks_for_windows(options: HardwareOptions) -> bool:
    """Whether the windows are to be calibrated again; in ``train`` zeta alone is the margin of the first ones."""
    return options.latency_quantile is not None or (options.zeta is not None and not isinstance(options, TrainOptions))


def merged(options: ConstraintOptions, carried: Constraints, seed: int, registry: Registry) -> Constraints:
    """What is in force: the options, and where they are silent what the network carries; the jitter has a new seed.

    Args:
        options: of a verb.
        carried: those of the network.
        seed: of the jitter.
        registry: knows the constraints that are chosen by name. Those of snnctl are options as well; the option goes
            first.

    Raises:
        UsageError: a range of weights that are not rounded, or an empty one.
    """
    from snnctl.ttfs.constraints import Constraints

    named, chosen = by_name(options.constraint or {}, registry)
    given = {**named, **{name: value for name in CONSTRAINTS if (value := getattr(options, name)) is not None}}
    if options.constraint is not None:
        given["constraint"] = chosen
    values = {**carried.in_force(), **given, "seed": seed}
    if not values.get("weight_bits"):
        if "w_min" in given or "w_max" in given:
            raise UsageError(NO_BITS, todo=BITS)
        values = {name: value for name, value in values.items() if name not in ("w_min", "w_max")}
    try:
        return Constraints(**values)
    except ValueError as error:  # an end of the range that is given and one that the network carries
        raise UsageError(str(error)) from error


def by_name(chosen: Mapping[str, Mapping[str, Any]], registry: Registry) -> tuple[dict[str, Any], dict[str, Any]]:
    """Constraints chosen by name: those of snnctl as the options that they are, those of plugins as files name them.

    Args:
        chosen: options by name.
        registry: knows them.

    Raises:
        PluginError: one does not exist.
        UsageError: options that do not fit.
    """
    own: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, given in chosen.items():
        constraint = registry.constraint(name)
        values = {option: default for option, (_, default) in declared_options(constraint).items()}
        values |= check_options(constraint, given)
        if (option := getattr(constraint, "option", None)) is not None:
            own |= {option if key == "value" else key: value for key, value in values.items() if value is not None}
        else:
            others[registry.qualified("constraints", name)] = values
    return own, others


def refuse_on_relu(options: HardwareOptions) -> None:
    """Only spiking networks are constrained.

    Raises:
        ModelError: options ask for it.
    """
    if asked := asked_for(options.model_dump()):
        raise ModelError(f"this is a ReLU network; {asked}", todo="Convert it first (`snnctl convert`).")


def asked_for(options: Mapping[str, Any]) -> str:
    """Which options only a spiking network takes, in a clause; empty if there are none."""
    asked = [name for name in (*CONSTRAINTS, *WINDOWS) if options.get(name) is not None]
    if not asked:
        return ""
    return f"{', '.join(asked)} {'are' if len(asked) > 1 else 'is'} for spiking networks"


def figures(constraints: Constraints, options: HardwareOptions) -> dict[str, Any]:
    """What is in force, as an entry of the metrics; none where nothing is."""
    values = {name: value for name, value in constraints.in_force().items() if name != "seed"} | windows(options)
    return {"constraints": values} if values else {}


def settings(constraints: Constraints) -> dict[str, Any]:
    """The constraints in force as resolved options, whether asked for or carried; None for what is not in force."""
    values = constraints.in_force()
    return {name: values.get(name) for name in CONSTRAINTS}


def windows(options: HardwareOptions) -> dict[str, float]:
    """What windows are calibrated to, if they are calibrated again."""
    if not asks_for_windows(options):
        return {}
    return {"latency_quantile": _or(options.latency_quantile, QUANTILE), "zeta": _or(options.zeta, ZETA)}


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
