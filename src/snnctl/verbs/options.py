"""The options of every verb: one model each, from which flags, recipe keys and reference docs are read.

A field's name is its recipe key and, with dashes, its flag; its description is its help text.
No TensorFlow here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from snnctl.verbs.naming import Chosen, chosen_field, of_kind, options_of
from snnctl.verbs.texts import read_path, read_range, read_samples_path

DType = Literal["float32", "float64"]
Positive = Annotated[int, Field(gt=0)]
InputRange = Annotated[tuple[float, float], BeforeValidator(read_range)]
FilePath = Annotated[Path, BeforeValidator(read_path)]
SamplesPath = Annotated[Path, BeforeValidator(read_samples_path)]


class Options(BaseModel):
    """Base of all option models: unknown keys are refused, values are checked, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)
    spiking_only: ClassVar[bool] = False
    """Whether ``model`` must be a spiking network."""


class DataOptions(Options):
    """Which samples are used and how they are preprocessed."""

    data: str | None = Field(
        None, description="Data set, by name (see `snnctl data list`).", json_schema_extra=of_kind("datasets")
    )
    data_opt: dict[str, Any] = Field(
        default_factory=dict, description="Option of the data set, name=value.", json_schema_extra=options_of("data")
    )
    data_dir: FilePath | None = Field(None, description="Folder in which data sets are looked for first.")
    preprocess: str | None = Field(
        None,
        description="unit (0..1, the default), raw (as stored; the default of float arrays), standard (the data set's "
        "mean and deviation) or mean=M,std=S.",
    )
    limit: Positive | None = Field(
        None, description="Use only the first N samples of each split; of a folder of images, N evenly spread over it."
    )
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of initialisation and shuffling.")
    batch_size: Positive = Field(64, description="Samples in a batch.")


class ModelSourceOptions(DataOptions):
    """A model that exists already: a run folder, a `.keras` file, a full `.h5`, or weights-only `.h5` with `arch`."""

    model: str = Field(description="Run folder, .keras file, full .h5, or weights-only .h5 with --arch.")
    arch: str | None = Field(
        None,
        description="Architecture of a weights-only .h5 file (see `snnctl archs list`).",
        json_schema_extra=of_kind("architectures"),
    )
    arch_opt: dict[str, Any] = Field(
        default_factory=dict,
        description="Option of the architecture, name=value.",
        json_schema_extra=options_of("arch"),
    )
    dtype: DType | None = Field(None, description="Precision; the model's own when not given.")
    allow_code: bool = Field(
        False, description="Run code that the model file holds (Lambda layers); only for files you trust."
    )


class OptimisationOptions(Options):
    """How a network is trained."""

    optimizer: Literal["adam", "sgd"] = Field("adam", description="Optimiser.")
    momentum: float = Field(0.0, ge=0, lt=1, description="Momentum of sgd.")
    lr_schedule: Literal["constant", "exponential"] = Field(
        "exponential", description="constant, or exponential: times 0.9 every 5,000 steps, as published."
    )
    windows: Literal["grow", "fixed"] = Field(
        "grow", description="Firing windows of a spiking network: grow with the activations, or stay fixed."
    )
    gamma: float = Field(
        10.0,
        ge=1,
        le=1e6,
        description="Growing windows reach at least gamma times the largest activation; the nearer to 1, the "
        "shorter the latency (finetune: 1.5).",
    )
    xla: Literal["auto", "on", "off"] = Field(
        "auto", description="Compile with XLA; auto: dense networks only (on CPU it slows convolutions)."
    )
    sparsity: float = Field(
        0.0,
        ge=0,
        le=1e6,
        description="Make spikes fewer: this times the mean local spike time (ReLU network: activation) of the hidden "
        "neurons is added to the loss.",
    )


class WatchedOptions(Options):
    """What is told of every step of a training."""

    callback: Chosen | None = chosen_field("callbacks", "Watch or steer the training: NAME, or NAME.OPTION=VALUE.")


MOST_BITS = 16  # as in snnctl.ttfs.constraints, which imports Keras
Bits = Annotated[int, Field(ge=0, le=MOST_BITS)]
NO_BITS = "--w-min and --w-max (w_min, w_max) are the range of rounded weights, and weights are not rounded"
BITS = "Add --weight-bits (weight_bits), from 1 to 16."
Weight = Annotated[float, Field(ge=-1e6, le=1e6)]


def require_range(w_min: float | None, w_max: float | None) -> None:
    """The ends of the range of rounded weights; None stands for each layer's own.

    Raises:
        PydanticCustomError: they are in the wrong order, or the same.
    """
    if w_min is not None and w_max is not None and w_min >= w_max:
        raise PydanticCustomError("range", f"w_min is {w_min!r} and w_max is {w_max!r}: w_min must be below w_max")


class ConstraintOptions(Options):
    """What hardware does to spike times, weights and thresholds; spiking networks only."""

    noise: float | None = Field(
        None, ge=0, le=1e6, description="Jitter of spike times: standard deviation in tau_c; 0: none."
    )
    time_bits: Bits | None = Field(
        None, description="Spike times are rounded to 2^bits levels of their window; 0: not rounded."
    )
    weight_bits: Bits | None = Field(
        None, description="Weights, the readout's too, are rounded to 2^bits levels; 0: not rounded."
    )
    threshold_bits: Bits | None = Field(
        None, description="Thresholds are rounded to 2^bits levels a layer; 0: not rounded."
    )
    w_min: Weight | None = Field(None, description="Smallest weight of weight_bits; each layer's own when not given.")
    w_max: Weight | None = Field(None, description="Largest weight of weight_bits; each layer's own when not given.")
    constraint: Chosen | None = chosen_field(
        "constraints", "Constraints by name: NAME, or NAME.OPTION=VALUE; none: without those that the network carries."
    )

    @model_validator(mode="after")
    def _range_of_weights(self) -> Self:
        require_range(self.w_min, self.w_max)
        return self


