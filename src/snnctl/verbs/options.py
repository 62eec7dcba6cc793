"""The options of every verb: one model each, from which flags, recipe keys and reference docs are read.

A field's name is its recipe key and, with dashes, its flag; its description is its help text.
No TensorFlow here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from snnctl.verbs.texts import read_path, read_range

DType = Literal["float32", "float64"]
Positive = Annotated[int, Field(gt=0)]
InputRange = Annotated[tuple[float, float], BeforeValidator(read_range)]
FilePath = Annotated[Path, BeforeValidator(read_path)]


class Options(BaseModel):
    """Base of all option models: unknown keys are refused, values are checked, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataOptions(Options):
    """Which samples are used and how they are preprocessed."""

    data: str | None = Field(None, description="Data set, by name (see `snnctl data list`).")
    data_dir: Path | None = Field(None, description="Folder in which data sets are looked for first.")
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
    arch: str | None = Field(None, description="Architecture of a weights-only .h5 file (see `snnctl archs list`).")
    arch_opt: dict[str, Any] = Field(default_factory=dict, description="Option of the architecture, name=value.")
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
        10.0, ge=1, le=1e6, description="Growing windows reach at least gamma times the largest activation."
    )
    xla: Literal["auto", "on", "off"] = Field(
        "auto", description="Compile with XLA; auto: dense networks only (on CPU it slows convolutions)."
    )


class TrainOptions(DataOptions, OptimisationOptions):
    """Train a ReLU or a spiking network from scratch."""

    arch: str = Field(description="Architecture, by name (see `snnctl archs list`).")
    arch_opt: dict[str, Any] = Field(default_factory=dict, description="Option of the architecture, name=value.")
    type: Literal["relu", "snn"] = Field("relu", description="ReLU network or spiking network.")
    neuron: Literal["b1", "alpha1", "smart-alpha1"] = Field("b1", description="Neuron model of a spiking network.")
    x_n: float = Field(1.0, gt=0, le=1e6, description="Largest activation that the first windows are made for.")
    zeta: float = Field(0.5, ge=0, le=1e3, description="Margin of the first windows beyond x_n, as a part of it.")
    epochs: Annotated[int, Field(ge=0)] = Field(10, description="Passes over the training data.")
    lr: float = Field(5e-4, gt=0, le=1e4, description="Learning rate.")
    dtype: DType = Field("float32", description="Precision.")


class ConvertOptions(ModelSourceOptions):
    """Turn a trained ReLU network into a spiking network that computes the same."""

    quantile: float = Field(
        1.0,
        gt=0,
        le=1,
        description="Part of a layer's spikes that its window holds; below 1: shorter latency, earlier ones saturate.",
    )
    zeta: float = Field(
        0.5, ge=0, le=1e3, description="Margin of the windows beyond that, as a part of them; smaller: shorter latency."
    )
    calibrate: FilePath | None = Field(
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


class FinetuneOptions(ModelSourceOptions, OptimisationOptions):
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


class EvalOptions(ModelSourceOptions):
    """Measure a network: accuracy, and for a spiking one spikes, latency and saturation."""

    split: Literal["test", "train"] = Field("test", description="Split to measure on.")