class HardwareOptions(ConstraintOptions):
    """What hardware does, and how long it takes; spiking networks only."""

    latency_quantile: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Calibrate the windows again, to this part of a layer's spikes; below 1: shorter latency, earlier "
        "ones saturate (in convert: quantile).",
    )
    zeta: float | None = Field(
        None,
        ge=0,
        le=1e3,
        description="Calibrate the windows again, with this margin beyond that, as a part of it (0.5 when only "
        "latency_quantile is given).",
    )


class TrainOptions(DataOptions, OptimisationOptions, WatchedOptions, HardwareOptions):
    """Train a ReLU or a spiking network from scratch."""

    arch: str = Field(
        description="Architecture, by name (see `snnctl archs list`).", json_schema_extra=of_kind("architectures")
    )
    arch_opt: dict[str, Any] = Field(
        default_factory=dict,
        description="Option of the architecture, name=value.",
        json_schema_extra=options_of("arch"),
    )
    type: Literal["relu", "snn"] = Field("relu", description="ReLU network or spiking network.")
    neuron: str = Field(
        "b1", description="Neuron model of a spiking network.", json_schema_extra=of_kind("neuron_models")
    )
    x_n: float = Field(1.0, gt=0, le=1e6, description="Largest activation that the first windows are made for.")
    zeta: float = Field(
        0.5,
        ge=0,
        le=1e3,
        description="Margin of the first windows beyond x_n, and of those of latency_quantile, as a part of them.",
    )
    latency_quantile: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Calibrate the windows after every epoch, to this part of a layer's spikes; from the second epoch "
        "on they are fixed while training. Below 1: shorter latency, earlier ones saturate (in convert: quantile).",
    )
    epochs: Annotated[int, Field(ge=0)] = Field(10, description="Passes over the training data.")
    lr: float = Field(5e-4, gt=0, le=1e4, description="Learning rate.")
    dtype: DType = Field("float32", description="Precision.")

    @model_validator(mode="after")
    def _of_spiking_networks(self) -> Self:
        asked = [name for name in HardwareOptions.model_fields if name != "zeta" and getattr(self, name) is not None]
        if asked and self.type == "relu":
            raise PydanticCustomError(
                "relu",
                f"a ReLU network is trained, and {asked[0]} is for spiking ones",
                {"todo": "Add --type snn (type: snn)."},
            )
        if not self.weight_bits and (self.w_min is not None or self.w_max is not None):
            raise PydanticCustomError("range", NO_BITS, {"todo": BITS})
        return self


class ConvertOptions(ModelSourceOptions):
    """Turn a trained ReLU network into a spiking network that computes the same."""

    quantile: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Part of a layer's spikes that its window holds; below 1: shorter latency, earlier ones saturate "
        "(in other commands: latency_quantile).",
    )
    zeta: float = Field(
        0.5, ge=0, le=1e3, description="Margin of the windows beyond that, as a part of them; smaller: shorter latency."
    )
    calibrate: SamplesPath | None = Field(
        None, description="Calibrate on an .npz or .npy file or a folder of images; no --data is needed then."
    )
    calibration_images: Positive = Field(
        10_000, description="Images the windows are calibrated on, at most, drawn at random (--limit cuts them too)."
    )
    input_range: InputRange | None = Field(
        None, description="Smallest and largest input P,Q that is coded; taken from the data when not given."
    )
    verify: Literal["full", "sample", "none"] | None = Field(
        None,
        description="Compare both networks on the test split or all of the file's samples (full, the default with "
        "--data), on 1,000 of them (sample, the default with --calibrate) or on none.",
    )
    require_agreement: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Fail with exit code 10 if fewer predictions than this part are those of the ReLU network; "
        "the spiking network is written all the same.",
    )


class FinetuneOptions(ModelSourceOptions, OptimisationOptions, WatchedOptions, HardwareOptions):
    """Train a converted or trained network further."""

    epochs: Annotated[int, Field(ge=0)] = Field(1, description="Passes over the training data.")
    lr: float = Field(1e-4, gt=0, le=1e4, description="Learning rate.")
    gamma: float = Field(
        1.5,
        ge=1,
        le=1e6,
        description="Growing windows reach at least gamma times the largest activation (1.5: the margin of conversion; "
        "published: 10, with that much more latency).",
    )


class EvalOptions(ModelSourceOptions, HardwareOptions):
    """Measure a network: accuracy, and for a spiking one spikes, latency and saturation."""

    split: Literal["test", "train"] = Field("test", description="Split to measure on.")
    simulator: Literal["tensorflow", "events"] = Field(
        "tensorflow",
        description="events: simulate a spiking network event by event too and compare the two, spike by spike; exit "
        "code 10 if they differ.",
    )
    ac_pj: float = Field(0.9, gt=0, le=1e9, description="Energy of an accumulate in pJ, for the estimate.")
    mac_pj: float = Field(4.6, gt=0, le=1e9, description="Energy of a multiply-accumulate in pJ, for the estimate.")
